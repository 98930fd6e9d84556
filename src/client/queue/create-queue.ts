import type { Answer } from '../answer/present.ts'
import type { Client } from '../client.ts'
import type { As, DecodeOptions } from '../options.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import type { OnError, QueueOptions, Run } from './options.ts'
import { Queue } from './queue.ts'

/** A queue of decodes. */
export interface DecodeQueueOptions<A extends As, P extends OnError> extends QueueOptions<P> {
  readonly client: Client
  /** Of each of them. */
  readonly decode?: Omit<DecodeOptions<A>, 'signal'> | undefined
}

/** A queue of anything else: encodes, or decodes with options of their own. */
export interface RunQueueOptions<I, O, P extends OnError> extends QueueOptions<P> {
  readonly run: Run<I, O>
}

/**
 * A queue of latents to be decoded, or of whatever `run` does. Push and take at the same time: who pushes waits for room, which
 * comes from taking.
 *
 * @throws RangeError where concurrency or capacity is no number of pieces
 */
export function createQueue<A extends As = 'blob', P extends OnError = 'throw'>(
  options: DecodeQueueOptions<A, P>,
): Queue<TensorLike, Answer<A>, P>
export function createQueue<I, O, P extends OnError = 'throw'>(
  options: RunQueueOptions<I, O, P>,
): Queue<I, O, P>
export function createQueue<A extends As, I, O, P extends OnError>(
  options: DecodeQueueOptions<A, P> | RunQueueOptions<I, O, P>,
): Queue<TensorLike, Answer<A>, P> | Queue<I, O, P> {
  if ('run' in options) return new Queue<I, O, P>(options.run, options)
  const { client, decode } = options
  const run: Run<TensorLike, Answer<A>> = (latent, signal) => client.decode<A>(latent, { ...decode, signal })
  return new Queue<TensorLike, Answer<A>, P>(run, options)
}
