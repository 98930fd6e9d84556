/**
 * `npm run test:privacy`: sends texts and bytes that nobody else sends through everything that a gateway does, and searches
 * every place where they could have stayed. Ends with 1 when one is found, when a control is not, or when something
 * did not happen that should have.
 */
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ProblemCode, problemCodes } from '../../src/errors/codes.ts'
import { UNMET } from './codes.ts'
import { missedControls } from './controls.ts'
import { formNames } from './forms.ts'
import { leaks, leakyTree } from './leaks.ts'
import { type Leaked, type Proof, prove } from './proof.ts'
import { refusalLeaks } from './refusal.ts'
import type { Sink } from './sinks.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const SHOWN = 20
const failures: string[] = []
const fail = (what: string, details: readonly string[]): void => {
  if (details.length === 0) return
  failures.push(what)
  console.log(`FAIL ${what}: ${details.length}`)
  for (const detail of details.slice(0, SHOWN)) console.log(`     ${detail}`)
}
const startedAt = performance.now()

// Both wait more than they work.
const tree = leakyTree(root)
const [proof, leaky, refused] = await Promise.all([
  prove(root, false),
  prove(tree, true),
  refusalLeaks(root),
]).finally(() => rmSync(tree, { recursive: true, force: true }))

// A gateway that keeps what it promises.
describe(proof)
fail('found where it must not be', proof.leaked.map(sentence))
fail('not as it should have been', proof.complaints)
fail('files that the gateway has open and nobody searched', proof.unsearched)
fail('problems that were not met', unmet(proof))
fail('found in what a refused configuration says', refused.leaked.map(sentence))
fail('a configuration that must be refused', refused.isRefused ? [] : ['was not'])

// Leaks that must be found.
const { planted, missed } = await missedControls(root)
console.log(
  `controls     ${planted - missed.length} of ${planted} planted leaks were found: every form in every kind of place`,
)
fail(
  'planted and not found',
  missed.map(({ form, sink }) => `${form} in ${sink}`),
)
const gifts = leaks.flatMap(({ name, gives }) => gives.map(([kind, sink]) => ({ name, kind, sink })))
const unnoticed = gifts.filter(
  ({ kind, sink }) => !leaky.leaked.some((leak) => leak.canary.kind === kind && sink.test(leak.sink)),
)
console.log(
  `leaky copy   ${gifts.length - unnoticed.length} of ${gifts.length} leaks of a gateway with ${leaks.length} faults were found`,
)
fail(
  'leaks that were not noticed',
  unnoticed.map(({ name, kind, sink }) => `${name}: ${kind} in ${sink}`),
)
console.log(`time         ${Math.round((performance.now() - startedAt) / 1000)} s`)
console.log(failures.length === 0 ? 'PASS: nothing was found' : `FAIL: ${failures.join('; ')}`)
process.exitCode = failures.length === 0 ? 0 : 1

function describe({ told, routes, canaries, patterns, searchedBytes, sinks, backendsAsked }: Proof): void {
  const statuses = [...new Set(told.map(({ status }) => status))].filter((status) => status > 0).toSorted()
  const codes = new Set(told.flatMap(({ code }) => code ?? []))
  console.log(
    `traffic      ${told.length} requests to ${routes.length} routes, ${backendsAsked} decodes at backends`,
  )
  console.log(
    `outcomes     ${statuses.join(', ')}; ${codes.size} problem codes; ${told.filter(({ status }) => status === 0).length} clients that left`,
  )
  console.log(
    `canaries     ${canaries}, as ${patterns} patterns in ${formNames.length} forms, also inside gzip, zlib, deflate, brotli, zstd and base64`,
  )
  console.log(
    `searched     ${sinks.length} places, ${(searchedBytes / 1e6).toFixed(1)} MB with what was unpacked`,
  )
  for (const [kind, of] of byKind(sinks)) {
    const bytes = of.reduce((sum, sink) => sum + sink.bytes.length, 0)
    console.log(
      `  ${kind.padEnd(10)} ${String(of.length).padStart(4)} ${(bytes / 1000).toFixed(0).padStart(7)} KB`,
    )
  }
}

function byKind(sinks: readonly Sink[]): Map<string, Sink[]> {
  return Map.groupBy(sinks, ({ name }) => /^[a-z]+/.exec(name)?.[0] ?? name)
}

function sentence({ canary, form, sink }: Leaked): string {
  return `${canary.kind} (${canary.name}) as ${form} in ${sink}`
}

/** Codes that neither an answer nor the log names. */
function unmet({ told, sinks }: Proof): ProblemCode[] {
  const log = sinks.find(({ name }) => name.startsWith('out: stdout'))?.bytes.toString() ?? ''
  const met = new Set(told.map(({ code }) => code))
  return problemCodes.filter(
    (code) => !met.has(code) && !log.includes(`"code":"${code}"`) && !Object.hasOwn(UNMET, code),
  )
}
