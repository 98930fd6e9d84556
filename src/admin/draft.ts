/** From what an operator asks for to the record of a key, checked against the configuration. */
import type * as z from 'zod'
import type { Plan } from '../config.ts'
import { type Problem, problem } from '../errors/problem.ts'
import { dayOf } from '../lib/days.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { KeyRecord, Limits } from '../limits/protocol.ts'
import type { Registry } from '../models/registry.ts'
import type { createKeySchema } from './contract.ts'

/** The last day that a key has room for: 2149-06-06. */
const MAX_DAY = 65_535

/** @param id of the new key, 16 hexadecimal digits */
export function draftKey(
  wanted: z.output<typeof createKeySchema>,
  id: string,
  plans: Iterable<Plan>,
  registry: Registry,
  now: number,
): Result<KeyRecord, Problem> {
  const names = [...plans].map(({ name }) => name)
  if (!names.includes(wanted.plan)) return refused('plan', `one of ${names.join(', ')}`)
  const models = wanted.models?.map((name) => registry.find(name)?.id)
  if (models?.includes(undefined))
    return refused('models', 'models of the registry; GET /v1/models lists them')
  const expiryDay = wanted.expires === undefined ? 0 : dayOf(Date.parse(wanted.expires))
  if (wanted.expires !== undefined && !(expiryDay >= dayOf(now) && expiryDay <= MAX_DAY)) {
    return refused('expires', 'today or a day to come, until 2149-06-06')
  }
  return ok({
    id,
    name: wanted.name,
    plan: wanted.plan,
    models: models ? [...new Set(models.filter((model) => model !== undefined))] : null,
    overrides: said(wanted.overrides ?? {}),
    createdAt: now,
    expiryDay,
    revokedAt: null,
    rotatedTo: null,
  })
}

const refused = (field: string, expected: string): Result<never, Problem> =>
  err(problem('invalid-body', `Expected ${field}: ${expected}.`))

/** Without the bounds of which nothing was said: they are as in the plan. */
const said = (overrides: z.output<typeof createKeySchema>['overrides'] & object): Partial<Limits> =>
  Object.fromEntries(Object.entries(overrides).filter(([, bound]) => bound !== undefined))
