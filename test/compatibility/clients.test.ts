/**
 * Captured requests of every known client, replayed byte for byte but for the key, against a backend with the manners of
 * the Hugging Face toolkit.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, test } from 'vitest'
import { pictureFile, VIDEO_FILE } from '../support/answers.ts'
import { rawConnection } from '../support/client.ts'
import { stage } from '../support/stage.ts'
import { tensorOf, toolkit } from '../support/toolkit.ts'
import { type ClientRequest, clients, type Need } from './clients.ts'

const folder = fileURLToPath(new URL('captured', import.meta.url))
const page = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url))

const on = stage((url) => ({
  BACKENDS: [
    {
      id: 'endpoint',
      url,
      models: ['sd-v1', 'sdxl', 'flux', 'hunyuan-video'],
      kind: 'huggingface',
      operations: ['decode', 'encode'],
      slots: 4,
    },
  ],
}))
beforeEach(() => {
  on.backend.behaviour = toolkit
})

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** The captured bytes with a real key where they have `KEY`, and a name under which the log owes a line. */
function bytesOf(name: string): Buffer {
  const captured = readFileSync(`${folder}/${name}.http`)
  const end = captured.indexOf('\r\n\r\n')
  const id = randomUUID()
  on.gateway.owed.push(id)
  const credentials = Buffer.from(`x:${on.gateway.key}`).toString('base64')
  const head = captured
    .subarray(0, end)
    .toString('latin1')
    .replace('/k/KEY/', `/k/${on.gateway.key}/`)
    .replace('Basic eDpLRVk=', `Basic ${credentials}`)
  return Buffer.concat([Buffer.from(`${head}\r\nx-request-id: ${id}`, 'latin1'), captured.subarray(end)])
}

/** Sends a captured request and reads one answer, as long as it says it is. */
async function replay(name: string): Promise<Reply> {
  const socket = await rawConnection(on.gateway)
  socket.write(bytesOf(name))
  let received = Buffer.alloc(0)
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    received = Buffer.concat([received, chunk])
    const end = received.indexOf('\r\n\r\n')
    if (end < 0) continue
    const [line = '', ...fields] = received.subarray(0, end).toString('latin1').split('\r\n')
    const headers = Object.fromEntries(
      fields.map((field) => [
        field.slice(0, field.indexOf(':')).toLowerCase(),
        field.replace(/^[^:]*: ?/, ''),
      ]),
    )
    const body = received.subarray(end + 4)
    if (body.length < Number(headers['content-length'])) continue
    socket.destroy()
    return { status: Number(line.split(' ')[1]), headers, body }
  }
}

/** The latent as the backend got it. */
const sent = (): Buffer => on.backend.requests[0]?.body ?? Buffer.alloc(0)

function expectNeed(need: Need, { status, headers, body }: Reply): void {
  expect(status).toBe(200)
  if ('file' in need) {
    const { file } = need
    expect(headers['content-type']).toBe(file)
    const whole = file === 'text/plain' ? VIDEO_FILE : Buffer.from(pictureFile(64, 64, file))
    expect(body.equals(whole)).toBe(true)
  } else if ('sealed' in need) {
    expect(headers['content-type']).toBe('tensor/base64')
    const { inputs, parameters } = JSON.parse(body.toString()) as { inputs: string; parameters: object }
    expect(parameters).toEqual({ shape: need.sealed, dtype: need.dtype })
    const bytes = Buffer.from(inputs, 'base64')
    expect(bytes.equals(tensorOf(sent(), bytes.length))).toBe(true)
  } else {
    expect(headers['content-type']).toBe('tensor/binary')
    // Clients read the header as JSON, whose spaces mean nothing, and compare nothing.
    expect([headers.shape, headers.dtype]).toEqual([JSON.stringify(need.shape), need.dtype])
    const length = need.shape.reduce((product, side) => product * side, need.dtype === 'uint8' ? 1 : 2)
    expect(body.length).toBe(length)
    expect(body.equals(tensorOf(sent(), length))).toBe(true)
  }
}

/** What a backend was told of scaling, in the words of the protocol. */
const scalingSent = (): string =>
  [...(on.backend.requests[0]?.query ?? [])]
    .filter(([name]) => ['scaling_factor', 'shift_factor', 'do_scaling'].includes(name))
    .map((pair) => pair.join('='))
    .join('&')

describe.each(clients)('$client, $habit', ({ name, need, scaling, model, warning }: ClientRequest) => {
  test(`${name} gets what it needs`, async () => {
    const reply = await replay(name)
    expectNeed(need, reply)
    expect(reply.headers['x-vae-model']).toBe(model)
    expect(reply.headers['x-vae-warning']).toBe(warning)
    expect(scalingSent()).toBe(scaling ?? '')
    // A toolkit that did not like the request would have been asked twice.
    expect(on.backend.requests).toHaveLength(1)
  })
})

test('there is a captured request for each, and each is replayed', () => {
  const captured = globSync('*.http', { cwd: folder }).map((file) => file.replace('.http', ''))
  expect(captured.sort()).toEqual(clients.map(({ name }) => name).sort())
})

const INTRODUCTION = `# Compatibility

Every client that is known to speak the protocol of diffusers' \`remote_decode\`, with a request of its own: captured from
the library itself, or from Python that sends what the client's source sends (\`test/compatibility/capture.py\`).
\`clients.test.ts\` replays each byte for byte, but for the key, against a backend with the manners of the Hugging Face
toolkit: types matched letter by letter, 400 for everything. The test is named after the request.

Clients that are not in this table have no request that can be replayed: SD.Next's video models other than HunyuanVideo
send the same as \`sdnext-hunyuan\`. Unmodified diffusers also runs for real, against real weights, in
\`test/conformance/\`, and against the handler of \`backend/huggingface\` under the toolkit's manners in Python. One habit fails
there, as it does without a gateway: a picture by \`output_type="pil"\` with a processor, since the toolkit can write a picture
only as a picture. It is told \`rejected-by-backend\`; \`output_type="pt"\` is the same picture.

Of a batch, tensors keep every latent (\`diffusers-batch\`, \`sdnext-flux-packed\`); they may have been decoded on several backends
at once, which shows in \`x-vae-backend\` alone. A JPEG, a PNG, an MP4, and a video as frames (\`output_type=pil\`, or \`pt\` with
\`partial_postprocess\`) hold one, so they are of the first (\`diffusers-batch-jpg\`), as today's backends answer: the others are read
and looked into, but neither decoded nor counted as megapixels.
`

function answerOf(need: Need): string {
  if ('file' in need) return `\`${need.file}\``
  if ('sealed' in need) return `\`tensor/base64\`, ${need.dtype} [${need.sealed.join(', ')}]`
  return `${need.dtype} [${need.shape.join(', ')}]`
}

test('docs/compatibility.md is the table of clients', async () => {
  const lines = clients.map(({ name, client, version, habit, need, scaling, warning }) => {
    const answer = `${answerOf(need)}${warning === undefined ? '' : `, warned: \`${warning.split(';')[0]}\``}`
    const file = `[${name}](../test/compatibility/captured/${name}.http)`
    return `| ${client} | ${version} | ${habit} | ${scaling === undefined ? '' : `\`${scaling}\``} | ${answer} | ${file} |`
  })
  const head =
    '| client | version | habit | scaling | answer | request and test |\n| --- | --- | --- | --- | --- | --- |'
  await expect(`${[INTRODUCTION, head].join('\n')}\n${lines.join('\n')}\n`).toMatchFileSnapshot(page)
})
