/** `/v1/admin/keys`: what operators do with keys. */
import type * as z from 'zod'
import {
  createKeySchema,
  listKeysSchema,
  revokeKeySchema,
  rotateKeySchema,
  usageQuerySchema,
} from '../../../admin/contract.ts'
import { parseCursor } from '../../../admin/cursor.ts'
import { type Problem, problem, problemResponse } from '../../../errors/problem.ts'
import { err, ok, type Result } from '../../../lib/result.ts'
import type { AppContext } from '../../context.ts'
import { describeIssue } from '../../describe-issue.ts'
import { readJson } from '../../read-json.ts'

/** POST /v1/admin/keys: the only answer that ever holds the key. */
export async function createKey(c: AppContext): Promise<Response> {
  const { services } = c.var
  const wanted = await readJson(c.req.raw, c.var.inflow, createKeySchema, services.ambient)
  if (!wanted.ok) return answer(c, wanted)
  const made = await services.admin().keys.create(wanted.value)
  if (made.ok) c.set('subject', made.value.id)
  return answer(c, made, 201)
}

/** GET /v1/admin/keys, the latest first. */
export async function listKeys(c: AppContext): Promise<Response> {
  const query = readQuery(c, listKeysSchema)
  if (!query.ok) return answer(c, query)
  const { limit, cursor } = query.value
  const after = cursor === undefined ? null : parseCursor(cursor)
  if (after === undefined) {
    return answer(c, err(problem('invalid-parameter', 'Expected cursor: that of the page before.')))
  }
  return answer(c, await c.var.services.admin().keys.page(limit, after))
}

/** GET /v1/admin/keys/{id}, with what is left of its limits. */
export const showKey = (c: AppContext): Promise<Response> =>
  withId(c, (id) => c.var.services.admin().keys.show(id))

/** POST /v1/admin/keys/{id}/rotate: another key in its place; it is good for the grace. */
export const rotateKey = (c: AppContext): Promise<Response> =>
  withId(
    c,
    async (id) => {
      const wanted = await readJson(c.req.raw, c.var.inflow, rotateKeySchema, c.var.services.ambient)
      return wanted.ok ? c.var.services.admin().keys.rotate(id, wanted.value.graceHours) : wanted
    },
    201,
  )

/** POST /v1/admin/keys/{id}/revoke: refused from its next request on. */
export const revokeKey = (c: AppContext): Promise<Response> =>
  withId(c, async (id) => {
    const wanted = await readJson(c.req.raw, c.var.inflow, revokeKeySchema, c.var.services.ambient)
    return wanted.ok ? c.var.services.admin().keys.revoke(id, wanted.value.isUnseen) : wanted
  })

/** GET /v1/admin/keys/{id}/usage: counts and megapixels by day and model. */
export const showUsage = (c: AppContext): Promise<Response> =>
  withId(c, async (id) => {
    const query = readQuery(c, usageQuerySchema)
    return query.ok ? c.var.services.admin().keys.usage(id, query.value.days) : query
  })

async function withId(
  c: AppContext,
  run: (id: string) => Promise<Result<object, Problem>>,
  status: 200 | 201 = 200,
): Promise<Response> {
  const id = c.req.param('id') ?? ''
  if (!/^[0-9a-f]{16}$/.test(id)) {
    return answer(c, err(problem('unknown-key', 'Expected the id of a key: 16 hexadecimal digits.')))
  }
  c.set('subject', id)
  return answer(c, await run(id), status)
}

function readQuery<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
): Result<z.output<Schema>, Problem> {
  const parsed = schema.safeParse(c.req.query())
  if (parsed.success) return ok(parsed.data)
  return err(problem('invalid-parameter', describeIssue(parsed.error, 'the query', schema)))
}

const answer = (c: AppContext, result: Result<object, Problem>, status: 200 | 201 = 200): Response =>
  result.ok ? c.json(result.value, status) : problemResponse(result.error, c.var.requestId)
