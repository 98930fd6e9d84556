/** Runs scenarios: fake backends, contenders in turn, figures. */
import type { BackendAddress, Contender } from '../performance/contender.ts'
import { startHelper } from '../performance/helper.ts'
import { startNginx } from '../performance/nginx.ts'
import { rotated } from '../performance/run.ts'
import { idealRate, type Scenario } from '../scenario.ts'
import { WARM_UP } from '../scenarios.ts'
import type { FakeState } from './fake.ts'
import { type Counted, count, figuresOf, judge, type Turn, type Verdict } from './figures.ts'
import { startGatewayContender } from './gateway.ts'
import { startHaproxy } from './haproxy.ts'
import { Lanes } from './lanes.ts'
import { takeTurn, warmUp } from './load.ts'
import { directOverhead, gatewayOverhead } from './overhead.ts'

export interface Plan {
  readonly scenarios: readonly Scenario[]
  readonly rounds: number
  /** Share of the seconds of a scenario. */
  readonly share: number
  /**
   * Whether the machine may have other things to do. Then what the gateway itself takes for a decode is taken off what
   * others reach, and what fails is measured once more, by itself and with a new pool.
   */
  readonly isBusy: boolean
  /** It is there to look at; nothing is expected of it. */
  readonly withNginx: boolean
}

export interface Result {
  readonly name: string
  readonly row: string
  /** Requests per second. */
  readonly ideal: number
  /** Share of what others reach that is asked of the gateway. */
  readonly handicap: number
  readonly counted: Readonly<Record<string, Counted>>
  /** Decodes that each backend began, warm-up and all. */
  readonly decodes: Readonly<Record<string, readonly number[]>>
  readonly verdicts: readonly Verdict[]
}

const CONTENDERS = ['gateway', 'haproxy', 'nginx', 'direct'] as const
type Name = (typeof CONTENDERS)[number]

/** Requests per second of all scenarios that run at a time, so that they do not take the machine from each other. */
const MOST_PER_SECOND = 100
/** One that asks for more leaves room for those that sleep. */
const MOST_OF_ONE = 80

/** What a scenario is run with. */
interface Cast {
  readonly gateway: Contender
  /** Number of its pool; that of the pool for warming up. */
  readonly at: number
  readonly warmUpAt: number
  addresses(name: Name): readonly BackendAddress[]
}

/** @param say hears of each scenario that is done */
export async function runField(plan: Plan, say: (result: Result) => void): Promise<Result[]> {
  const { scenarios, isBusy } = plan
  const all = [...scenarios, ...(isBusy ? scenarios : []), WARM_UP]
  const url = new URL('backends.ts', import.meta.url)
  const backends = await startHelper(url, CONTENDERS.join('\n'), all.map(({ name }) => name).join('\n'))
  const ports = backends.greeting as readonly Record<Name, readonly number[]>[]
  const addressesOf = (at: number, name: Name): BackendAddress[] =>
    (ports[at]?.[name] ?? []).map((port) => ({ host: '127.0.0.1', port }))
  const pools = all.map((scenario, at) => ({ scenario, addresses: addressesOf(at, 'gateway') }))
  const gateway = await startGatewayContender(pools)
  try {
    const warmUpAt = all.length - 1
    await warmUp(gateway, WARM_UP, warmUpAt)
    const lanes = new Lanes(MOST_PER_SECOND)
    const run = async (scenario: Scenario, at: number, weight: number): Promise<Result> => {
      const release = await lanes.enter(weight)
      const addresses = (name: Name): BackendAddress[] => addressesOf(at, name)
      try {
        return await runScenario(scenario, plan, { gateway, at, warmUpAt, addresses })
      } finally {
        release()
      }
    }
    const runAll = scenarios.map(async (scenario, at) => {
      const first = await run(scenario, at, Math.min(idealRate(scenario), MOST_OF_ONE))
      const isDone = !isBusy || isKept(first)
      const result = isDone ? first : await run(scenario, scenarios.length + at, MOST_OF_ONE)
      say(result)
      return result
    })
    return await Promise.all(runAll)
  } finally {
    await Promise.all([gateway.stop(), backends.stop()])
  }
}

