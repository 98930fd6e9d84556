/** Times between the parts. From the end of a decode until the next body is there the GPU waits for all of them. */

export interface Network {
  /** One way between Worker and pool. */
  readonly hopMs: number
  /** One way between Worker and backend. */
  readonly latencyMs: number
  /** Connecting and sending a body to a backend. */
  readonly uploadMs: number
  /** Receiving an answer, after its headers. */
  readonly downloadMs: number
  /** Times vary by this share, both ways. */
  readonly jitter: number
}

/** 60 ms of dead time: an answer's headers, two hops, an upload. */
export const NEARBY: Network = { hopMs: 10, latencyMs: 10, uploadMs: 30, downloadMs: 20, jitter: 0.2 }

/** What a request takes besides waiting and its decode. */
export const transferMs = ({ uploadMs, latencyMs, downloadMs }: Network): number =>
  uploadMs + latencyMs + downloadMs

export const deadTimeMs = (network: Network): number =>
  network.latencyMs + 2 * network.hopMs + network.uploadMs
