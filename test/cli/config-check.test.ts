/** `config check` as an operator runs it, with backends that are wrong in every way it tells apart. */
import { join } from 'node:path'
import { encode as encodeJpeg } from 'jpeg-js'
import { expect, onTestFinished, test } from 'vitest'
import { answer, head } from '../support/behaviours.ts'
import { runCommand } from '../support/command.ts'
import { type Behaviour, startFakeBackend } from '../support/fake-backend.ts'
import { folderWith } from '../support/folder.ts'

/** A picture of one grey. */
function jpeg(side: number, grey: number): Buffer {
  const data = Buffer.alloc(side * side * 4, grey)
  return Buffer.from(encodeJpeg({ width: side, height: side, data }, 90).data)
}

const answerPicture =
  (body: Buffer, type = 'image/jpeg', cut = 0): Behaviour =>
  (socket) => {
    const sent = body.subarray(0, body.length - cut)
    socket.write(head({ headers: { 'content-type': type, 'content-length': sent.length } }))
    socket.write(sent)
  }

const good = answerPicture(jpeg(64, 128))

/** Answers those alone who show the token. */
const guarded: Behaviour = (socket, request) =>
  request.headers.authorization === 'Bearer right'
    ? good(socket, request)
    : answer('401 Unauthorized', '{}')(socket, request)

const tensor =
  (shape: readonly number[], fill: number): Behaviour =>
  (socket) => {
    const values = new Float16Array(shape.reduce((product, size) => product * size, 1)).fill(fill)
    const body = Buffer.from(values.buffer)
    const headers = { 'content-type': 'tensor/binary', shape: JSON.stringify(shape), dtype: 'float16' }
    socket.write(head({ headers: { ...headers, 'content-length': body.length } }))
    socket.write(body)
  }

/** Nobody listens there, and fetch does not refuse the port by itself. */
const REFUSING = 'http://127.0.0.1:2/'

interface Case {
  readonly id: string
  readonly behaviour: Behaviour
  readonly settings?: string
  readonly says: RegExp
}

const CASES: readonly Case[] = [
  { id: 'good', behaviour: good, says: /decodes 64 pixels correctly in [0-9]+ ms/ },
  { id: 'token', behaviour: guarded, settings: 'tokenSecret = "RIGHT"', says: /decodes 64 pixels correctly/ },
  {
    id: 'no-token',
    behaviour: guarded,
    says: /wants a token \(401\) and has none: name its secret in tokenSecret/,
  },
  {
    id: 'bad-token',
    behaviour: guarded,
    settings: 'tokenSecret = "WRONG"',
    says: /refuses its token \(401\)/,
  },
  { id: 'bad-path', behaviour: answer('404 Not Found', 'no'), says: /takes no decodes at its url \(404\)/ },
  {
    id: 'moved',
    behaviour: answer('307 Temporary Redirect', '', { location: 'https://elsewhere.example/' }),
    says: /leads elsewhere \(307 to https:\/\/elsewhere\.example\/\)/,
  },
  {
    id: 'page',
    behaviour: answerPicture(Buffer.from('<html>'), 'text/html'),
    says: /a web page: is this the URL/,
  },
  {
    id: 'size',
    behaviour: answerPicture(jpeg(128, 128)),
    says: /answers 128x128 pixels where 64x64 were asked for/,
  },
  {
    id: 'format',
    behaviour: answerPicture(jpeg(64, 128), 'image/png'),
    says: /image\/png with headers that do not fit/,
  },
  { id: 'cut', behaviour: answerPicture(jpeg(64, 128), 'image/jpeg', 9), says: /its answer breaks off/ },
  { id: 'black', behaviour: answerPicture(jpeg(64, 0)), says: /a black picture where a grey one was due/ },
  {
    id: 'memory',
    behaviour: answer('400 Bad Request', '{"error":"CUDA out of memory"}'),
    says: /ran out of memory/,
  },
  {
    id: 'model',
    behaviour: answer('400 Bad Request', '{"error":"?"}'),
    says: /refuses the decode \(400\): does it have/,
  },
  { id: 'broken', behaviour: answer('500 Internal Server Error', '?'), says: /it failed \(500\)/ },
  { id: 'busy', behaviour: answer('503 Service Unavailable', '?'), says: /it is busy \(503\)/ },
  {
    id: 'video',
    behaviour: tensor([1, 3, 1, 64, 64], 0.5),
    settings: 'models = ["hunyuan-video"]',
    says: /hunyuan-video\): decodes 64 pixels correctly/,
  },
  {
    id: 'frames',
    behaviour: tensor([1, 3, 4, 64, 64], 0.5),
    settings: 'models = ["hunyuan-video"]',
    says: /the shape \[1,3,4,64,64\] where \[1,3,1,64,64\] was asked for/,
  },
  {
    id: 'overflow',
    behaviour: tensor([1, 3, 1, 64, 64], Number.NaN),
    settings: 'models = ["hunyuan-video"]',
    says: /a black picture/,
  },
]

