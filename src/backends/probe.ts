/** Looks at a backend that gets no jobs: is it there, will it start, can it decode. */
import type { Ambient } from '../lib/ambient.ts'
import { partsOfTask } from '../models/operation.ts'
import { isServable, type Registry } from '../models/registry.ts'
import type { Backend } from './backend.ts'
import { smallestDecode, smallestEncode } from './smallest-request.ts'
import type { Send } from './upstream.ts'

export type ProbeTest = 'health' | 'wake' | 'decode'
export type ProbeResult = 'passed' | 'asleep' | 'failed'

export interface ProbeTools extends Pick<Ambient, 'fetch' | 'randomUuid' | 'after'> {
  readonly send: Send
  readonly models: Registry
}

const TIMEOUT_MS: Readonly<Record<ProbeTest, number>> = { health: 5_000, wake: 5_000, decode: 20_000 }

/** Hugging Face's proxy holds a request for so many seconds while it starts a replica. */
const SCALE_UP_SECONDS = 60
const SCALE_UP_TIMEOUT_MS = 70_000

/** A backend that has served the task before needs no more for the least decode. */
const KNOWN_TASK_MS = 10_000

function timeoutMs({ kind }: Backend, test: ProbeTest, task: string | undefined): number {
  if (task !== undefined) return KNOWN_TASK_MS
  return kind === 'huggingface' && test === 'wake' ? SCALE_UP_TIMEOUT_MS : TIMEOUT_MS[test]
}

/**
 * Never rejects.
 *
 * @param task what a decode is asked for; any of the backend's tasks when left out
 */
export async function probeBackend(
  backend: Backend,
  test: ProbeTest,
  tools: ProbeTools,
  task?: string,
): Promise<ProbeResult> {
  if (backend.kind === 'preview' && test !== 'decode') return 'passed'
  const timeout = new AbortController()
  const { signal } = timeout
  const stopTimer = tools.after(timeoutMs(backend, test, task), () => timeout.abort())
  try {
    const response = await (test === 'decode'
      ? decode(backend, signal, tools, task)
      : ask(backend, test, signal, tools))
    await response.body?.cancel()
    const verdict = test === 'decode' ? judgeDecode(response) : judgeHealth(response)
    return verdict === 'failed' && response.status === 503 && backend.scaleToZero ? 'asleep' : verdict
  } catch {
    return backend.scaleToZero && test !== 'decode' ? 'asleep' : 'failed'
  } finally {
    stopTimer()
  }
}

/** Whoever answers is there, be it that there is no such page. */
const judgeHealth = ({ status }: Response): ProbeResult => (status < 500 ? 'passed' : 'failed')

const judgeDecode = ({ status, headers }: Response): ProbeResult =>
  status === 200 && !/html|json/.test(headers.get('content-type') ?? '') ? 'passed' : 'failed'

function ask(
  backend: Backend,
  test: ProbeTest,
  signal: AbortSignal,
  { fetch }: ProbeTools,
): Promise<Response> {
  const headers = new Headers({ 'user-agent': 'vae-gateway' })
  if (backend.token !== undefined) headers.set('authorization', `Bearer ${backend.token}`)
  if (test === 'wake' && backend.kind === 'huggingface')
    headers.set('x-scale-up-timeout', String(SCALE_UP_SECONDS))
  const base = (backend.url ?? '').replace(/\/?$/, '/')
  return fetch(new URL('health', base), { headers, redirect: 'manual', signal })
}

function decode(
  backend: Backend,
  signal: AbortSignal,
  { send, randomUuid, models }: ProbeTools,
  task?: string,
): Promise<Response> {
  const { operations = ['decode'] } = backend
  const asked = task === undefined ? undefined : partsOfTask(task)
  const ids = asked ? [asked.modelId] : backend.models
  const model = ids.map((id) => models.find(id)).find((found) => found && isServable(found))
  if (!model || !isServable(model)) throw new TypeError(`Backend ${backend.id} has no model.`)
  const isDecode = asked ? asked.operation === 'decode' : operations.includes('decode')
  const { latent: _, ...request } = isDecode ? smallestDecode(model) : smallestEncode(model)
  const facts = { attemptId: randomUuid(), remainingMs: TIMEOUT_MS.decode }
  return send(backend, { ...request, ...facts }, signal)
}
