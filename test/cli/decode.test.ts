/** `decode` against a real gateway, and against what only looks like one. */
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode as decodePng } from 'fast-png'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { isComplete, sniff } from '../../src/wire/file-magic.ts'
import { head } from '../support/behaviours.ts'
import { runCommand, startCommand } from '../support/command.ts'
import { type Behaviour, startFakeBackend } from '../support/fake-backend.ts'
import { folderWith } from '../support/folder.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({
    BACKENDS: [{ id: 'preview', kind: 'preview', models: ['*'], slots: 2 }],
  })
})
afterAll(() => gateway.stop())

const ASTRONAUT = join(import.meta.dirname, '../../samples/sd-v1.astronaut.1x4x64x64.f16.bin')
const RAW = ['--shape', '1,4,64,64', '--dtype', 'float16', '--model', 'sd-v1']

const access = (): Record<string, string> => ({ VAE_GATEWAY_URL: gateway.url, VAE_GATEWAY_KEY: gateway.key })

/** A safetensors file with one tensor. */
function safetensors(shape: readonly number[], bytes: Uint8Array): Buffer {
  const header = JSON.stringify({ latent: { dtype: 'F16', shape, data_offsets: [0, bytes.length] } })
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, Buffer.from(header), bytes])
}

test('a raw latent becomes the picture that it is of, and says what made it', async () => {
  const folder = folderWith()
  const output = join(folder, 'astronaut.png')
  const ended = await runCommand(['decode', ASTRONAUT, ...RAW, '--output', output], { env: access() })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  expect(ended.stdout).toMatch(
    /astronaut\.png: [0-9]+ KB, an approximate preview, by sd-v1 on preview in [0-9.]+ s\n$/,
  )
  const { width, height } = decodePng(readFileSync(output))
  expect([width, height]).toEqual([512, 512])
  expect(readdirSync(folder)).toEqual(['astronaut.png'])
})

test('a safetensors file needs no shape, and --json says all there is to know', async () => {
  const folder = folderWith()
  const file = join(folder, 'clip.safetensors')
  const latent = new Float16Array(16 * 3 * 8 * 8).map((_, index) => Math.sin(index / 99))
  writeFileSync(file, safetensors([1, 16, 3, 8, 8], new Uint8Array(latent.buffer)))
  const { code, stdout } = await runCommand(['decode', file, '--model', 'wan-2.1', '--json'], {
    env: access(),
  })
  expect(code).toBe(0)
  const output = join(folder, 'clip.mp4')
  const video = readFileSync(output)
  expect([sniff(video), isComplete(video)]).toEqual(['video/mp4', true])
  expect(JSON.parse(stdout)).toMatchObject({
    output,
    bytes: video.length,
    model: 'wan-2.1',
    backend: 'preview',
    attempts: 1,
    quality: 'preview',
    mediaType: 'video/mp4',
  })
})

test('a file that is there already is replaced only when that is asked for', async () => {
  const folder = folderWith({ 'kept.jpg': 'mine' })
  const args = ['decode', ASTRONAUT, ...RAW, '--output', join(folder, 'kept.jpg')]
  expect(await runCommand(args, { env: access() })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--force'),
  })
  expect(readFileSync(join(folder, 'kept.jpg'), 'utf8')).toBe('mine')
  expect(await runCommand([...args, '--force'], { env: access() })).toMatchObject({ code: 0 })
  expect(sniff(readFileSync(join(folder, 'kept.jpg')))).toBe('image/jpeg')
})

test('a refusal is told with its code and what was expected, and leaves nothing behind', async () => {
  const folder = folderWith()
  const args = ['decode', ASTRONAUT, ...RAW.with(-1, 'flux'), '--output', join(folder, 'x.png')]
  const ended = await runCommand(args, { env: access() })
  expect(ended).toMatchObject({ code: 1, stdout: '' })
  expect(ended.stderr).toMatch(
    /^unsupported-shape: flux: expected a latent of shape .* \(request [\w-]+\)\n$/,
  )
  const json = await runCommand([...args, '--json'], { env: { ...access(), VAE_GATEWAY_KEY: 'vg_wrong' } })
  expect(JSON.parse(json.stderr)).toMatchObject({ status: 401, code: 'unauthorized' })
  expect(readdirSync(folder)).toEqual([])
})

test.each([
  ['a file that is not there', ['nowhere.npy'], 1, /nowhere\.npy: expected a file that is there/],
  ['a raw file without a shape', [ASTRONAUT], 1, /expected --shape and --dtype/],
  ['a shape that is none', [ASTRONAUT, '--shape', '4,x'], 2, /Expected whole numbers, as in 1,4,64,64/],
  ['an output of no kind', [ASTRONAUT, ...RAW, '--output', 'x.gif'], 2, /a name that ends with \.png/],
  ['a height alone', [ASTRONAUT, ...RAW, '--height', '8'], 2, /Expected --height and --width/],
])('%s is refused before anything is sent', async (_, args, code, says) => {
  const before = gateway.log.length
  const ended = await runCommand(['decode', ...args], { env: access() })
  expect(ended).toMatchObject({ code, stderr: expect.stringMatching(says) })
  expect(gateway.log.length).toBe(before)
})

/** What only half looks like a gateway. */
async function runAgainst(behaviour: Behaviour, folder: string) {
  const server = await startFakeBackend(behaviour)
  onTestFinished(() => server.stop())
  const output = join(folder, 'x.png')
  const env = { VAE_GATEWAY_URL: server.url, VAE_GATEWAY_KEY: 'k' }
  return { server, args: ['decode', ASTRONAUT, ...RAW, '--output', output], env }
}

const PNG_HEAD = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

test.each<[string, Behaviour, RegExp]>([
  [
    'breaks off',
    (socket) => {
      socket.write(head({ headers: { 'content-type': 'image/png', 'content-length': 99_999 } }))
      socket.write(PNG_HEAD, () => socket.end())
    },
    /The answer broke off: .*Nothing was written/,
  ],
  [
    'ends early without having said its length',
    (socket) => {
      socket.write(head({ headers: { 'content-type': 'image/png', connection: 'close' } }))
      socket.end(PNG_HEAD)
    },
    /no whole picture or video. Nothing was written/,
  ],
  [
    'is no gateway’s',
    (socket) =>
      void socket.write(`${head({ status: '502 Bad Gateway', headers: { 'content-length': 5 } })}<htm>`),
    /Something answered 502 that is no gateway/,
  ],
])('an answer that %s fails and leaves no file', async (_, behaviour, says) => {
  const folder = folderWith()
  const { args, env } = await runAgainst(behaviour, folder)
  expect(await runCommand(args, { env })).toMatchObject({ code: 1, stderr: expect.stringMatching(says) })
  expect(readdirSync(folder)).toEqual([])
})

test('Ctrl-C in the middle of an answer leaves no file', async () => {
  const folder = folderWith()
  const { args, env, server } = await runAgainst((socket) => {
    socket.write(head({ headers: { 'content-type': 'image/png', 'content-length': 99_999 } }))
    socket.write(PNG_HEAD)
  }, folder)
  const child = startCommand(args, { env })
  await expect
    .poll(() => readdirSync(folder), { timeout: 20_000 })
    .toEqual([expect.stringMatching(/\.part$/)])
  child.kill('SIGINT')
  expect(await once(child, 'close')).toEqual([1, null])
  expect(readdirSync(folder)).toEqual([])
  expect(server.requests).toHaveLength(1)
})
