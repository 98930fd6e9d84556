/** Batches, which go to several backends in parts and come back as one answer. */
import type { Cast } from './cast.ts'
import { TENSOR } from './client.ts'
import type { Sent } from './exchange.ts'

const COUNT = 4
/** Of a latent, in elements; long enough a decode to be worth a part. */
const SIDE = 32
const QUERY = `output_type=pt&partial_postprocess=True&shape=${COUNT}&shape=4&shape=${SIDE}&shape=${SIDE}&dtype=float16&do_scaling=True`

export async function sendBatches(cast: Cast, key: string): Promise<void> {
  const [whole] = await Promise.all([
    send(cast, 'batch', key),
    send(cast, 'batch-with-a-part-retried', key),
    send(cast, 'batch-left', key, 'in the answer'),
  ])
  for (const name of ['batch', 'batch-with-a-part-retried']) {
    const parts = cast.upstream.attemptsOf(name)
    if (parts < 2) cast.complaints.push(`${name} went in ${parts} part`)
  }
  if (!/^x-vae-backend: .*batch-1/im.test(whole)) cast.complaints.push(`a batch says: ${whole}`)
}

/** @returns the head of the answer */
async function send(cast: Cast, model: string, key: string, leaves?: Sent['leaves']): Promise<string> {
  const latents = Array.from({ length: COUNT }, (_, i) => cast.words.latent(`${model}, the ${i + 1}th`, SIDE))
  const body = Buffer.concat(latents)
  const facts = { query: QUERY, headers: TENSOR, body, owns: latents, ...(leaves && { leaves }) }
  const told = await cast.decode(model, key, facts)
  cast.expect(model, told, '200')
  return told.head
}
