import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { memoryDatabase } from '../../test/support/database.ts'
import { keyRecord } from '../../test/support/key-record.ts'
import { seeded } from '../../test/support/seeded.ts'
import type { KeyRecord } from '../limits/protocol.ts'
import { formatCursor, parseCursor } from './cursor.ts'
import { KeyDirectory } from './directory.ts'
import type { PagePosition } from './protocol.ts'

const idOf = (number: number): string => number.toString(16).padStart(16, '0')

/** Every page of so many keys, over cursors as clients hand them back. */
function pagesOf(directory: KeyDirectory, limit: number): (readonly KeyRecord[])[] {
  const pages: (readonly KeyRecord[])[] = []
  let after: PagePosition | null | undefined = null
  do {
    const page = directory.page(limit, after)
    pages.push(page.records)
    if (page.next === null) return pages
    after = parseCursor(formatCursor(page.next))
  } while (after && pages.length < 1_000)
  throw new Error('The pages do not end.')
}

describe('the directory of keys', () => {
  test('gives back what was entered, in another life of its object too', () => {
    const sql = memoryDatabase()
    const plain = keyRecord({ id: idOf(1), createdAt: 2 })
    const special = keyRecord({
      id: idOf(2),
      createdAt: 1,
      name: "O'Hara; DROP TABLE keys",
      models: ['sdxl', 'flux'],
      overrides: { requestsPerMinute: 7, concurrency: null },
      expiryDay: 21_000,
      revokedAt: 1_700_000_000_000,
      rotatedTo: idOf(1),
    })
    const directory = new KeyDirectory(sql)
    directory.enter(plain)
    directory.enter(special)
    expect(new KeyDirectory(sql).page(10, null)).toEqual({ records: [plain, special], next: null })
  })

  test('has one entry for each key, the latest that was made', () => {
    const directory = new KeyDirectory(memoryDatabase())
    directory.enter(keyRecord())
    const revoked = keyRecord({ revokedAt: 5, isRevoked: true })
    directory.enter(revoked)
    expect(directory.page(10, null).records).toEqual([revoked])
  })

  test('FA7, T3: keeps a revocation, whatever is entered after it, and knows those of the release before', () => {
    const sql = memoryDatabase()
    const directory = new KeyDirectory(sql)
    directory.enter(keyRecord({ revokedAt: 5, isRevoked: true }))
    directory.enter(keyRecord({ revokedAt: 9_000_000, rotatedTo: idOf(3) }))
    expect(directory.find(keyRecord().id)).toMatchObject({ isRevoked: true, rotatedTo: idOf(3) })
    directory.enter(keyRecord({ id: idOf(4), revokedAt: 9_000_000 }))
    expect(new KeyDirectory(sql).find(idOf(4))).toMatchObject({ isRevoked: true })
    expect(directory.find(idOf(5))).toBeNull()
  })

  test('shows each key once over its pages, the latest first, however many are as old', () => {
    const ages = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 })
    fc.assert(
      fc.property(ages, fc.integer({ min: 1, max: 12 }), (ages, limit) => {
        const records = ages.map((age, index) => keyRecord({ id: idOf(index), createdAt: 1_000_000 - age }))
        const directory = new KeyDirectory(memoryDatabase())
        for (const record of records) directory.enter(record)
        const pages = pagesOf(directory, limit)
        const latestFirst = records.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
        expect(pages.flat()).toEqual(latestFirst)
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true)
        if (records.length > 0) expect(pages.at(-1)).not.toEqual([])
      }),
      seeded,
    )
  })
})

test.each(['', '-', 'x', 'lfl-1', '-0123456789abcdef', 'LFL-0123456789abcdef', 'a-0123456789ABCDEF'])(
  'a text that is no cursor, such as %j, is none',
  (text) => {
    expect(parseCursor(text)).toBeUndefined()
  },
)
