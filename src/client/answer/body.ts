/** The bytes of an answer: all of them, or a stream that breaks where they are not all. */
import { isComplete } from '../../wire/file-magic.ts'
import { ConnectionError } from '../errors.ts'
import type { Progress } from '../options.ts'
import type { Contents } from './contents.ts'

type Report = ((progress: Progress) => void) | undefined

/** @throws ConnectionError when they are not as many as there must be, or no whole file */
export async function readWhole(
  response: Response,
  contents: Contents,
  report: Report,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await (report ? readWatched(response, contents, report) : readAtOnce(response))
  checkLength(bytes.length, contents.bytes)
  if (!contents.tensor && !isComplete(bytes)) throw incomplete('The file that came is not whole.')
  return bytes
}

/** What was sent, piece by piece; it fails at its end where that comes too early or too late. */
export function watchStream(
  response: Response,
  { bytes: totalBytes }: Contents,
  report: Report,
  onEnd: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = bodyOf(response).getReader()
  let bytes = 0
  report?.({ phase: 'receiving', bytes, totalBytes })
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) checkLength(bytes, totalBytes)
        else {
          bytes += value.length
          report?.({ phase: 'receiving', bytes, totalBytes })
          controller.enqueue(value)
          return
        }
        controller.close()
      } catch (error) {
        controller.error(error instanceof ConnectionError ? error : brokeOff(error))
      }
      onEnd()
    },
    async cancel(reason) {
      onEnd()
      await reader.cancel(reason)
    },
  })
}

async function readWatched(
  response: Response,
  contents: Contents,
  report: NonNullable<Report>,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  const reader = watchStream(response, contents, report, () => undefined).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return joined(pieces)
    pieces.push(value)
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

async function readAtOnce(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    throw brokeOff(error)
  }
}

const bodyOf = (response: Response): ReadableStream<Uint8Array<ArrayBuffer>> =>
  (response.body ?? new Blob([]).stream()) as ReadableStream<Uint8Array<ArrayBuffer>>

function checkLength(bytes: number, expected: number | undefined): void {
  if (expected !== undefined && bytes !== expected)
    throw incomplete(`Expected ${expected} bytes, but ${bytes} came.`)
}

const incomplete = (message: string): ConnectionError =>
  new ConnectionError({ message, code: 'incomplete-answer' })

const brokeOff = (cause: unknown): ConnectionError =>
  new ConnectionError({ message: 'The answer broke off.', code: 'broke-off', cause })
