/** Pictures in, latents out: by an encoder that gives the latent of a picture of an astronaut, whatever it is sent. */
import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { pictureFile, serveTensor } from '../../support/answers.ts'
import { startFakeBackend } from '../../support/fake-backend.ts'
import { answerOn, PREVIEW, playground } from '../support/playground.ts'
import { choose, file, isDrawn, press, sidesOf } from '../support/table.ts'

const ASTRONAUT = readFileSync('samples/sd-v1.astronaut.1x4x64x64.f16.bin')

const encoder = await startFakeBackend(serveTensor([1, 4, 64, 64], 'float16', ASTRONAUT))
afterAll(() => encoder.stop())

const on = playground(() => [
  PREVIEW,
  { id: 'encoder', url: encoder.url, models: ['sd-v1'], operations: ['encode'] },
])

test('a picture becomes a latent, which can be saved and decoded again', async () => {
  const photo = Buffer.from(pictureFile(512, 512, 'image/png'))
  await on.use(async (page) => {
    await choose(page, file('photo.png', photo))
    const asked = page.waitForRequest('**/v1/encode/**')
    await press(page, 'Encode')
    expect(new URL((await asked).url()).search).toBe('?do_scaling=True')
    await page.getByText('[1, 4, 64, 64] float16').waitFor()
    const { query, body } = encoder.requests.at(-1) ?? {}
    expect([query?.get('scaling_factor'), body?.equals(photo)]).toEqual(['0.18215', true])
    expect(await isDrawn(answerOn(page).locator('canvas'))).toBe(true)
    const saved = page.waitForEvent('download')
    await press(page, '.safetensors')
    const download = await saved
    expect(download.suggestedFilename()).toBe('photo.safetensors')
    const bytes = readFileSync(await download.path())
    expect(bytes.subarray(8).toString('latin1')).toMatch(
      /^\{"latent_tensor":\{"dtype":"F16","shape":\[1,4,64,64\]/,
    )
    expect(bytes.subarray(-ASTRONAUT.length).equals(ASTRONAUT)).toBe(true)
    await press(page, 'Decode it again')
    await press(page, 'Decode')
    expect(await sidesOf(answerOn(page).locator('img'))).toEqual([512, 512])
  })
})

test('a picture can be left in the VAE’s own space, and where nobody encodes it that is said', async () => {
  await on.use(async (page) => {
    await choose(page, file('photo.jpg', pictureFile(512, 512, 'image/jpeg')))
    await page.getByLabel('The latent shall be').selectOption('none')
    const asked = page.waitForRequest('**/v1/encode/**')
    await press(page, 'Encode')
    expect(new URL((await asked).url()).search).toBe('?do_scaling=False')
    await page.getByText('[1, 4, 64, 64] float16').waitFor()
    await page.route('**/v1/models', async (route) => {
      const { models } = (await (await route.fetch()).json()) as { models: object[] }
      await route.fulfill({ json: { models: models.map((model) => ({ ...model, operations: ['decode'] })) } })
    })
    await page.reload()
    await choose(page, file('photo.jpg', pictureFile(512, 512, 'image/jpeg')))
    await page.getByText('No backend of this gateway encodes pictures.').waitFor()
    expect(await page.getByRole('button', { name: 'Encode', exact: true }).isDisabled()).toBe(true)
  })
})
