/** The answers of all parts as one. */
import { HEADER } from '../../wire/headers.ts'
import type { Answer } from '../attempt.ts'
import type { Dispatched, DispatchServices } from '../dispatch.ts'
import type { RelayEnd } from '../relay.ts'
import type { Company, Served } from './company.ts'
import { Rest } from './rest.ts'

/**
 * A small answer becomes one piece of memory, as it would be from one backend. Of a larger one the first part goes out
 * while the others wait, those that are not here as a whole held back by their sockets.
 *
 * @param parts in order, all of one dtype; at least one
 */
export function join(parts: readonly Served[], company: Company, services: DispatchServices): Dispatched {
  const all = parts.map(({ dispatched }) => dispatched)
  const [first] = all as [Dispatched]
  if (all.length === 1) return first
  return {
    ...(inOnePiece(all, services) ?? oneByOne(parts, company, services)),
    backendId: first.backendId,
    backendIds: all.flatMap(({ backendIds }) => backendIds),
    expectedMs: Math.max(...all.map(({ expectedMs }) => expectedMs)),
    attempts: all.reduce((sum, { attempts }) => sum + attempts, 0),
    queueMs: Math.max(...all.map(({ queueMs }) => queueMs)),
  }
}

type Joined = Pick<Dispatched, 'answer' | 'finish'>

/** Undefined where it is too large, or there is no room for it at the moment. */
function inOnePiece(
  all: readonly Dispatched[],
  { budget, commitBytes }: DispatchServices,
): Joined | undefined {
  const answers = all.map(({ answer }) => answer)
  const byteLength = answers.reduce((sum, { beginning }) => sum + beginning.length, 0)
  if (answers.some(({ rest }) => rest !== null) || byteLength > commitBytes) return undefined
  const release = budget.reserve(byteLength)
  if (!release) return undefined
  const beginning = new Uint8Array(byteLength)
  let at = 0
  for (const answer of answers) {
    beginning.set(answer.beginning, at)
    at += answer.beginning.length
    answer.release()
  }
  const whole = { beginning, byteLength, heldBytes: byteLength, release, headers: headersOf(answers) }
  const finish = (end: RelayEnd): void => {
    for (const each of all) each.finish(end)
  }
  return { answer: { ...(answers[0] as Answer), ...whole }, finish }
}

function oneByOne(parts: readonly Served[], company: Company, services: DispatchServices): Joined {
  const answers = parts.map(({ dispatched }) => dispatched.answer)
  const rest = new Rest(parts, company, services)
  const answer: Answer = {
    ...(answers[0] as Answer),
    headers: headersOf(answers),
    // Whatever breaks off one part breaks off all of them.
    abort: company.calledOff,
    release: () => rest.release(),
    following: rest,
  }
  company.signal.addEventListener('abort', () => rest.abort())
  return { answer, finish: (end) => rest.finish(end) }
}

/** What all parts agree on; their computing time is that of all of them. */
function headersOf(answers: readonly Answer[]): Record<string, string> {
  const [first, ...others] = answers.map(({ headers }) => headers)
  const agreed = Object.entries(first ?? {}).filter(([name, value]) =>
    others.every((headers) => headers[name] === value),
  )
  const times = answers.map(({ headers }) => Number(headers[HEADER.computeMs]))
  const computeMs = times.reduce((sum, ms) => sum + ms, 0)
  const isKnown = Number.isFinite(computeMs)
  return {
    ...Object.fromEntries(agreed),
    ...(isKnown && { [HEADER.computeMs]: String(Math.round(computeMs)) }),
  }
}
