/** What operators write: settings, secrets, addresses of backends. */
import fc from 'fast-check'
import { checkBackendUrl } from '../../src/backends/backend-url.ts'
import { describeProblems } from '../../src/config/problem.ts'
import { readConfig } from '../../src/config.ts'
import { holds, long, mutated, type Target, target, text } from './target.ts'

const SECRET = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0'

const good = {
  KEY_SECRETS: `{"1":"${SECRET}"}`,
  HF_TOKEN: SECRET,
  BACKENDS: [
    {
      id: 'gpu',
      url: 'https://gpu.example.com/',
      models: ['sdxl'],
      kind: 'huggingface',
      tokenSecret: 'HF_TOKEN',
      slots: 2,
      scaleToZero: true,
    },
    { id: 'preview', kind: 'preview', models: ['*'] },
  ],
  MODELS: [
    { id: 'mine', kind: 'image', channels: 8, spatialCompression: 16, scalingFactor: 0.5, layouts: ['BCHW'] },
  ],
  PLANS: { default: { requestsPerMinute: 60, megapixelsPerMinute: 1.5, models: ['*'] } },
  SHARDS: {},
  DISPATCH: { deadlineMs: 60_000, commitBytes: 4_194_304 },
  ANONYMOUS: { plan: 'default' },
}

/** The settings with another value somewhere. */
const settings = fc
  .tuple(
    fc.array(fc.nat(20), { maxLength: 4 }),
    fc.oneof(fc.jsonValue(), text, fc.constantFrom(null, -1, 1e308, [], {})),
  )
  .map(([path, value]) => {
    const root = structuredClone(good) as Record<string, unknown>
    let at: Record<string, unknown> = root
    for (const [depth, step] of path.entries()) {
      const names = Object.keys(at)
      const name = names[step % names.length]
      if (name === undefined) break
      const inner = at[name]
      if (depth === path.length - 1 || typeof inner !== 'object' || inner === null) at[name] = value
      else at = inner as Record<string, unknown>
    }
    return root
  })

const configs = target(
  'a configuration is refused in words without a secret, or read',
  fc.oneof(settings, fc.dictionary(text, fc.jsonValue())),
  (env) => {
    const read = readConfig(env)
    if (read.ok) {
      holds(read.value.backends.length > 0, 'there is a backend')
      for (const { url, kind } of read.value.backends)
        holds(kind === 'preview' || isSafe(url ?? ''), 'backends are where they may be')
      return
    }
    holds(read.error.length > 0, 'it is said what is wrong')
    holds(!describeProblems(read.error).includes(SECRET), 'no secret is quoted')
  },
)

const isSafe = (text: string): boolean => {
  const url = new URL(text)
  const isHere = /^(localhost\.?|.*\.localhost\.?|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  return (
    (url.protocol === 'https:' || (url.protocol === 'http:' && isHere)) &&
    !url.username &&
    !url.password &&
    !url.search
  )
}

const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6().map((address) => `[${address}]`),
  fc.ipV4().map((address) => `[::ffff:${address}]`),
  fc.nat(2 ** 32 - 1).map(String),
  fc.nat(2 ** 32 - 1).map((address) => `0x${address.toString(16)}`),
  text,
)
const url = fc
  .tuple(
    fc.constantFrom('https://', 'http://', 'HTTPS:\\\\', 'https:', '//', 'ftp://', ''),
    host,
    fc.constantFrom('', '/', ':443', ':99999', '/?a', '/#', '@x', '/a/../b', '.'),
  )
  .map((parts) => parts.join(''))

/** By its four numbers, without a look at how it was written. */
function isPrivate(hostname: string): boolean {
  const [a = 256, b = 0, c = 0] = hostname.split('.').map(Number)
  const isV4 = /^\d+\.\d+\.\d+\.\d+$/.test(hostname)
  return (
    isV4 &&
    (a === 0 ||
      a === 10 ||
      a >= 224 ||
      (a === 169 && b === 254) ||
      (a === 172 && b >= 16 && b < 32) ||
      (a === 192 && b === 168) ||
      (a === 192 && b === 0 && c === 0) ||
      (a === 100 && b >= 64 && b < 128) ||
      (a === 198 && (b === 18 || b === 19)))
  )
}

const urls = target(
  'an address of a backend is refused, or public, or this machine, in one spelling',
  fc.oneof(url, mutated(url), text, long),
  (given) => {
    const checked = checkBackendUrl(given)
    if (!checked.ok) return
    holds(isSafe(checked.value), 'it is https or loopback, without credentials')
    holds(!isPrivate(new URL(checked.value).hostname.replace(/\.$/, '')), 'it is not private')
    const again = checkBackendUrl(checked.value)
    holds(again.ok && again.value === checked.value, 'it is normal')
  },
)

export const settingTargets: readonly Target[] = [configs, urls]
