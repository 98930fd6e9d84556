/** A body as `fetch` takes it, and how far it is. */
import type { Progress } from '../options.ts'

type Report = (progress: Progress) => void

const CHUNK_BYTES = 65_536

export const sizeOf = (body: Uint8Array<ArrayBuffer> | Blob): number =>
  body instanceof Blob ? body.size : body.length

/** Node and those like it take a stream; browsers do over HTTP/2 only, and tell nobody which one they have. */
export function streamsUploads(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } }
  return process?.versions?.node !== undefined
}

/** The bytes as a stream that says how far it is. */
export function watchUpload(
  body: Uint8Array<ArrayBuffer> | Blob,
  report: Report,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const totalBytes = sizeOf(body)
  let at = 0
  return new ReadableStream({
    async pull(controller) {
      const piece = await pieceOf(body, at)
      report({ phase: 'sending', bytes: at, totalBytes })
      at += piece.length
      if (piece.length > 0) controller.enqueue(piece)
      if (at < totalBytes) return
      controller.close()
      report({ phase: 'waiting', bytes: 0, totalBytes: undefined })
    },
  })
}

const pieceOf = async (body: Uint8Array<ArrayBuffer> | Blob, at: number): Promise<Uint8Array<ArrayBuffer>> =>
  body instanceof Blob
    ? new Uint8Array(await body.slice(at, at + CHUNK_BYTES).arrayBuffer())
    : body.subarray(at, at + CHUNK_BYTES)
