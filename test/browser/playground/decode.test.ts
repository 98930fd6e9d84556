/** Latents in, pictures and videos out, and what is shown beside them. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { writeSafetensors } from '../../../src/client/index.ts'
import { answerOn, PREVIEW, playground } from '../support/playground.ts'
import { choose, drop, file, isDrawn, npyFile, press, sample, sidesOf } from '../support/table.ts'

const ASTRONAUT = readFileSync('samples/sd-v1.astronaut.1x4x64x64.f16.bin')
const SAFETENSORS = writeSafetensors({
  shape: [1, 4, 64, 64],
  dtype: 'float16',
  data: new Uint8Array(ASTRONAUT),
})

const on = playground(() => [PREVIEW])

describe('a sample', () => {
  test.each([
    ['Astronaut', 512, 512],
    ['Chelsea', 448, 320],
    ['Coffee', 768, 512],
  ])('%s shows itself before it is sent, and is decoded', async (title, width, height) => {
    await on.use(async (page) => {
      let decodes = 0
      page.on('request', (request) => {
        if (request.url().includes('/v1/decode')) decodes++
      })
      await sample(page, title)
      const preview = page.getByRole('img', { name: 'What the latent shows by itself' })
      await expect.poll(() => isDrawn(preview)).toBe(true)
      expect(decodes).toBe(0)
      await press(page, 'Decode')
      expect(await sidesOf(answerOn(page).locator('img'))).toEqual([width, height])
      await page.getByText(`${width} × ${height}`, { exact: true }).waitFor()
      expect(decodes).toBe(1)
      expect(await page.locator('.facts').textContent()).toMatch(/Size[\d.]+ KBBackendpreviewRequest/)
      const spans = await page.locator('.legend li').allTextContents()
      expect(spans.map((text) => text.split(' ')[0])).toEqual(
        expect.arrayContaining(['backend', 'elsewhere']),
      )
    })
  })

  test('of a clip becomes a video that plays, of which each latent frame can be looked at', async () => {
    await on.use(async (page) => {
      await sample(page, 'Clip')
      const preview = page.getByRole('img', { name: 'What the latent shows by itself' })
      const shown = () =>
        preview.evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL())
      await expect.poll(() => isDrawn(preview)).toBe(true)
      const first = await shown()
      await page.getByLabel('Latent frame 1 of 5').fill('4')
      await expect.poll(shown).not.toBe(first)
      await press(page, 'Decode')
      const at = () =>
        page
          .locator('video')
          .evaluate((element) => (element as unknown as { currentTime: number }).currentTime)
      await expect.poll(at, { timeout: 20_000 }).toBeGreaterThan(0.2)
      await page.getByText(/^512 × 320, [\d.]+ s$/).waitFor()
    })
  })
})

describe('a file', () => {
  test.each([
    ['.safetensors', 'latent.safetensors', SAFETENSORS],
    ['.npy', 'latent.npy', npyFile([1, 4, 64, 64], ASTRONAUT)],
  ])('%s is read by what is in it, and its model inferred', async (_, name, bytes) => {
    await on.use(async (page) => {
      await choose(page, file(name, bytes))
      await page.getByText('[1, 4, 64, 64] float16').waitFor()
      expect(await page.locator('#expects').textContent()).toMatch(
        /^Inferred from the shape\. Expects .*4.*Other models make this shape too: check\.$/,
      )
      await press(page, 'Decode')
      expect(await sidesOf(answerOn(page).locator('img'))).toEqual([512, 512])
    })
  })

  test('that is dropped anywhere on the page is taken, and so is one that is pasted', async () => {
    await on.use(async (page) => {
      await drop(page, '.masthead', 'dragover', file('latent.npy', SAFETENSORS))
      await page.locator('.drop.over').waitFor()
      await drop(page, '.masthead', 'drop', file('latent.npy', SAFETENSORS))
      await page.getByText('[1, 4, 64, 64] float16').waitFor()
      expect(await page.locator('.drop.over').count()).toBe(0)
      expect(new URL(page.url()).pathname).toBe('/')
      await drop(page, 'body', 'paste', file('pasted.npy', npyFile([1, 4, 8, 8])))
      await page.getByRole('button', { name: 'pasted.npy, ready' }).waitFor()
    })
  })

  test('of raw bytes needs a shape; once it has one it is decoded', async () => {
    await on.use(async (page) => {
      await choose(page, file('latent.bin', ASTRONAUT))
      await page.getByLabel('Shape').fill('1, 4, 64, 63')
      await press(page, 'Read')
      await page.getByText('Expected 32256 bytes for [1,4,64,63] of float16, not 32768.').waitFor()
      await page.getByLabel('Shape').fill('1, 4, 64, 64')
      await press(page, 'Read')
      await page.getByRole('combobox', { name: 'Model' }).selectOption('sd-v1')
      await press(page, 'Decode')
      expect(await sidesOf(answerOn(page).locator('img'))).toEqual([512, 512])
    })
  })

  test('that ComfyUI saved is in the VAE’s own space, and is sent as that', async () => {
    const numbers = new TextEncoder().encode(
      JSON.stringify({
        latent_format_version_0: { dtype: 'F32', shape: [0], data_offsets: [0, 0] },
        latent_tensor: { dtype: 'F16', shape: [1, 4, 64, 64], data_offsets: [0, ASTRONAUT.length] },
      }),
    )
    const length = Buffer.alloc(8)
    length.writeUInt32LE(numbers.length)
    await on.use(async (page) => {
      await choose(page, file('ComfyUI_00001_.latent', Buffer.concat([length, numbers, ASTRONAUT])))
      const asked = page.waitForRequest('**/v1/decode/**')
      await press(page, 'Decode')
      expect(new URL((await asked).url()).searchParams.get('do_scaling')).toBe('False')
      await answerOn(page).locator('img').waitFor()
      expect(await page.locator('.snippets code').textContent()).toContain(
        'load_file("ComfyUI_00001_.latent")["latent_tensor"]',
      )
    })
  })
})

test('models of the gateway are listed, each with what it takes', async () => {
  const answer = await fetch(`${on.gateway.url}/v1/models`)
  const { models } = (await answer.json()) as { models: { served: boolean }[] }
  const served = models.filter((model) => model.served).length
  await on.use(async (page) => {
    await page.getByText(`${served} models of this gateway`).click()
    expect(await page.locator('#models tbody tr').count()).toBe(served)
  })
})

test('size is asked for where the latent does not say it, and a wrong one is not sent', async () => {
  await on.use(async (page) => {
    await sample(page, 'Coffee')
    await page.getByLabel('Width').fill('512')
    expect(await page.getByRole('button', { name: 'Decode', exact: true }).isDisabled()).toBe(true)
    await page.getByLabel('Height').fill('768')
    await press(page, 'Decode')
    expect(await sidesOf(answerOn(page).locator('img'))).toEqual([512, 768])
  })
})

test('a latent that looks wrong is warned of in the words of the gateway, with its numbers', async () => {
  await on.use(async (page) => {
    await choose(page, file('zeros.npy', npyFile([1, 4, 16, 16])))
    await press(page, 'Decode')
    const warning = page.locator('.notice.warn')
    await warning.getByRole('heading', { name: 'All zero' }).waitFor()
    expect(await warning.getByRole('link').getAttribute('href')).toBe('/warnings/latent-all-zero')
    await choose(page, file('twice.npy', npyFile([1, 4, 64, 64], scaled(ASTRONAUT, 5))))
    await press(page, 'Decode')
    await warning.getByText(/std [\d.]+, expected/).waitFor()
  })
})

/** A latent whose numbers are so many times as large. */
function scaled(latent: Uint8Array, by: number): Uint8Array {
  const numbers = new Float16Array(new Uint8Array(latent).buffer)
  return new Uint8Array(numbers.map((value) => value * by).buffer)
}
