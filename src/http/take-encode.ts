/** An encode request up to its body; of a picture its beginning, which says how large it is. */
import { type Problem, problem } from '../errors/problem.ts'
import { measure } from '../inspection/measure.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { parseEncodeQuery } from '../wire/encode-query.ts'
import { readPictureHeader } from '../wire/picture-header.ts'
import type { AppContext } from './context.ts'
import { type EncodeBody, type EncodeIntent, encodeOrder, readIntent } from './encode-order.ts'
import type { Intake, Upload } from './intake.ts'
import { checkPresentation } from './present.ts'
import { queryProblem } from './query-problem.ts'
import { checkUpload } from './read-body.ts'
import type { BeginIntake, RequestForm } from './read-form.ts'
import { readPictureHead } from './read-picture-head.ts'
import type { Taken } from './taken.ts'

/** @param mayServe whether the caller's plan has the model */
export async function takeEncode(
  c: AppContext,
  { params, inHand }: RequestForm,
  mayServe: (modelId: string) => Problem | undefined,
  begin: BeginIntake,
): Promise<Result<Taken, Problem>> {
  const { config, served, budget } = c.var.services
  const query = parseEncodeQuery(params)
  if (!query.ok) return err(queryProblem(query.error))
  const accept = c.req.header('accept')
  const intent = readIntent(query.value, accept, c.req.param('model'), served.encode, config.models)
  if (!intent.ok) return intent
  const forbidden = mayServe(intent.value.model.id)
  if (forbidden) return err(forbidden)
  const { tensor } = query.value
  if (tensor) return takeBody(c, intent.value, { kind: 'tensor', ...tensor }, inHand, undefined)
  if (inHand) {
    const { body } = inHand
    return takePicture(c, intent.value, new Uint8Array(body), body.byteLength, inHand, undefined)
  }
  const head = await readPictureHead(c.req.raw.headers, budget, begin)
  if (!head.ok) return head
  const { intake, bytes } = head.value
  const taken = takePicture(c, intent.value, intake.beginning(), bytes, undefined, intake)
  if (!taken.ok) intake.giveUp()
  return taken
}

function takePicture(
  c: AppContext,
  intent: EncodeIntent,
  head: Uint8Array,
  bytes: number,
  inHand: Upload | undefined,
  begun: Intake | undefined,
): Result<Taken, Problem> {
  const header = readPictureHeader(head)
  if (header) return takeBody(c, intent, { kind: 'picture', header, bytes }, inHand, begun)
  const expected = 'Expected a PNG, JPEG or WebP file, or a tensor of pixels with shape and dtype'
  return err(problem('invalid-picture', `${expected}; a latent is decoded, with output_type=pil, pt or mp4.`))
}

function takeBody(
  c: AppContext,
  intent: EncodeIntent,
  body: EncodeBody,
  inHand: Upload | undefined,
  begun: Intake | undefined,
): Result<Taken, Problem> {
  const { config } = c.var.services
  const read = encodeOrder(intent, body)
  if (!read.ok) return read
  const order = read.value
  const unacceptable =
    checkPresentation(order, config.dispatch.commitBytes) ??
    (body.kind === 'tensor'
      ? checkUpload(c.req.raw.headers, inHand?.body, order.bodyBytes, Number.POSITIVE_INFINITY)
      : undefined)
  if (unacceptable) return err(unacceptable)
  return ok({ order, inHand, begun, inspect: (bytes) => inspectPixels(bytes, body) })
}

/** A file is looked into by its decoder; of numbers it is known what they must be. */
function inspectPixels(bytes: ArrayBuffer, body: EncodeBody): Result<readonly never[], Problem> {
  if (body.kind === 'picture' || measure(bytes, body.dtype).isFinite) return ok([])
  return err(problem('invalid-picture', 'Expected finite numbers; the pixels hold NaN or infinity.'))
}
