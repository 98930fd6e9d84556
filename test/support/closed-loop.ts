/**
 * A pool with clients and backends on a virtual clock, straight at `step`: clients send the next job when the last one is
 * answered, backends take their own time for it whatever the pool believes, and each message is on its way for a while.
 */
import type { Evidence, PoolAction, PoolEvent } from '../../src/pool/events.ts'
import { emptyPool, type Memory } from '../../src/pool/initial.ts'
import type { PoolMember, PoolState } from '../../src/pool/state.ts'
import { nextWakeAt, step } from '../../src/pool/step.ts'
import { job, member } from './pool.ts'

export interface FakeGpu {
  /** Of the decode; `nth` of this task and size on this backend, from 1 on. */
  readonly ms: number | ((size: Size, nth: number, now: number, random: () => number) => number)
  readonly slots?: number
  readonly changes?: Partial<PoolMember>
}

export interface Size {
  readonly model: string
  readonly predictedMs: number
}

export interface Loop {
  readonly gpus: readonly FakeGpu[]
  readonly clients: number
  /** The first decodes are not counted. */
  readonly warmUp?: number
  /** Decodes that are counted. */
  readonly jobs?: number
  readonly hasComputeMs?: boolean
  /** One way between Worker and pool, and between Worker and backend. */
  readonly hopMs?: number
  readonly networkMs?: number
  /** Between an answer and the next request of its client. */
  readonly thinkMs?: number
  readonly sizes?: readonly Size[]
  readonly seed?: number
  readonly deadlineMs?: number
  readonly attack?: Attack
  /** Of a pool that begins anew; any other has been up for ten minutes. */
  readonly memories?: ReadonlyMap<string, Memory>
}

/** A key whose requests fail alike on every backend. */
export interface Attack {
  readonly everyMs: number
  readonly size: Size
  readonly evidence: Evidence
  /** Until the backend fails it; its slot is taken meanwhile. */
  readonly afterMs: number
}

export interface Outcome {
  readonly perSecond: number
  /** The lesser of the sum of the rates, and of what the clients can ask of the fastest backend. */
  readonly ideal: number
  readonly share: number
  /** Counted decodes per backend. */
  readonly decodes: readonly number[]
  readonly refused: number
  readonly p50: number
  readonly p99: number
  readonly state: PoolState
}

const START = 1_000_000
export const SDXL: Size = { model: 'sdxl', predictedMs: 200 }

