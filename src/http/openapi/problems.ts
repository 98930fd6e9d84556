import { type ProblemCode, problemKind } from '../../errors/codes.ts'
import { type Json, ref } from './schema.ts'

/** Of every route: whatever it is asked, the gateway itself may fail. */
const ALWAYS: readonly ProblemCode[] = ['internal-error', 'misconfigured']

/** The responses of a route for the problems that it can give: one per status, with its codes. */
export function problemResponses(codes: readonly ProblemCode[], always = ALWAYS): Json {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of [...codes, ...always]) {
    const { status } = problemKind(code)
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, responseOf(status, codes)]))
}

function responseOf(status: number, codes: readonly ProblemCode[]): Json {
  const lines = codes.map((code) => `\`${code}\`: ${problemKind(code).meaning}`)
  const schema = { allOf: [ref('Problem'), { properties: { code: { enum: codes } } }] }
  return {
    description: lines.join('\n\n'),
    ...(HEADERS[status] && { headers: HEADERS[status] }),
    content: { 'application/problem+json': { schema } },
  }
}

const retryAfter = {
  'retry-after': {
    description: 'Whole seconds, where an estimate is possible.',
    schema: { type: 'integer' },
  },
}

const HEADERS: Readonly<Record<number, Json>> = {
  401: { 'www-authenticate': { description: 'Bearer', schema: { type: 'string' } } },
  429: retryAfter,
  503: retryAfter,
}
