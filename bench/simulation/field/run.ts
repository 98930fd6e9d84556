/** A scenario of the field suite in virtual time: the same backends and the same clients, with the code that ships between. */
import { pick, type Scenario, type Size } from '../../scenario.ts'
import { assemble, type Machine } from '../assemble.ts'
import { Engine } from '../engine/engine.ts'
import { type RandomStream, streamOf } from '../engine/random.ts'
import { IdleGauge } from '../metrics/idle-gauge.ts'
import { Recorder } from '../metrics/recorder.ts'
import { orderOf } from '../model/order.ts'
import type { Ended, Workers } from '../model/workers.ts'
import type { PolicyFactory } from '../policies/policy.ts'
import { count, type FieldFigures, type Outcome } from './figures.ts'
import { CLIENT_MS, LOOPBACK } from './loopback.ts'

/** As the gateway has it when nothing is said. */
const DEADLINE_MS = 60_000
/** After a failure a client takes breath. */
const BREATH_MS = 50
/** Clients that warm up at a time. */
const WARMERS = 8

export async function runField(
  scenario: Scenario,
  factory: PolicyFactory,
  seed: number,
): Promise<FieldFigures> {
  const engine = new Engine()
  const surroundings = { engine, gauge: new IdleGauge(), recorder: new Recorder(1, 0, -1) }
  const plan = { faults: [], network: LOOPBACK, lossRate: 0, lossUntil: 0, hasMemory: false }
  const machines = scenario.backends.map(machineOf)
  const { workers } = assemble({ ...plan, machines }, factory, seed, surroundings)
  const clients = new Clients(engine, workers, scenario)
  if (scenario.warmUpDecodes > 0) {
    const { warmUpDecodes: decodes, warmUpMix: mix = scenario.mix } = scenario
    const count = Math.min(scenario.clients, WARMERS)
    await clients.take(
      { arrivals: { kind: 'closed' }, clients: count, mix, decodes },
      streamOf(0, scenario.name),
    )
  }
  const turn = await clients.take(scenario, streamOf(seed, scenario.name))
  return count(turn)
}

const machineOf = ({ networkMs, coldStartMs, ...own }: Scenario['backends'][number]): Machine => ({
  ...own,
  network: {
    ...LOOPBACK,
    uploadMs: LOOPBACK.uploadMs + networkMs,
    latencyMs: LOOPBACK.latencyMs + networkMs,
  },
  isAbortable: false,
  isScaleToZero: coldStartMs !== undefined,
  isAsleep: coldStartMs !== undefined,
  coldStartMs: coldStartMs ?? 0,
})

type Load = Pick<Scenario, 'arrivals' | 'clients' | 'mix' | 'decodes' | 'seconds'>

class Clients {
  readonly #engine: Engine
  readonly #workers: Workers
  readonly #deadlineMs: number | undefined
  #serial = 0

  constructor(engine: Engine, workers: Workers, { deadlineMs }: Scenario) {
    this.#engine = engine
    this.#workers = workers
    this.#deadlineMs = deadlineMs
  }

  /** Until all that was sent has ended. */
  async take(load: Load, random: RandomStream): Promise<{ outcomes: Outcome[]; forMs: number }> {
    const engine = this.#engine
    const startedAt = engine.now
    const forMs = (load.seconds ?? Number.POSITIVE_INFINITY) * 1_000
    const outcomes: Outcome[] = []
    let left = load.decodes ?? Number.POSITIVE_INFINITY
    const isOver = (): boolean => left <= 0 || engine.now - startedAt >= forMs
    const one = async (): Promise<void> => {
      left--
      const sentAt = engine.now
      const size = pick(load.mix, random.uniform())
      const { how, why } = await this.#send(size)
      const endedAt = engine.now + CLIENT_MS
      outcomes.push({
        sentAt: sentAt - startedAt,
        endedAt: endedAt - startedAt,
        size,
        why: how === 'served' ? null : why,
      })
      await this.#pass(how === 'served' ? CLIENT_MS : CLIENT_MS + BREATH_MS)
    }
    let isDone = false
    void this.#arrive(load, random, isOver, one).then(() => {
      isDone = true
    })
    while (!isDone) await engine.run(engine.now + 1_000)
    return { outcomes, forMs }
  }

  async #arrive(
    { arrivals, clients }: Load,
    random: RandomStream,
    isOver: () => boolean,
    one: () => Promise<void>,
  ): Promise<void> {
    const each = (client: () => Promise<void>): Promise<unknown> =>
      Promise.all(Array.from({ length: clients }, client))
    switch (arrivals.kind) {
      case 'at once':
        await each(one)
        return
      case 'closed':
        await each(async () => {
          while (!isOver()) await one()
        })
        return
      case 'open': {
        const running: Promise<void>[] = []
        while (!isOver()) {
          running.push(one())
          await this.#pass(random.exponential(1_000 / arrivals.perSecond))
        }
        await Promise.all(running)
      }
    }
  }

  #send(size: Size): Promise<Ended> {
    return this.#workers.serve({
      serial: this.#serial++,
      key: 0,
      costClass: size.frames > 1 ? 1 : 0,
      order: orderOf(size),
      workMs: 0,
      arrivedAt: this.#engine.now,
      deadlineMs: this.#deadlineMs ?? DEADLINE_MS,
      saysDeadline: this.#deadlineMs !== undefined,
      leavesAt: Number.POSITIVE_INFINITY,
      isPoison: false,
      isolate: 0,
      returns: 0,
      attempts: 0,
    })
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#engine.schedule(this.#engine.now + ms, () => resolve(), null)
    })
  }
}
