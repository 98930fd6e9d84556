/**
 * The form a request comes in: parameters in the query and raw bytes as the body, or both in JSON. JSON has to be
 * read before anything is known of the decode, so there is less room for it.
 */
import type { ByteBudget } from '../dispatch/byte-budget.ts'
import { type Problem, problem } from '../errors/problem.ts'
import type { Ambient } from '../lib/ambient.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { readJsonRequest } from '../wire/json-body.ts'
import { type Envelope, envelopeOf } from '../wire/media-types.ts'
import { drain } from './drain.ts'
import { busy, checkEncoding, readUpload, type Upload } from './read-body.ts'

export interface RequestForm {
  readonly params: URLSearchParams
  /** The latent or the picture, when it came in JSON. */
  readonly bytes: ArrayBuffer | undefined
}

/** Text, its copy as a string, and the latent are in memory together. */
const MAX_JSON_BYTES = 12_000_000
const COPIES_WHILE_READ = 3

/** @returns problems of the JSON; a request in the binary form is not read here */
export async function readForm(
  request: Request,
  budget: ByteBudget,
  ambient: Ambient,
): Promise<Result<RequestForm, Problem>> {
  const params = queryOf(request.url)
  const envelope = envelopeOf(request.headers.get('content-type') ?? undefined)
  if (!envelope) return ok({ params, bytes: undefined })
  const text = await readText(request, budget, ambient)
  if (!text.ok) return text
  try {
    return openEnvelope(text.value.body, envelope, params)
  } finally {
    text.value.release()
  }
}

/** The host is the client's to say and may be none that a URL can have. */
const queryOf = (url: string): URLSearchParams => new URLSearchParams(/\?(.*)/s.exec(url)?.[1])

function openEnvelope(
  body: ArrayBuffer,
  envelope: Envelope,
  params: URLSearchParams,
): Result<RequestForm, Problem> {
  const read = readJsonRequest(new TextDecoder().decode(body), envelope, params)
  if (!read.ok) return err(problem('invalid-body', `Expected ${read.error.expected}.`))
  return ok({ params: read.value.params, bytes: read.value.bytes.buffer })
}

async function readText(
  request: Request,
  budget: ByteBudget,
  ambient: Ambient,
): Promise<Result<Upload, Problem>> {
  const encoded = checkEncoding(request.headers)
  if (encoded) return err(encoded)
  const length = Number(request.headers.get('content-length') ?? Number.NaN)
  if (Number.isNaN(length)) {
    return err(problem('length-required', 'Expected Content-Length, which a body in JSON needs.'))
  }
  if (length > MAX_JSON_BYTES) {
    const detail = `Expected at most ${MAX_JSON_BYTES} bytes of JSON; tensor/binary takes larger latents.`
    return err(problem('payload-too-large', detail))
  }
  const releaseCopies = budget.reserve(length * (COPIES_WHILE_READ - 1))
  if (!releaseCopies) {
    await drain(request, ambient, request.signal)
    return err(busy())
  }
  request.signal.addEventListener('abort', releaseCopies)
  const read = await readUpload(request, length, budget, ambient, request.signal)
  if (!read.ok) {
    releaseCopies()
    return read
  }
  const release = (): void => {
    read.value.release()
    releaseCopies()
  }
  return ok({ body: read.value.body, release })
}
