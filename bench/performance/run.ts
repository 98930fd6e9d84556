/** Rounds: at each point every contender has its turn, again and again, so that none has the quiet minutes alone. */
import type { BackendAddress, Contender } from './contender.ts'
import { startGatewayContender } from './gateway.ts'
import { type Helper, startHelper } from './helper.ts'
import { type Measured, measure, type Point } from './measure.ts'
import { startNginx } from './nginx.ts'
import { startPassThrough } from './pass-through.ts'
import type { Round } from './summary.ts'

export interface Plan {
  readonly points: readonly Point[]
  readonly rounds: number
  /** Of load per contender, point and round. */
  readonly forMs: number
}

export interface Stage {
  readonly backend: BackendAddress
  readonly loader: Helper
  stop(): Promise<void>
}

export async function setStage(): Promise<Stage> {
  const start = (file: string) => startHelper(new URL(file, import.meta.url))
  const [backend, loader] = await Promise.all([start('backend.ts'), start('load.ts')])
  return {
    backend: { host: '127.0.0.1', port: Number(backend.greeting) },
    loader,
    stop: async () => {
      await Promise.all([backend.stop(), loader.stop()])
    },
  }
}

/** Code that was never run is slow, and what runs often is compiled better for thousands of requests. */
const WARM_UP: Point = { cell: '32k/60k', clients: 8 }
const WARM_UP_MS = 4_000

/** @param say hears of each round */
export async function runRounds(
  { points, rounds, forMs }: Plan,
  { backend, loader }: Stage,
  say: (text: string) => void,
): Promise<Round[]> {
  const contenders = await startAll(backend)
  try {
    for (const contender of contenders) {
      const { requests } = await measure(contender, WARM_UP, WARM_UP_MS, loader)
      if (requests === 0) throw new Error(`Nothing was served by the ${contender.name}.`)
    }
    const done: Round[] = []
    for (let round = 1; round <= rounds; round++) {
      for (const point of points) {
        say(`round ${round} of ${rounds}: ${point.cell}, ${point.clients} at a time`)
        const measured: Record<string, Measured> = {}
        for (const contender of rotated(contenders, round))
          measured[contender.name] = await measure(contender, point, forMs, loader)
        done.push({ ...point, measured: inOrder(measured, contenders) })
      }
    }
    return done
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()))
  }
}

async function startAll(backend: BackendAddress): Promise<Contender[]> {
  const direct = { name: 'direct', ...backend, key: 'none', pids: [], stop: async () => undefined }
  const nginx = await startNginx([backend])
  return [
    direct,
    ...(nginx ? [nginx] : []),
    await startPassThrough('pass-through', backend),
    await startPassThrough('buffering pass-through', backend),
    await startPassThrough('pass-through with leases', backend),
    await startPassThrough('bare design', backend),
    await startGatewayContender(backend),
  ]
}

/** Whoever comes first has no advantage. */
export const rotated = <T>(list: readonly T[], by: number): T[] => {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

const inOrder = (measured: Readonly<Record<string, Measured>>, order: readonly Contender[]) =>
  Object.fromEntries(order.flatMap(({ name }) => (measured[name] ? [[name, measured[name]]] : [])))

/** The peak of memory in a process that has done nothing else. */
export async function measureMemory(
  point: Point,
  forMs: number,
  { backend, loader }: Stage,
): Promise<Record<string, Measured>> {
  const measured: Record<string, Measured> = {}
  const starts = [
    () => startPassThrough('pass-through', backend),
    () => startPassThrough('buffering pass-through', backend),
    () => startGatewayContender(backend),
  ]
  for (const start of starts) {
    const contender = await start()
    try {
      measured[contender.name] = await measure(contender, point, forMs, loader)
    } finally {
      await contender.stop()
    }
  }
  return measured
}
