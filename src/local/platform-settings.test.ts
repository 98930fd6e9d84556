import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectDir } from './installation.ts'
import { findPlatformProblems, OLDEST_COMPATIBILITY_DATE, REQUIRED_OBJECTS } from './platform-settings.ts'
import { readSettingsFile } from './settings-file.ts'

const { root } = readSettingsFile(join(projectDir, 'wrangler.toml'))

test('asks for all objects that the project binds, and for no other', () => {
  const { bindings } = root.durable_objects as { bindings: { name: string; class_name: string }[] }
  expect(Object.fromEntries(bindings.map(({ name, class_name }) => [name, class_name]))).toEqual(
    REQUIRED_OBJECTS,
  )
})

test('asks for the platform that the project is tested with', () => {
  expect(root.compatibility_date).toBe(OLDEST_COMPATIBILITY_DATE)
})

test('takes objects that were declared by migrations, the older way', () => {
  const { exports: _, ...rest } = root
  const migrations = [{ tag: 'v1', new_sqlite_classes: Object.values(REQUIRED_OBJECTS) }]
  expect(findPlatformProblems({ ...rest, migrations })).toEqual([])
  expect(findPlatformProblems(rest)).toHaveLength(Object.keys(REQUIRED_OBJECTS).length)
})

test('does without pages and without logs', () => {
  const { assets: _, observability: __, ...rest } = root
  expect(findPlatformProblems(rest)).toEqual([])
})

test.each([[{}], [{ durable_objects: 1, exports: [], migrations: 'x', compatibility_flags: {}, assets: 1 }]])(
  'finds what is missing in %j, whatever is there instead',
  (odd) => {
    const fields = findPlatformProblems(odd).map(({ path }) => path[0])
    expect(fields).toEqual(
      expect.arrayContaining([
        'name',
        'main',
        'compatibility_date',
        'compatibility_flags',
        'durable_objects',
        'exports',
      ]),
    )
  },
)
