/** Answers of backends for code that reads them as the runtime lets it, without a runtime. */

/** A body that is there as a whole, or not at all until it is aborted. */
export interface FakeBody {
  readonly bytes: Uint8Array
  /** Never ends, and has fewer bytes than are waited for. */
  readonly hangs?: boolean
}

/** @param onEnd called when the body has been read, cancelled or aborted */
export function fakeResponse(
  status: number,
  headers: Readonly<Record<string, string>>,
  { bytes, hangs = false }: FakeBody,
  signal: AbortSignal,
  onEnd: () => void = () => undefined,
): Response {
  let at = 0
  const reader = {
    readAtLeast: (wanted: number) =>
      new Promise<{ value: Uint8Array }>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error)
        const value = bytes.subarray(at, at + wanted)
        at += value.length
        if (at >= bytes.length && !hangs) onEnd()
        if (!hangs || value.length === wanted) return resolve({ value })
        signal.addEventListener('abort', () => {
          onEnd()
          reject(signal.reason as Error)
        })
      }),
    releaseLock: () => undefined,
    cancel: async () => onEnd(),
  }
  const body = { getReader: () => reader, cancel: async () => onEnd() }
  return { status, headers: new Headers(headers), body } as unknown as Response
}
