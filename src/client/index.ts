/** vae-gateway/client: decode and encode through a gateway, from browsers, Node, Deno and Workers. */
export type { AnswerFacts, Warning } from './answer/facts.ts'
export type { Answer, Bitmap, Bodies } from './answer/present.ts'
export { type Client, createClient } from './client.ts'
export {
  AuthenticationError,
  BackendError,
  ConnectionError,
  DeadlineError,
  InvalidRequestError,
  RateLimitError,
  UnavailableError,
  UnexpectedAnswerError,
  VaeGatewayError,
} from './errors.ts'
export { writeNpy } from './files/npy.ts'
export { type FileFacts, readTensor } from './files/read-tensor.ts'
export { writeSafetensors } from './files/safetensors.ts'
export type { Model } from './models.ts'
export type {
  As,
  ClientOptions,
  DecodeOptions,
  EncodeOptions,
  Format,
  Progress,
  RequestOptions,
  Retry,
  RetryOptions,
  Scaling,
} from './options.ts'
export type { ProblemDocument } from './problem.ts'
export { createQueue, type DecodeQueueOptions, type RunQueueOptions } from './queue/create-queue.ts'
export type { Failed, QueueOptions, QueueProgress, QueueResult, Run, Success } from './queue/options.ts'
export type { Queue } from './queue/queue.ts'
export { fromFloats, toFloats } from './tensor/floats.ts'
export {
  type Dtype,
  type HalfArray,
  InvalidTensorError,
  type Tensor,
  type TensorData,
  type TensorLike,
} from './tensor/tensor.ts'
