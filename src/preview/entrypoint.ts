/**
 * The preview as a backend of its own: same protocol, own entrypoint, so that the gateway reaches it as it reaches
 * any decoder and a fault in it is a fault of a backend.
 */
import { WorkerEntrypoint } from 'cloudflare:workers'
import { realAmbient } from '../lib/ambient.ts'
import { sleep } from '../lib/sleep.ts'
import { streamOf } from '../lib/stream.ts'
import { expectAnswer } from '../models/answer.ts'
import { readGeometry } from '../models/latent-shape.ts'
import { findModel } from '../models/registry.ts'
import { parseDecodeQuery } from '../wire/decode-query.ts'
import { tensorBytes } from '../wire/dtype.ts'
import { formatShape, HEADER } from '../wire/headers.ts'
import { negotiate } from '../wire/media-types.ts'
import { decodePreview } from './decode.ts'
import { canPreview, latentRgb } from './factors/index.ts'
import { Turns } from './turns.ts'

export class Preview extends WorkerEntrypoint {
  /** POST /{model} with a decode query and the latent as body. */
  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const model = findModel(url.pathname.slice(1))
    const query = parseDecodeQuery(url.searchParams)
    if (!model || !canPreview(model)) return refuse(404, 'no preview of this model')
    const rgb = latentRgb(model)
    if (!rgb || !query.ok) return refuse(400, 'a decode query')
    const geometry = readGeometry(model, query.value.shape, query.value.size)
    const outputType = query.value.outputType ?? 'pil'
    const offer = negotiate(
      request.headers.get('accept') ?? undefined,
      outputType,
      query.value.imageFormat,
      model.kind,
    )
    if (!geometry.ok || !offer.ok) return refuse(400, 'a shape and an answer type of this model')
    const body = await request.arrayBuffer()
    if (body.byteLength !== tensorBytes(query.value.shape, query.value.dtype))
      return refuse(400, 'a whole latent')

    const expected = expectAnswer(
      model,
      geometry.value,
      offer.value.format,
      outputType,
      query.value.partialPostprocess,
    )
    const turns = new Turns(async () => {
      request.signal.throwIfAborted()
      // A task of its own, and not of the microtasks, which come before everything else.
      await sleep(0, realAmbient)
    })
    const answer = await decodePreview(model, rgb, geometry.value, query.value, expected, body, turns)
    const headers = new Headers({ 'content-type': expected.mediaType, [HEADER.quality]: 'preview' })
    if (expected.kind === 'tensor' && answer.dtype) {
      headers.set(HEADER.shape, formatShape(expected.shape))
      headers.set(HEADER.dtype, answer.dtype)
    }
    const { readable, writable } = new FixedLengthStream(answer.byteLength)
    // A caller that leaves breaks the pipe, which is no error of ours.
    this.ctx.waitUntil(
      streamOf(answer.chunks)
        .pipeTo(writable)
        .catch(() => undefined),
    )
    return new Response(readable, { headers })
  }
}

const refuse = (status: number, expected: string): Response =>
  Response.json({ error: `expected ${expected}` }, { status })
