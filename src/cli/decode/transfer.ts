/** The request and its answer, piece by piece: up from memory, down to a file. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { streamOf } from '../../lib/stream.ts'
import { isComplete } from '../../wire/file-magic.ts'
import type { Progress } from '../terminal/progress.ts'

const CHUNK_BYTES = 65_536

/** The bytes as a stream that says how far it is. */
export function uploadOf(bytes: Uint8Array, progress: Progress): ReadableStream<Uint8Array> {
  function* chunks(): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      progress.show('sending', at, bytes.length)
      yield bytes.subarray(at, at + CHUNK_BYTES)
    }
    progress.show('decoding,', bytes.length, undefined)
  }
  return streamOf(chunks())
}

/**
 * Writes beside the file and renames it when it is whole, so that a part never looks like all.
 *
 * @param totalBytes as declared, where it is
 * @returns the number of bytes; undefined when they are not a whole picture or video
 * @throws what reading or writing throws; nothing is left behind then
 */
export async function saveWhole(
  body: AsyncIterable<Uint8Array>,
  output: string,
  totalBytes: number | undefined,
  progress: Progress,
): Promise<number | undefined> {
  const part = `${output}.${randomBytes(4).toString('hex')}.part`
  const file = await open(part, 'wx')
  try {
    const bytes = await writeAll(file, body, totalBytes, progress)
    await file.close()
    if (!isComplete(await readFile(part))) return undefined
    await rename(part, output)
    return bytes
  } finally {
    await file.close().catch(() => undefined)
    await rm(part, { force: true })
  }
}

async function writeAll(
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
  totalBytes: number | undefined,
  progress: Progress,
): Promise<number> {
  let bytes = 0
  for await (const chunk of body) {
    await file.writeFile(chunk)
    bytes += chunk.length
    progress.show('receiving', bytes, totalBytes)
  }
  return bytes
}