export const isKept = ({ verdicts }: Result): boolean => verdicts.every((verdict) => verdict.isKept)

async function runScenario(scenario: Scenario, plan: Plan, cast: Cast): Promise<Result> {
  const { gateway, at, addresses } = cast
  const others = await startOthers(scenario, plan, addresses)
  const contenders = [gateway, ...others]
  try {
    const rounds = scenario.isOnce || scenario.seconds === undefined ? 1 : plan.rounds
    const forMs = ((scenario.seconds ?? Number.POSITIVE_INFINITY) * 1_000 * plan.share) / rounds
    const decodes = scenario.decodes ?? Number.POSITIVE_INFINITY
    const turns: Record<string, Turn[]> = {}
    const ideals: number[] = []
    const reachable: number[] = []
    for (let seed = 1; seed <= rounds; seed++) {
      for (const contender of rotated(contenders, seed)) {
        // The others learn nothing. Right before its turn: some backends change with time.
        if (contender === gateway && seed === 1) await warmUp(gateway, scenario, at)
        const turn = await takeTurn(contender, { scenario, at, seed, forMs, decodes })
        turns[contender.name] = [...(turns[contender.name] ?? []), turn]
      }
      ideals.push(idealRate(scenario, await directOverhead(scenario, at, addresses('direct'))))
      reachable.push(idealRate(scenario, await gatewayOverhead(gateway, cast.warmUpAt)))
    }
    const ideal = mean(ideals)
    const handicap = plan.isBusy ? Math.min(1, mean(reachable) / ideal) : 1
    const states = Object.fromEntries(
      await Promise.all(contenders.map(async ({ name }) => [name, await statesOf(addresses(name as Name))])),
    ) as Record<string, readonly FakeState[]>
    return conclude(scenario, { turns, states, ideal, handicap }, plan)
  } finally {
    await Promise.all(others.map((other) => other.stop()))
  }
}

async function startOthers(
  scenario: Scenario,
  { withNginx }: Plan,
  addresses: Cast['addresses'],
): Promise<Contender[]> {
  if (scenario.isAlone) return []
  const haproxy = await startHaproxy(addresses('haproxy'), scenario.backends)
  const nginx = withNginx ? await startNginx(addresses('nginx')) : undefined
  return nginx ? [haproxy, nginx] : [haproxy]
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

interface Measured {
  readonly turns: Readonly<Record<string, readonly Turn[]>>
  readonly states: Readonly<Record<string, readonly FakeState[]>>
  readonly ideal: number
  readonly handicap: number
}

function conclude(
  scenario: Scenario,
  { turns, states, ideal, handicap }: Measured,
  { isBusy }: Plan,
): Result {
  const counted = Object.fromEntries(Object.entries(turns).map(([name, own]) => [name, count(own)]))
  const { haproxy } = counted
  const awake = states.gateway?.flatMap(({ awakeAt }) => awakeAt ?? []) ?? []
  const awakeAt = awake.length > 0 ? Math.min(...awake) : undefined
  const seen = { scenario, turns: turns.gateway ?? [], haproxy, ideal, handicap, awakeAt }
  return {
    name: scenario.name,
    row: scenario.row,
    ideal,
    handicap,
    counted,
    decodes: Object.fromEntries(
      Object.entries(states).map(([name, own]) => [name, own.map(({ decodes }) => decodes)]),
    ),
    verdicts: judge(scenario.expectations, figuresOf(seen), haproxy, isBusy),
  }
}

const statesOf = (addresses: readonly BackendAddress[]): Promise<FakeState[]> =>
  Promise.all(
    addresses.map(async ({ host, port }) => {
      const answer = await fetch(`http://${host}:${port}/field/state`)
      return (await answer.json()) as FakeState
    }),
  )