/** Mulberry32. */
export function chanceOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function runLoop(loop: Loop): Outcome {
  const { gpus, clients, warmUp = 20, jobs = 400, hasComputeMs = false } = loop
  const { hopMs = 1, networkMs = 0, thinkMs = 0, sizes = [SDXL], seed = 1, deadlineMs = 60_000 } = loop
  const random = chanceOf(seed)
  const members = gpus.map(({ slots = 1, changes }, at) =>
    member(`gpu-${at}`, { slots, models: [...new Set(sizes.map(({ model }) => model))], ...changes }),
  )
  const { memories } = loop
  let state = emptyPool(members, memories ? { seed, now: START, memories } : { seed, now: START - 600_000 })
  let now = START
  const timeline: { readonly at: number; readonly no: number; readonly run: () => void }[] = []
  let events = 0
  const after = (ms: number, run: () => void): void => {
    const entry = { at: now + ms, no: events++, run }
    const place = timeline.findLastIndex((other) => other.at <= entry.at)
    timeline.splice(place + 1, 0, entry)
  }
  const servers = gpus.map(({ slots = 1 }) => ({
    free: slots,
    queue: [] as (() => void)[],
    seen: new Map<string, number>(),
  }))
  const asked = new Map<string, { readonly size: Size; readonly since: number; readonly client: number }>()
  const attacks = new Map<string, readonly string[]>()
  const ends: { readonly at: number; readonly gpu: number; readonly ms: number }[] = []
  let refused = 0
  let tickets = 0
  let wakeNo = 0

  const tell = (event: PoolEvent): void => {
    const [next, actions] = step(state, event, Math.floor(now))
    state = next
    actions.forEach(act)
    const at = nextWakeAt(state, Math.floor(now))
    const no = ++wakeNo
    if (at !== undefined) after(Math.max(0, at - now), () => no === wakeNo && tell({ kind: 'tick' }))
  }
  const act = (action: PoolAction): void => {
    if (action.kind === 'probe') {
      const { backendId, test, task } = action
      after(50, () => tell({ kind: 'probed', backendId, test, task, result: 'passed' }))
      return
    }
    if (attacks.has(action.ticket)) attackGoesOn(action)
    const known = asked.get(action.ticket)
    if (!known) return
    asked.delete(action.ticket)
    if (action.kind === 'reject') {
      refused++
      after(hopMs + 1_000, () => send(known.client))
      return
    }
    const { backendId, leaseId } = action
    const gpu = Number(backendId.slice(4))
    const { size, since, client } = known
    after(hopMs, () => {
      const sentAt = now
      decode(gpu, size, (computeMs) => {
        const attemptMs = Math.max(1, Math.round(now - sentAt))
        after(hopMs, () => {
          const said = hasComputeMs ? { computeMs } : {}
          tell({ kind: 'free', backendId, leaseId, attemptMs, decoded: true, ...said })
          tell({ kind: 'report', backendId, leaseId, evidence: { kind: 'served', model: size.model } })
        })
        ends.push({ at: now, gpu, ms: now - since })
        after(thinkMs, () => send(client))
      })
    })
  }
  const attackGoesOn = (action: PoolAction & { readonly kind: 'grant' | 'reject' }): void => {
    const { ticket } = action
    const before = attacks.get(ticket) ?? []
    attacks.delete(ticket)
    if (action.kind === 'reject' || !loop.attack) return
    const { backendId, leaseId } = action
    const { size, evidence, afterMs } = loop.attack
    after(hopMs, () =>
      occupy(Number(backendId.slice(4)), afterMs, () =>
        after(hopMs, () => {
          tell({ kind: 'report', backendId, leaseId, evidence })
          tell({ kind: 'free', backendId, leaseId, decoded: false })
          if (before.length < 2) attackAgain(ticket, size, [...before, backendId])
        }),
      ),
    )
  }
  const attackAgain = (ticket: string, size: Size, failed: readonly string[]): void => {
    const at = Math.floor(now)
    const failures = failed.map((backendId) => ({ backendId, signature: 'error' as const }))
    attacks.set(ticket, failed)
    const changes = {
      ...size,
      key: 'bad',
      enqueuedAt: at,
      deadlineAt: at + deadlineMs,
      exclude: failed,
      failures,
    }
    tell({
      kind: 'acquire',
      job: job(ticket, { ...changes, purpose: failed.length > 0 ? 'retry' : 'first' }),
    })
  }
  const attack = ({ everyMs, size }: Attack): void => {
    attackAgain(`bad${tickets++}`, size, [])
    after(everyMs, () => attack({ ...(loop.attack as Attack), everyMs, size }))
  }
  const decode = (gpu: number, size: Size, done: (computeMs: number) => void): void => {
    const name = `${size.model} ${size.predictedMs}`
    const { seen } = servers[gpu] as (typeof servers)[number]
    const nth = (seen.get(name) ?? 0) + 1
    seen.set(name, nth)
    const { ms } = gpus[gpu] as FakeGpu
    const takes = typeof ms === 'number' ? ms : ms(size, nth, now, random)
    occupy(gpu, takes, done)
  }
  const occupy = (gpu: number, takes: number, done: (computeMs: number) => void): void => {
    const server = servers[gpu] as (typeof servers)[number]
    const begin = (): void => {
      server.free--
      after(takes, () => {
        server.free++
        server.queue.shift()?.()
        after(networkMs, () => done(takes))
      })
    }
    after(networkMs, () => (server.free > 0 ? begin() : server.queue.push(begin)))
  }
  const send = (client: number): void => {
    const ticket = `t${tickets++}`
    const size = sizes[Math.floor(random() * sizes.length)] as Size
    asked.set(ticket, { size, since: now, client })
    after(hopMs, () => {
      const at = Math.floor(now)
      tell({ kind: 'acquire', job: job(ticket, { ...size, enqueuedAt: at, deadlineAt: at + deadlineMs }) })
    })
  }

  for (let client = 0; client < clients; client++) send(client)
  if (loop.attack) attack(loop.attack)
  while (ends.length < warmUp + jobs) {
    const next = timeline.shift()
    if (!next) throw new Error('the pool stands still')
    now = next.at
    next.run()
  }
  const counted = ends.slice(warmUp)
  const startedAt = ends[warmUp - 1]?.at ?? START
  const perSecond = (1_000 * counted.length) / (now - startedAt)
  const times = gpus.map(({ ms }) => (typeof ms === 'number' ? ms : meanOf(ms, sizes)))
  const rates = gpus.reduce((sum, { slots = 1 }, at) => sum + (1_000 * slots) / (times[at] as number), 0)
  const turn = Math.min(...times) + 2 * hopMs + 2 * networkMs + thinkMs
  const ideal = Math.min(rates, (1_000 * clients) / turn)
  const waits = counted.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return {
    perSecond,
    ideal,
    share: perSecond / ideal,
    decodes: gpus.map((_, at) => counted.filter(({ gpu }) => gpu === at).length),
    refused,
    p50: waits[Math.floor(0.5 * waits.length)] ?? 0,
    p99: waits[Math.floor(0.99 * waits.length)] ?? 0,
    state,
  }
}

/** Of a decode that is not the first of its size, over all sizes alike. */
function meanOf(ms: Exclude<FakeGpu['ms'], number>, sizes: readonly Size[]): number {
  const random = chanceOf(99)
  const runs = sizes.flatMap((size) => Array.from({ length: 50 }, () => ms(size, 100, START, random)))
  return runs.reduce((sum, one) => sum + one, 0) / runs.length
}
