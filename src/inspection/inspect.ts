import { type Problem, problem } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { VaeModel } from '../models/vae.ts'
import type { DecodeQuery } from '../wire/decode-query.ts'
import { type Warning, warningKind } from './codes.ts'
import { diagnose } from './diagnose.ts'
import { measure } from './measure.ts'

/**
 * Looks into a latent before a backend does. Numbers that are none are always refused, for they come out black; what
 * only looks wrong is refused when the client asked for that.
 *
 * @param body whole elements of the query's dtype
 * @param known models whose factors are recognised
 */
export function inspect(
  body: ArrayBuffer,
  query: Pick<DecodeQuery, 'dtype' | 'scaling' | 'strict'>,
  model: VaeModel,
  known: readonly VaeModel[],
): Result<readonly Warning[], Problem> {
  const measured = measure(body, query.dtype)
  if (!measured.isFinite) {
    return err(
      problem(
        'latent-not-finite',
        'Expected finite numbers; the latent holds NaN or infinity and decodes to black.',
      ),
    )
  }
  const warnings = diagnose(measured, model, query.scaling, known)
  const [first] = warnings
  if (!first || !query.strict) return ok(warnings)
  const { meaning, remedy } = warningKind(first.code)
  return err(problem('latent-suspicious', `${first.code}: ${meaning} ${remedy}`))
}
