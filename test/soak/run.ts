/** A run: start everything, let load and faults go on, wait until all is quiet, judge. */
import { setTimeout as sleep } from 'node:timers/promises'
import { seededChance } from './chance.ts'
import { runChaos } from './chaos.ts'
import { type Check, checksOf } from './checks.ts'
import { decode } from './good-client.ts'
import { LATENT_KINDS, QUIET_KIND } from './latent.ts'
import { runLoad } from './load.ts'
import type { SoakOptions } from './options.ts'
import { fileDescriptors } from './process-stats.ts'
import { heading, progress } from './report.ts'
import { waitForRest } from './rest.ts'
import { type Measurements, watch } from './watch.ts'
import { endWorld, startWorld, type World } from './world.ts'

const REPORT_MS = 10_000

export interface Outcome {
  readonly world: World
  readonly measured: Measurements
  readonly checks: readonly Check[]
}

/**
 * @param say takes a line for people
 * @param stop ends the run early; it is judged all the same
 */
export async function soak(
  options: SoakOptions,
  dataDir: string,
  say: (line: string) => void,
  stop: AbortSignal,
): Promise<Outcome> {
  const world = await startWorld(dataDir)
  try {
    say(heading(options, world.workerdPid))
    await firstRequests(world)
    const measured: Measurements = {
      resident: [],
      kept: [],
      descriptors: [],
      descriptorsAtStart: fileDescriptors(world.workerdPid),
      orphans: [],
      crowds: [],
      lagMs: [],
    }
    const over = AbortSignal.any([stop, AbortSignal.timeout(options.minutes * 60_000)])
    await Promise.all([
      runLoad(world, options.rate, seededChance(options.seed), over),
      runChaos(world, options, seededChance(options.seed + 1), over),
      watch(world, measured, over),
      sayProgress(() => say(progress(world, measured)), over),
    ])
    const rest = await waitForRest(world, measured.descriptorsAtStart)
    return { world, measured, checks: checksOf(world, measured, rest) }
  } finally {
    await endWorld(world)
  }
}

/** Each kind once, so that what the gateway opens once and keeps is open. */
async function firstRequests(world: World): Promise<void> {
  const [key = ''] = world.keys
  for (const kind of [...LATENT_KINDS, QUIET_KIND]) await decode(world, { kind, key, decodeMs: 0 })
}

async function sayProgress(sayIt: () => void, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await sleep(REPORT_MS, undefined, { signal: stop }).catch(() => undefined)
    sayIt()
  }
}
