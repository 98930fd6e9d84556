/**
 * The form a request comes in: parameters in the query and raw bytes as the body, or both in JSON. JSON has to be
 * read before anything is known of the decode, so there is less room for it.
 */
import { type Problem, problem } from '../errors/problem.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { readJsonRequest } from '../wire/json-body.ts'
import { type Envelope, envelopeOf } from '../wire/media-types.ts'
import type { Intake, Upload } from './intake.ts'
import { checkEncoding } from './read-body.ts'

export interface RequestForm {
  readonly params: URLSearchParams
  /** The latent or the picture, when it came in JSON; held until it is released. */
  readonly inHand: Upload | undefined
}

/** Begins to read a body; or tells why this caller's is not even looked at. */
export type BeginIntake = () => Promise<Result<Intake, Problem>>

const MAX_JSON_BYTES = 12_000_000

/** @returns problems of the JSON; a request in the binary form is not read here */
export async function readForm(request: Request, begin: BeginIntake): Promise<Result<RequestForm, Problem>> {
  const params = queryOf(request.url)
  const envelope = envelopeOf(request.headers.get('content-type') ?? undefined)
  if (!envelope) return ok({ params, inHand: undefined })
  const bytes = checkJson(request.headers)
  if (!bytes.ok) return bytes
  const begun = await begin()
  if (!begun.ok) return begun
  const intake = begun.value
  const failed = await intake.fill(bytes.value)
  if (failed) return err(failed)
  const form = openEnvelope(intake, envelope, params)
  if (!form.ok) intake.giveUp()
  return form
}

/** The host is the client's to say and may be none that a URL can have. */
const queryOf = (url: string): URLSearchParams => new URLSearchParams(/\?(.*)/s.exec(url)?.[1])

/**
 * The text, and then the latent in its place, are what is paid for. Their copies live for this call only, in which
 * nothing else runs: there are never two of them in an isolate.
 */
function openEnvelope(
  intake: Intake,
  envelope: Envelope,
  params: URLSearchParams,
): Result<RequestForm, Problem> {
  const read = readJsonRequest(new TextDecoder().decode(intake.beginning()), envelope, params)
  if (!read.ok) return err(problem('invalid-body', `Expected ${read.error.expected}.`))
  return ok({ params: read.value.params, inHand: intake.finish(read.value.bytes.buffer) })
}

function checkJson(headers: Headers): Result<number, Problem> {
  const encoded = checkEncoding(headers)
  if (encoded) return err(encoded)
  const bytes = Number(headers.get('content-length') ?? Number.NaN)
  if (Number.isNaN(bytes)) {
    return err(problem('length-required', 'Expected Content-Length, which a body in JSON needs.'))
  }
  if (bytes <= MAX_JSON_BYTES) return ok(bytes)
  const detail = `Expected at most ${MAX_JSON_BYTES} bytes of JSON; tensor/binary takes larger latents.`
  return err(problem('payload-too-large', detail))
}
