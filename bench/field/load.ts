/** Clients: what they send, when, and what becomes of it. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from '../performance/contender.ts'
import { lingerMs, pick, type Scenario, type Size } from '../scenario.ts'
import { type RandomStream, streamOf } from '../simulation/engine/random.ts'
import type { Outcome, Turn } from './figures.ts'
import { modelOf, requestOf } from './work.ts'

interface Client {
  readonly contender: Contender
  readonly agent: Agent
  /** Number of the scenario. */
  readonly at: number
  readonly deadlineMs: number | undefined
  readonly startedAt: number
}

/** A request that is not answered is an answer too: so long after its deadline. */
const GRACE_MS = 10_000
/** Of a client that says nothing. */
const MOST_PATIENT_MS = 900_000

function send({ contender, agent, at, deadlineMs, startedAt }: Client, size: Size): Promise<Outcome> {
  const { host, port, key } = contender
  const { path, accept, body } = requestOf(modelOf(at, size), size)
  const headers = {
    accept,
    authorization: `Bearer ${key}`,
    'content-type': 'tensor/binary',
    'content-length': body.length,
    ...(deadlineMs !== undefined && { 'x-vae-deadline-ms': String(deadlineMs) }),
  }
  const sentAt = performance.now() - startedAt
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const end = (status: number, code: string | null): void =>
    resolve({ isImage: size.frames === 1, sentAt, endedAt: performance.now() - startedAt, status, code })
  const sent = request({ host, port, agent, method: 'POST', path, headers }, (answer) => {
    const parts: Buffer[] = []
    answer.on('data', (part: Buffer) => parts.push(part))
    answer.on('end', () => end(answer.statusCode ?? 0, codeOf(answer.statusCode, parts)))
    answer.on('error', () => end(0, 'cut off'))
  })
  sent.on('error', (error) => end(0, error.message))
  sent.end(body)
  const late = setTimeout(() => sent.destroy(new Error('silent')), (deadlineMs ?? MOST_PATIENT_MS) + GRACE_MS)
  return promise.finally(() => clearTimeout(late))
}

function codeOf(status: number | undefined, parts: readonly Buffer[]): string | null {
  if (status === 200) return null
  const [, code] = /"code":\s*"([a-z-]+)"/.exec(Buffer.concat(parts).toString('latin1')) ?? []
  return code ?? null
}

/** More than any scenario lasts. */
const LONGEST_MS = 3_600_000

export interface TurnOptions {
  readonly scenario: Scenario
  readonly at: number
  /** Requests of one turn are the same for all. */
  readonly seed: number
  readonly forMs: number
  readonly decodes: number
}

export async function takeTurn(contender: Contender, options: TurnOptions): Promise<Turn> {
  const { scenario, at, seed, decodes } = options
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  const startedAt = performance.now()
  const client: Client = { contender, agent, at, deadlineMs: scenario.deadlineMs, startedAt }
  const random = streamOf(seed, scenario.name)
  const outcomes: Outcome[] = []
  let left = decodes
  const cut = setTimeout(() => agent.destroy(), Math.min(options.forMs + lingerMs(scenario), LONGEST_MS))
  const isOver = (): boolean => left <= 0 || performance.now() - startedAt >= options.forMs
  const one = async (): Promise<void> => {
    left--
    const outcome = await send(client, pick(scenario.mix, random.uniform()))
    outcomes.push(outcome)
    if (outcome.status !== 200) await sleep(BREATH_MS)
  }
  try {
    await arrive(scenario, random, isOver, one)
    return { outcomes, forMs: options.forMs, startedAt: performance.timeOrigin + startedAt }
  } finally {
    clearTimeout(cut)
    agent.destroy()
  }
}

/** After a failure a client takes breath, or it would fail thousands of times. */
const BREATH_MS = 50

async function arrive(
  { arrivals, clients }: Scenario,
  random: RandomStream,
  isOver: () => boolean,
  one: () => Promise<void>,
): Promise<void> {
  switch (arrivals.kind) {
    case 'at once':
      await Promise.all(Array.from({ length: clients }, one))
      return
    case 'closed':
      await Promise.all(
        Array.from({ length: clients }, async () => {
          while (!isOver()) await one()
        }),
      )
      return
    case 'open': {
      const running: Promise<void>[] = []
      let nextAt = performance.now()
      while (!isOver()) {
        running.push(one())
        nextAt += random.exponential(1_000 / arrivals.perSecond)
        await sleep(Math.max(0, nextAt - performance.now()))
      }
      await Promise.all(running)
    }
  }
}

/** Decodes before anything counts. */
export async function warmUp(contender: Contender, scenario: Scenario, at: number): Promise<void> {
  if (scenario.warmUpDecodes === 0) return
  const { warmUpDecodes: decodes, warmUpMix: mix = scenario.mix } = scenario
  const warm: Scenario = {
    ...scenario,
    mix,
    arrivals: { kind: 'closed' },
    clients: Math.min(scenario.clients, WARMERS),
  }
  await takeTurn(contender, { scenario: warm, at, seed: 0, forMs: Number.POSITIVE_INFINITY, decodes })
}

/** Clients that warm up at a time. */
const WARMERS = 8
