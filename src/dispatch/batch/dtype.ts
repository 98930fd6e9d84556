/** One answer has one dtype: that of its first part. Backends of one pool may differ. */
import { err, ok, type Result } from '../../lib/result.ts'
import { type AnswerDtype, itemBytes, type LatentDtype } from '../../wire/dtype.ts'
import { readFloats, writeFloats } from '../../wire/tensor.ts'
import type { Answer } from '../attempt.ts'
import type { ByteBudget } from '../byte-budget.ts'
import { type DispatchServices, dispatch } from '../dispatch.ts'
import { type Company, letGo, type Served } from './company.ts'

/**
 * The parts, those in another dtype than the first converted where they are here as a whole, and decoded elsewhere
 * where they are not. `mixed`: that did not help either, and all of them are let go of.
 */
export async function sameDtype(
  parts: readonly Served[],
  company: Company,
  services: DispatchServices,
): Promise<Result<readonly Served[], 'mixed'>> {
  const dtype = parts[0]?.dispatched.answer.dtype
  const others = parts.filter(({ dispatched }) => dispatched.answer.dtype !== dtype)
  if (others.length === 0) return ok(parts)
  const strangers = others.flatMap(({ dispatched }) => dispatched.backendIds)
  const redone = await company.all(
    parts.map(async (part) => {
      const { answer } = part.dispatched
      if (answer.dtype === dtype) return ok([part])
      const converted = convert(answer, dtype, services.budget)
      if (converted) return ok([{ ...part, dispatched: { ...part.dispatched, answer: converted } }])
      letGo([part])
      const again = await dispatch({ ...part.job, avoid: strangers }, company.signal, services)
      if (!again.ok) return again
      const attempts = part.dispatched.attempts + again.value.attempts
      return ok([{ ...part, dispatched: { ...again.value, attempts } }])
    }),
  )
  if (!redone.ok) return err('mixed')
  if (redone.value.every(({ dispatched }) => dispatched.answer.dtype === dtype)) return redone
  letGo(redone.value)
  return err('mixed')
}

/** Undefined where not all of it is here, or there is no room for it twice. */
function convert(answer: Answer, dtype: AnswerDtype | undefined, budget: ByteBudget): Answer | undefined {
  if (answer.rest || !isFloat(answer.dtype) || !isFloat(dtype)) return undefined
  const { beginning } = answer
  const release = budget.reserve((beginning.length / itemBytes(answer.dtype)) * itemBytes(dtype))
  if (!release) return undefined
  const bytes = new Uint8Array(writeFloats(readFloats(beginning.slice().buffer, answer.dtype), dtype))
  answer.release()
  return { ...answer, beginning: bytes, byteLength: bytes.length, dtype, heldBytes: bytes.length, release }
}

const isFloat = (dtype: AnswerDtype | undefined): dtype is LatentDtype =>
  dtype !== undefined && dtype !== 'uint8'
