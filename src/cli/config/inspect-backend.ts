/** Asks a backend for the smallest decode of each of its models, and says in words how it went. */
import type { Backend } from '../../backends/backend.ts'
import { type ProbeTools, probeBackend } from '../../backends/probe.ts'
import { smallestDecode } from '../../backends/smallest-request.ts'
import { type ExpectedAnswer, expectAnswer } from '../../models/answer.ts'
import type { Geometry } from '../../models/geometry.ts'
import { readGeometry } from '../../models/latent-shape.ts'
import { isServable, type ServableModel } from '../../models/registry.ts'
import { reasonOf } from '../answers.ts'
import { describeFlaw, describeStatus } from './backend-flaws.ts'

export interface Inspection {
  readonly backend: string
  readonly model: string
  /** What is wrong; null when the model was decoded as it must be. */
  readonly flaw: string | null
  /** The quicker of two decodes, in milliseconds; null without one. */
  readonly ms: number | null
}

export interface InspectionTools extends ProbeTools {
  readonly now: () => number
}

/** The first decode may have to load weights. */
const TIMEOUT_MS = 60_000

/** Each model of a backend, one after the other. Never rejects. */
export async function inspectBackend(backend: Backend, tools: InspectionTools): Promise<Inspection[]> {
  if (backend.scaleToZero && (await probeBackend(backend, 'wake', tools)) === 'asleep') {
    const flaw = 'it sleeps and did not wake within a minute; ask again'
    return backend.models.map((model) => ({ backend: backend.id, model, flaw, ms: null }))
  }
  const inspections: Inspection[] = []
  for (const id of backend.models) {
    const model = tools.models.find(id)
    if (!model || !isServable(model)) continue
    inspections.push(await inspectModel(backend, model, tools))
  }
  return inspections
}

async function inspectModel(
  backend: Backend,
  model: ServableModel,
  tools: InspectionTools,
): Promise<Inspection> {
  const facts = { backend: backend.id, model: model.id }
  const first = await decodeOnce(backend, model, tools)
  if (typeof first === 'string') return { ...facts, flaw: first, ms: null }
  // The first one paid for the connection, and perhaps for loading.
  const second = await decodeOnce(backend, model, tools)
  if (typeof second === 'string') return { ...facts, flaw: `the second decode failed: ${second}`, ms: null }
  return { ...facts, flaw: null, ms: Math.min(first, second) }
}

/** @returns milliseconds, or what is wrong */
async function decodeOnce(
  backend: Backend,
  model: ServableModel,
  { send, now, randomUuid }: InspectionTools,
): Promise<number | string> {
  const { latent, ...request } = smallestDecode(model)
  const geometry = readGeometry(model, latent.shape, latent.size)
  if (!geometry.ok) return `nobody knows a small latent of it: ${geometry.error.expected}`
  const expected = expectedOf(model, geometry.value)
  const attemptId = randomUuid()
  const startedAt = now()
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const sent = { ...request, attemptId, remainingMs: TIMEOUT_MS }
    const response = await send(backend, sent, signal)
    const body = new Uint8Array(await response.arrayBuffer())
    const ms = now() - startedAt
    if (response.status !== 200) return describeStatus(response, body, backend)
    return describeFlaw(response.headers, body, expected, attemptId, geometry.value) ?? ms
  } catch (error) {
    return `nothing answers at its url: ${reasonOf(error)}`
  }
}

const expectedOf = (model: ServableModel, geometry: Geometry): ExpectedAnswer =>
  model.kind === 'video'
    ? expectAnswer(model, geometry, { kind: 'tensor', mediaType: 'tensor/binary' }, 'pt', false)
    : expectAnswer(model, geometry, { kind: 'image', mediaType: 'image/jpeg' }, 'pil', false)
