/** Reads the small JSON body of an admin request. */
import type * as z from 'zod'
import { type Problem, problem } from '../errors/problem.ts'
import type { Ambient } from '../lib/ambient.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { essence } from '../wire/media-types.ts'
import { describeIssue } from './describe-issue.ts'
import type { Inflow } from './inflow.ts'

const MAX_BYTES = 16_384
const TIMEOUT_MS = 10_000

/**
 * The body as the schema has it. No body at all is read as `{}`, for requests that need not say anything.
 *
 * @returns the value, or a problem that names the first field that is wrong and repeats nothing that was sent
 */
export async function readJson<Schema extends z.ZodType>(
  request: Request,
  inflow: Inflow,
  schema: Schema,
  ambient: Pick<Ambient, 'after'>,
): Promise<Result<z.output<Schema>, Problem>> {
  const read = await readText(request, inflow, ambient)
  if (!read.ok) return read
  if (read.value !== '' && essence(request.headers.get('content-type') ?? '') !== 'application/json') {
    return err(problem('unsupported-media-type', 'Expected Content-Type: application/json.'))
  }
  const value = parseJson(read.value || '{}')
  if (!value.ok) return value
  const parsed = schema.safeParse(value.value)
  if (parsed.success) return ok(parsed.data)
  return err(problem('invalid-body', describeIssue(parsed.error, 'the body', schema)))
}

async function readText(
  { headers }: Request,
  inflow: Inflow,
  ambient: Pick<Ambient, 'after'>,
): Promise<Result<string, Problem>> {
  if (headers.has('content-encoding')) {
    return err(problem('unsupported-media-type', 'Expected a body without Content-Encoding.'))
  }
  const late = Promise.withResolvers<'late'>()
  const stopTimer = ambient.after(TIMEOUT_MS, () => late.resolve('late'))
  try {
    // One byte more than there may be shows a body that is too long.
    const read = await Promise.race([inflow.read(MAX_BYTES + 1), late.promise])
    if (read === 'late') return err(tooLate())
    if (read.length > MAX_BYTES) {
      return err(problem('payload-too-large', `Expected a body of at most ${MAX_BYTES} bytes.`))
    }
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(read))
  } catch {
    return err(notJson())
  } finally {
    stopTimer()
  }
}

function parseJson(text: string): Result<unknown, Problem> {
  try {
    return ok(JSON.parse(text))
  } catch {
    return err(notJson())
  }
}

const notJson = (): Problem => problem('invalid-body', 'Expected a body of JSON in UTF-8.')
const tooLate = (): Problem => problem('upload-timeout', `Expected the body within ${TIMEOUT_MS / 1000} s.`)
