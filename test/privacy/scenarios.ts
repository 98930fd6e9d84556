/** Everything that can become of a decode at the backends: a model with backends of its own for each. */
import type { Sent } from './exchange.ts'
import {
  answersWrong,
  breaksOff,
  complains,
  hangs,
  lingers,
  type Manners,
  type Misbehaviour,
  redirects,
  resets,
  serves,
  showsPage,
} from './upstream.ts'

export interface Scenario {
  /** Id of the model, and beginning of the ids of its backends. */
  readonly name: string
  readonly manners: Manners
  readonly backends: number
  /** Status, and code of the problem; undefined where nobody is left to be told. */
  readonly ends: string | undefined
  /** Of the latent, in elements. */
  readonly side: number
  readonly settings: Readonly<Record<string, unknown>>
  readonly headers: Sent['headers']
  readonly leaves?: Sent['leaves']
  /** Decodes that go well before. */
  readonly warmUps: number
  /** Takes seconds and shows nothing that others do not. */
  readonly isSlow: boolean
  /** For its own sake, and not by another part of the run. */
  readonly isAsked: boolean
}

const scenario = (
  name: string,
  ends: string | undefined,
  manners: Manners,
  facts: Partial<Scenario> = {},
): Scenario => ({
  name,
  ends,
  manners,
  backends: 2,
  side: 8,
  settings: {},
  headers: [],
  warmUps: 0,
  isSlow: false,
  isAsked: true,
  ...facts,
})

const HURRY = { headers: [['x-vae-deadline-ms', '1000']] } as const
/** A picture above `commitBytes`, which is streamed. */
const LARGE = { side: 64 } as const

/** @param spy where a redirect leads; nobody may come */
export const scenarios = (spy: string): readonly Scenario[] => [
  scenario('served', '200', [serves]),
  scenario('streamed', '200', [serves], LARGE),
  scenario('retried-reset', '200', [resets, serves]),
  scenario('retried-error', '200', [complains('500'), serves]),
  scenario('retried-cut', '200', [breaksOff(0.5), serves]),
  scenario('retried-page', '200', [showsPage, serves]),
  scenario('hedged', '200', [hangs, serves], { isSlow: true }),
  scenario('failing', '502 upstream-error', [complains('500')]),
  scenario('rejecting', '422 rejected-by-backend', [complains('400')]),
  scenario('out-of-memory', '422 decode-too-large', [complains('400', 'CUDA out of memory')]),
  scenario('refusing-us', '502 upstream-misconfigured', [complains('401')]),
  scenario('redirecting', '502 upstream-misconfigured', [redirects(spy)]),
  scenario('busy', '503 no-capacity', [complains('429', 'busy', { 'retry-after': '120' })], HURRY),
  scenario('asleep', '503 cold-start', [complains('503')], { ...HURRY, settings: { scaleToZero: true } }),
  scenario('resetting', '502 upstream-unreachable', [resets]),
  scenario('cutting', '502 upstream-unreachable', [breaksOff(0.5)]),
  scenario('a-page', '502 upstream-invalid-response', [showsPage]),
  scenario('wrong-length', '502 upstream-invalid-response', [answersWrong({}, -5)]),
  scenario('wrong-shape', '502 upstream-invalid-response', [answersWrong({ shape: '[9,9,9,9]' })]),
  scenario('wrong-type', '502 upstream-invalid-response', [answersWrong({ 'content-type': 'image/gif' })]),
  scenario('hanging', '504 deadline-exceeded', [hangs], HURRY),
  scenario('cut-in-the-stream', '200', [breaksOff(0.5)], LARGE),
  scenario('left-in-the-upload', undefined, [serves], { leaves: 'in the upload' }),
  scenario('left-while-waiting', undefined, [hangs], { leaves: 'while it waits' }),
  scenario('left-in-the-answer', '200', [lingers], { ...LARGE, leaves: 'in the answer' }),
  scenario(
    'repeating',
    '502 request-failed-repeatedly',
    [...Array<Misbehaviour>(24).fill(serves), complains('500')],
    {
      warmUps: 24,
    },
  ),
  scenario('plain', undefined, [serves], { isAsked: false }),
  scenario('crowded', undefined, [hangs], { backends: 1, isAsked: false }),
]

/** wrangler.toml of a gateway whose backends do all that. */
export function settingsOf(all: readonly Scenario[], url: string): string {
  const lines = ['[vars.DISPATCH]', 'commitBytes = 200_000', 'bodyBudgetBytes = 2_000_000']
  for (const { name, backends, settings } of all) {
    lines.push(
      '[[vars.MODELS]]',
      `id = "${name}"`,
      'kind = "image"',
      'channels = 4',
      'spatialCompression = 8',
    )
    lines.push('scalingFactor = 0.18215')
    for (let i = 1; i <= backends; i++) {
      const facts = {
        id: `${name}-${i}`,
        url: `${url}${name}-${i}/`,
        models: [name],
        slots: 4,
        tokenSecret: 'BACKEND_TOKEN',
      }
      lines.push('[[vars.BACKENDS]]')
      for (const [key, value] of Object.entries({ ...facts, ...settings }))
        lines.push(`${key} = ${JSON.stringify(value)}`)
    }
  }
  lines.push(
    '[[vars.MODELS]]',
    'id = "unreachable"',
    'kind = "image"',
    'channels = 4',
    'spatialCompression = 8',
  )
  lines.push('[[vars.BACKENDS]]', 'id = "nobody"', 'url = "http://127.0.0.1:1/"', 'models = ["unreachable"]')
  lines.push(
    '[[vars.BACKENDS]]',
    'id = "preview"',
    'kind = "preview"',
    'models = ["sd-v1", "flux", "hunyuan-video"]',
  )
  return `${lines.join('\n')}\n`
}
