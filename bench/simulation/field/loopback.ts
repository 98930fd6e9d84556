import type { Network } from '../model/network.ts'

/** What one machine's sockets and processes take, where the field suite has all of its parts on one. */
export const LOOPBACK: Network = { hopMs: 0.3, latencyMs: 0.4, uploadMs: 0.8, downloadMs: 0.4, jitter: 0.2 }

/** Between a client and the gateway, both ways. */
export const CLIENT_MS = 1
