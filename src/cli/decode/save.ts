/** An answer on its way to a file. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { isComplete } from '../../wire/file-magic.ts'

/**
 * Writes beside the file and renames it when it is whole, so that a part never looks like all.
 *
 * @returns the number of bytes; undefined when they are not a whole picture or video
 * @throws what reading or writing throws; nothing is left behind then
 */
export async function saveWhole(
  body: AsyncIterable<Uint8Array>,
  output: string,
): Promise<number | undefined> {
  const part = `${output}.${randomBytes(4).toString('hex')}.part`
  const file = await open(part, 'wx')
  try {
    const bytes = await writeAll(file, body)
    await file.close()
    if (!isComplete(await readFile(part))) return undefined
    await rename(part, output)
    return bytes
  } finally {
    await file.close().catch(() => undefined)
    await rm(part, { force: true })
  }
}

async function writeAll(file: FileHandle, body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const chunk of body) {
    await file.writeFile(chunk)
    bytes += chunk.length
  }
  return bytes
}
