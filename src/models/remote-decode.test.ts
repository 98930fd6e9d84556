import { expect, test } from 'vitest'
import { allModels } from './registry.ts'
import { remoteDecodeLine } from './remote-decode.ts'

const ENDPOINT = 'https://x:KEY@host/m'

test.each([
  ['sdxl', 'scaling_factor=0.13025'],
  ['flux', 'scaling_factor=0.3611, shift_factor=0.1159, height=1024, width=1024'],
  ['z-image', 'scaling_factor=0.3611, shift_factor=0.1159'],
  ['qwen-image', 'do_scaling=True, height=1024, width=1024'],
  ['hunyuan-video', 'scaling_factor=0.476986, output_type="mp4", return_type="mp4"'],
  ['ltx-video', 'do_scaling=True, output_type="mp4", return_type="mp4", height=512, width=704'],
  ['ltx-2', 'do_scaling=False, output_type="mp4", return_type="mp4"'],
])('%s is decoded by remote_decode with %s', (id, parameters) => {
  const model = allModels.find((model) => model.id === id)
  if (!model) throw new Error(`no model ${id}`)
  expect(remoteDecodeLine(model, ENDPOINT)).toBe(
    `remote_decode(endpoint="${ENDPOINT}", tensor=latent, ${parameters})`,
  )
})
