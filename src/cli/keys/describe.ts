/** Keys in words and tables. */
import type { Key, KeyDetail, Usage } from '../../admin/contract.ts'
import { paint, type Style } from '../terminal/say.ts'
import { printable, renderTable } from '../terminal/table.ts'

const STYLES: Readonly<Record<Key['state'], Style>> = {
  active: 'green',
  grace: 'yellow',
  expired: 'dim',
  revoked: 'red',
}

const stateOf = ({ state }: Key) => ({ text: state, paint: (text: string) => paint(STYLES[state], text) })

/** One that was made elsewhere has no name here. */
export const nameOf = ({ id, name }: Pick<Key, 'id' | 'name'>): string =>
  printable(name === '' ? `Key ${id}` : `Key ${id} "${name}"`)

export const lastDayOf = ({ expires }: Pick<Key, 'expires'>): string =>
  expires === null ? 'without an end' : `good until ${expires}`

export function describeKeys(keys: readonly Key[], width: number): string {
  if (keys.length === 0) return 'The gateway has no keys on its list.'
  const columns = [
    { title: 'ID' },
    { title: 'NAME', canShrink: true },
    { title: 'PLAN', canShrink: true },
    { title: 'STATE' },
    { title: 'CREATED' },
    { title: 'EXPIRES' },
  ] as const
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.plan ?? '-',
    stateOf(key),
    key.createdAt?.slice(0, 10) ?? 'elsewhere',
    key.expires ?? 'never',
  ])
  return renderTable(columns, rows, width).join('\n')
}

const WINDOWS: Readonly<Record<KeyDetail['quotas'][number]['policy'], string>> = {
  requests: 'requests per minute',
  megapixels: 'megapixels per minute',
  concurrency: 'requests at a time',
  month: 'megapixels this month',
}

export function describeKey(key: KeyDetail): string {
  const facts: readonly (readonly [string, string | null])[] = [
    ['id', key.id],
    ['name', key.name || null],
    ['plan', key.plan ?? 'as it says itself: it was made elsewhere'],
    ['models', key.models?.join(', ') ?? 'all of its plan'],
    ['state', key.state],
    ['created', key.createdAt],
    ['expires', key.expires ?? 'never'],
    ['revoked', key.revokedAt],
    ['replaced by', key.rotatedTo],
    ['in flight', String(key.inFlight)],
  ]
  const lines = facts.flatMap(([name, value]) =>
    value === null ? [] : [`${name.padEnd(12)}${printable(value)}`],
  )
  if (key.quotas.length === 0) return lines.join('\n')
  const quotas = renderTable(
    [
      { title: 'LIMIT' },
      { title: 'LEFT', align: 'right' },
      { title: 'OF', align: 'right' },
      { title: 'MORE IN', align: 'right' },
    ],
    key.quotas.map(({ policy, limit, remaining, resetMs }) => [
      WINDOWS[policy],
      round(remaining),
      round(limit),
      resetMs > 0 ? `${Math.ceil(resetMs / 1000)} s` : '',
    ]),
  )
  return [...lines, '', ...quotas].join('\n')
}

export function describeUsage({ days }: Usage): string {
  if (days.length === 0) return 'The key was not used in these days.'
  const sum = (pick: (day: Usage['days'][number]) => number): number =>
    days.reduce((total, day) => total + pick(day), 0)
  const rows = days.map(({ day, model, requests, megapixels }) => [
    day,
    model,
    String(requests),
    round(megapixels),
  ])
  const total = ['total', '', String(sum((day) => day.requests)), round(sum((day) => day.megapixels))]
  const columns = [
    { title: 'DAY' },
    { title: 'MODEL' },
    { title: 'REQUESTS', align: 'right' },
    { title: 'MEGAPIXELS', align: 'right' },
  ] as const
  return renderTable(columns, [...rows, total]).join('\n')
}

const round = (value: number): string => String(Math.round(value * 100) / 100)
