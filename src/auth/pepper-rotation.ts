/** Puts a new pepper in front of those that there are: it signs from then on, the others still verify. Pure. */
import { toBase64 } from '../lib/bytes.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { type Pepper, parsePeppers } from './key-ring.ts'

const IDS = 256

/**
 * @param existing the text of `KEY_SECRETS`; empty when there are none yet
 * @param secret random bytes of the new pepper
 * @returns the new text and the id of the new pepper, or what was expected
 */
export function addPepper(
  existing: string,
  secret: Uint8Array<ArrayBuffer>,
): Result<{ readonly text: string; readonly id: number }, string> {
  const parsed = existing === '' ? ok([]) : parsePeppers(existing)
  if (!parsed.ok) return parsed
  const id = freeId(parsed.value)
  if (id === undefined) return err('less than 256 peppers; take out those whose keys are gone')
  return ok({ id, text: formatPeppers([[id, secret], ...parsed.value]) })
}

/** The one after the newest, so that an id says how old it is for as long as it can. */
function freeId(peppers: readonly Pepper[]): number | undefined {
  const taken = new Set(peppers.map(([id]) => id))
  const newest = peppers[0]?.[0] ?? 0
  for (let step = 1; step <= IDS; step++) {
    const id = (newest + step) % IDS
    if (!taken.has(id)) return id
  }
  return undefined
}

/** By hand: an object would put its numeric keys into the order of their values, and the newest would be lost. */
const formatPeppers = (peppers: readonly Pepper[]): string =>
  `{${peppers.map(([id, secret]) => `"${id}":"${toBase64(secret)}"`).join(',')}}`
