/** What the page gives to be copied does what the page does: it is run, on the files that it names. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeSafetensors } from '../../../src/client/index.ts'
import { isComplete, sniff } from '../../../src/wire/file-magic.ts'
import { pictureFile, serveTensor } from '../../support/answers.ts'
import { installClient, type Project } from '../../support/client-package.ts'
import { startFakeBackend } from '../../support/fake-backend.ts'
import { PREVIEW, playground } from '../support/playground.ts'
import { choose, file, npyFile, press, sample } from '../support/table.ts'

const run = promisify(execFile)
const sampleFile = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(`samples/${name}`))
const ASTRONAUT = sampleFile('sd-v1.astronaut.1x4x64x64.f16.bin')

const encoder = await startFakeBackend(serveTensor([1, 4, 64, 64], 'float16', ASTRONAUT))
let project: Project
beforeAll(async () => {
  project = await installClient()
})
afterAll(async () => {
  project?.remove()
  await encoder.stop()
})

const on = playground(() => [
  PREVIEW,
  { id: 'encoder', url: encoder.url, models: ['sd-v1'], operations: ['encode'] },
])

const codeOn = async (page: Page, language: string): Promise<string> => {
  await press(page, language)
  return (await page.locator('.snippets code').textContent()) ?? ''
}

/** Runs a program of the page in a folder with the file it names; gives what it wrote. */
async function runs(page: Page, language: 'curl' | 'TypeScript', output: string): Promise<Buffer> {
  const code = (await codeOn(page, language)).replaceAll('KEY', on.gateway.key)
  const cwd = project.folder
  if (language === 'curl') await run('bash', ['-e', '-o', 'pipefail', '-c', code], { cwd })
  else await run(process.execPath, ['--input-type=module', '-e', code], { cwd })
  return readFileSync(join(cwd, output))
}

const SAMPLES = [
  ['Astronaut', 'sd-v1.astronaut.1x4x64x64.f16.bin', 'picture.png', 'image/png'],
  ['Coffee', 'flux-packed.coffee.1x1536x64.f16.bin', 'picture.png', 'image/png'],
  ['Clip', 'wan-2.1.clip.1x16x5x40x64.f16.bin', 'video.mp4', 'video/mp4'],
] as const

describe.each(['curl', 'TypeScript'] as const)('in %s', (language) => {
  test.each(SAMPLES)('sample %s becomes what it becomes on the page', async (title, name, output, type) => {
    writeFileSync(join(project.folder, name), sampleFile(name))
    await on.use(async (page) => {
      await sample(page, title)
      const written = await runs(page, language, output)
      expect([sniff(written), isComplete(written)]).toEqual([type, true])
      const answer = page.waitForResponse('**/v1/decode/**')
      await press(page, 'Decode')
      const shown = await (await answer).body()
      expect(written.length).toBe(shown.length)
      // A video says when it was made.
      expect(written.filter((byte, index) => byte !== shown[index]).length).toBeLessThan(40)
    })
  })

  test.each([
    ['latent.safetensors', writeSafetensors({ shape: [1, 4, 64, 64], dtype: 'float16', data: ASTRONAUT })],
    ["a latent's.npy", npyFile([1, 4, 64, 64], ASTRONAUT)],
  ])('%s is read as what it is', async (name, bytes) => {
    writeFileSync(join(project.folder, name), bytes)
    await on.use(async (page) => {
      await choose(page, file(name, bytes))
      await page.getByRole('combobox', { name: 'Model' }).selectOption('sd-v1')
      await page.getByLabel('JPEG').check()
      const written = await runs(page, language, 'picture.jpg')
      expect([sniff(written), isComplete(written)]).toEqual(['image/jpeg', true])
    })
  })

  test('a picture becomes a latent', async () => {
    const photo = pictureFile(512, 512, 'image/png')
    writeFileSync(join(project.folder, 'photo.png'), photo)
    await on.use(async (page) => {
      await choose(page, file('photo.png', photo))
      const output = language === 'curl' ? 'latent.bin' : 'latent.safetensors'
      const written = await runs(page, language, output)
      expect(written.subarray(-ASTRONAUT.length).equals(ASTRONAUT)).toBe(true)
    })
  })
})

test('in Python it is diffusers that is called, with what was chosen and without the key', async () => {
  await on.use(async (page) => {
    await sample(page, 'Coffee')
    const { host } = new URL(on.gateway.url)
    expect(await codeOn(page, 'Python')).toBe(
      [
        'import torch',
        'from diffusers.utils.remote_utils import remote_decode',
        '',
        'latent = torch.frombuffer(',
        '    bytearray(open("flux-packed.coffee.1x1536x64.f16.bin", "rb").read()), dtype=torch.float16',
        ').reshape(1, 1536, 64)',
        'answer = remote_decode(',
        `    endpoint="http://x:KEY@${host}/flux",`,
        '    tensor=latent,',
        '    scaling_factor=0.3611,',
        '    shift_factor=0.1159,',
        '    height=512,',
        '    width=768,',
        '    output_type="pil",',
        '    image_format="png",',
        ')',
        'answer.save("picture.png")',
      ].join('\n'),
    )
    for (const language of ['Python', 'curl', 'TypeScript'])
      expect(await codeOn(page, language)).not.toContain(on.gateway.key)
  })
})