test('--probe tells apart what can be wrong with a backend, and says how fast a good one is', async () => {
  const tables = await Promise.all(
    CASES.map(async ({ id, behaviour, settings = '' }) => {
      const backend = await startFakeBackend(behaviour)
      onTestFinished(() => backend.stop())
      const models = settings.includes('models') ? '' : 'models = ["sdxl"]\n'
      return `[[vars.BACKENDS]]\nid = "${id}"\nurl = "${backend.url}"\n${models}${settings}\n`
    }),
  )
  const away = `[[vars.BACKENDS]]\nid = "away"\nurl = "${REFUSING}"\nmodels = ["sdxl"]\n`
  const folder = folderWith({
    'wrangler.toml': [...tables, away].join('\n'),
    '.dev.vars': 'KEY_SECRETS=\'{"1":"AAECAwQFBgcICQoLDA0ODw=="}\'\nRIGHT=right\nWRONG=canary-of-a-token\n',
  })
  const { code, stdout } = await runCommand(['config', 'check', '--vars-only', '--probe'], { cwd: folder })
  const lines = stdout.trimEnd().split('\n')
  const lineOf = (id: string): string => lines.find((line) => line.includes(` ${id} (`)) ?? `nothing of ${id}`
  for (const { id, says } of CASES) expect(lineOf(id)).toMatch(says)
  expect(lineOf('away')).toMatch(/nothing answers at its url: the connection was refused/)
  const bad = [...CASES.filter(({ says }) => !says.source.includes('correctly')), 'away'].length
  expect(lines.at(-1)).toBe(`wrangler.toml has ${bad} mistakes.`)
  expect(lines.filter((line) => line.startsWith('mistake'))).toHaveLength(bad)
  expect(stdout).not.toContain('canary')
  expect(code).toBe(1)
})

test('a good file ends with 0 and one with a mistake with 1, and names file, line and setting', async () => {
  const toml = '[[vars.BACKENDS]]\nid = "preview"\nkind = "preview"\nmodels = ["*"]\nslots = 4\n'
  const good = folderWith({ 'wrangler.toml': toml })
  const ended = await runCommand(['config', 'check', '--vars-only', '--no-secrets'], { cwd: good })
  expect(ended).toEqual({
    code: 0,
    stdout: 'wrangler.toml is good: 1 backend, 31 models, 1 plan.\n',
    stderr: '',
  })

  const bad = folderWith({ 'wrangler.toml': toml.replace('slots', 'slot') })
  const file = join(bad, 'wrangler.toml')
  const refused = await runCommand(['config', 'check', file, '--vars-only', '--no-secrets'])
  expect(refused).toEqual({
    code: 1,
    stdout: `mistake ${file}:5: vars.BACKENDS[0].slot: there is no such setting\n${file} has 1 mistake.\n`,
    stderr: '',
  })
  const json = await runCommand(['config', 'check', file, '--vars-only', '--no-secrets', '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({
    isGood: false,
    mistakes: [{ file, line: 5, field: 'vars.BACKENDS[0].slot', message: 'there is no such setting' }],
  })
  expect([json.code, json.stderr]).toEqual([1, ''])
})

test('the project’s own file can be deployed', async () => {
  const ended = await runCommand(['config', 'check', 'wrangler.toml', '--no-secrets'], {
    cwd: join(import.meta.dirname, '../..'),
  })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
})
