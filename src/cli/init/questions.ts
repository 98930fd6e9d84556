/** Asks for what a new gateway needs, one question after the other, and again where an answer cannot be so. */
import { createInterface, type Interface } from 'node:readline'
import type { Result } from '../../lib/result.ts'
import { CommandFailure } from '../ending.ts'
import {
  kindOf,
  parseBackendId,
  parseGatewayName,
  parseModels,
  parseSecretName,
  parseSlots,
  parseUrl,
} from './backend-answers.ts'
import type { NewBackend, NewGateway } from './template.ts'

export class Questioner {
  readonly #lines: Interface
  readonly #answers: AsyncIterator<string>

  constructor(input: NodeJS.ReadableStream) {
    this.#lines = createInterface({ input })
    // Lines that come before they are asked for, as from a pipe, are not lost.
    this.#answers = this.#lines[Symbol.asyncIterator]()
  }

  /** @param usual what an empty answer means */
  async ask<T>(question: string, usual: string, parse: (text: string) => Result<T, string>): Promise<T> {
    for (;;) {
      process.stderr.write(`${question}${usual === '' ? '' : ` [${usual}]`}: `)
      const { value, done } = await this.#answers.next()
      if (done) throw new CommandFailure('\nThe answers ended before the questions. Nothing was written.')
      const parsed = parse(value.trim() || usual)
      if (parsed.ok) return parsed.value
      process.stderr.write(`  Expected ${parsed.error}.\n`)
    }
  }

  isSure(question: string, usual: 'y' | 'n'): Promise<boolean> {
    return this.ask(`${question} (y/n)`, usual, (text) => {
      const first = text.toLowerCase()
      return /^(y|yes|n|no)$/.test(first)
        ? { ok: true, value: first.startsWith('y') }
        : { ok: false, error: 'y or n' }
    })
  }

  close(): void {
    this.#lines.close()
  }
}

export async function askForGateway(questioner: Questioner): Promise<NewGateway> {
  const name = await questioner.ask('Name of the Worker', 'vae-gateway', parseGatewayName)
  const backends: NewBackend[] = []
  while (
    await questioner.isSure(
      backends.length === 0 ? 'Add a decoder?' : 'Another one?',
      backends.length === 0 ? 'y' : 'n',
    )
  ) {
    backends.push(await askForBackend(questioner, backends.length + 1))
  }
  return { name, backends }
}

async function askForBackend(questioner: Questioner, number: number): Promise<NewBackend> {
  const url = await questioner.ask('  Its URL, where decodes are POSTed', '', parseUrl)
  const kind = kindOf(url)
  const id = await questioner.ask('  A public name for it', `gpu-${number}`, parseBackendId)
  const models = await questioner.ask('  Models it decodes, as in sdxl,flux', 'sdxl', parseModels)
  const usualSecret = kind === 'huggingface' ? 'HF_TOKEN' : ''
  const tokenSecret = await questioner.ask(
    '  Name of the secret that holds its token, - for none',
    usualSecret || '-',
    (text) => parseSecretName(text === '-' ? '' : text),
  )
  const slots = await questioner.ask('  Decodes it takes at a time', '1', parseSlots)
  const scaleToZero = await questioner.isSure(
    '  May it sleep (scale to zero)?',
    kind === 'huggingface' ? 'y' : 'n',
  )
  return { id, url, models, kind, slots, scaleToZero, ...(tokenSecret !== undefined && { tokenSecret }) }
}
