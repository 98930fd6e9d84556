/** Sends what lies on the table, a few at a time, and says what came of each. */

import { type Item, items, setWork, whatIsMissing } from './item.ts'
import { type Facts, type Outcome, type Problem, parseServerTiming, parseWarnings } from './outcome.ts'
import { requestOf } from './request.ts'
import { key } from './session.ts'
import { type Dtype, readTensorLike } from './tensor/tensor.ts'

/** More wait here rather than there. */
const AT_A_TIME = 4

let stopped = new AbortController()

/** Those that have no answer yet, or an error. */
export const openItems = (): readonly Item[] =>
  items.value.filter(
    (item) =>
      whatIsMissing(item) === undefined &&
      (item.work.state === 'ready' || (item.work.state === 'done' && item.work.outcome.kind === 'problem')),
  )

export function stop(): void {
  stopped.abort()
}

export async function run(wanted: readonly Item[]): Promise<void> {
  stopped = new AbortController()
  const { signal } = stopped
  const waiting = [...wanted]
  for (const { id } of waiting) setWork(id, { state: 'waiting' })
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (signal.aborted) setWork(next.id, { state: 'ready' })
      else await runOne(next, signal)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
}

async function runOne(item: Item, signal: AbortSignal): Promise<void> {
  setWork(item.id, { state: 'running' })
  try {
    setWork(item.id, { state: 'done', outcome: await exchange(item, signal) })
  } catch {
    if (signal.aborted) setWork(item.id, { state: 'ready' })
    else setWork(item.id, { state: 'done', outcome: { kind: 'problem', problem: UNREACHABLE } })
  }
}

const UNREACHABLE: Problem = {
  title: 'The gateway cannot be reached',
  detail: 'The connection failed, or broke off. Try again in a moment.',
  code: undefined,
  requestId: undefined,
  status: undefined,
}

async function exchange(item: Item, signal: AbortSignal): Promise<Outcome> {
  const { path, headers, body } = requestOf(item)
  const startedAt = performance.now()
  const answer = await fetch(path, {
    method: 'POST',
    headers: { ...headers, ...(key.value && { authorization: `Bearer ${key.value}` }) },
    body,
    signal,
    credentials: 'omit',
  })
  if (!answer.ok) return { kind: 'problem', problem: await readProblem(answer) }
  const blob = await answer.blob()
  const facts = factsOf(answer, blob.size, performance.now() - startedAt)
  if (item.source.kind !== 'picture') return { kind: 'picture', url: URL.createObjectURL(blob), blob, facts }
  const shape = JSON.parse(answer.headers.get('shape') ?? '[]') as number[]
  const dtype = (answer.headers.get('dtype') ?? 'float16') as Dtype
  return { kind: 'latent', tensor: readTensorLike({ shape, dtype, data: await blob.arrayBuffer() }), facts }
}

function factsOf({ headers }: Response, bytes: number, ms: number): Facts {
  return {
    ms,
    bytes,
    backend: headers.get('x-vae-backend') ?? undefined,
    attempts: Number(headers.get('x-vae-attempts') ?? 1),
    isPreview: headers.get('x-vae-quality') === 'preview',
    requestId: headers.get('x-request-id') ?? undefined,
    spans: parseServerTiming(headers.get('server-timing')),
    warnings: parseWarnings(headers.get('x-vae-warning')),
  }
}

async function readProblem(answer: Response): Promise<Problem> {
  const { status } = answer
  const requestId = answer.headers.get('x-request-id') ?? undefined
  try {
    const { title, detail, code } = (await answer.json()) as Record<string, string>
    return { title: title ?? `Status ${status}`, detail: detail ?? '', code, requestId, status }
  } catch {
    const detail = 'Something between this page and the gateway answered in its place.'
    return { title: `Status ${status}`, detail, code: undefined, requestId, status }
  }
}
