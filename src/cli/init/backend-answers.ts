/** What is said of a backend, by an option or to a question, and whether it can be so. Pure. */
import { checkBackendUrl } from '../../backends/backend-url.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { findModel, isServable } from '../../models/registry.ts'
import type { NewBackend } from './template.ts'

type Parser<T> = (text: string) => Result<T, string>

export const parseGatewayName: Parser<string> = (text) =>
  /^[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?$/.test(text) ? ok(text) : err('lower-case letters, digits and dashes')

export const parseBackendId: Parser<string> = (text) =>
  /^[a-z0-9][a-z0-9-]{0,62}$/.test(text) ? ok(text) : err('lower-case letters, digits and dashes, at most 63')

export const parseModels: Parser<string[]> = (text) => {
  const names = text.split(/[,+ ]+/).filter((name) => name !== '')
  const unknown = names.find((name) => {
    const model = findModel(name)
    return name !== '*' && !(model && isServable(model))
  })
  if (unknown !== undefined) return err(`models of the registry, and "${unknown}" is none`)
  return names.length > 0 ? ok(names) : err('at least one model, or * for all')
}

export const parseSecretName: Parser<string | undefined> = (text) => {
  if (text === '') return ok(undefined)
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) ? ok(text) : err('the name of a secret, not the secret itself')
}

export const parseSlots: Parser<number> = (text) => {
  const slots = Number(text)
  return Number.isInteger(slots) && slots >= 1 && slots <= 256
    ? ok(slots)
    : err('a whole number from 1 to 256')
}

export const parseUrl: Parser<string> = (text) => checkBackendUrl(text)

/** Inference Endpoints have a domain of their own. */
export const kindOf = (url: string): 'huggingface' | 'vae-backend' =>
  /\.endpoints\.huggingface\.cloud$/.test(URL.parse(url)?.hostname ?? '') ? 'huggingface' : 'vae-backend'

/**
 * A backend in one option: `id=gpu-1,url=https://…,models=sdxl+flux,token=HF_TOKEN,slots=2,sleeps`. Of these, `id`, `url`
 * and `models` are needed; the kind follows from the URL unless it is said.
 */
export function parseBackend(text: string): Result<NewBackend, string> {
  const said = new Map(
    text.split(',').map((part) => {
      const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(part.trim()) ?? []
      return [name, value] as const
    }),
  )
  const unknown = [...said.keys()].find((name) => !NAMES.has(name))
  if (unknown !== undefined) return err(`${[...NAMES].join(', ')}, and "${unknown}" is none of them`)
  const kind = said.get('kind')
  if (kind !== undefined && kind !== 'huggingface' && kind !== 'vae-backend') {
    return err('kind=huggingface or kind=vae-backend')
  }
  const id = parseBackendId(said.get('id') ?? '')
  if (!id.ok) return err(`id: ${id.error}`)
  const url = parseUrl(said.get('url') ?? '')
  if (!url.ok) return err(`url: ${url.error}`)
  const models = parseModels(said.get('models') ?? '')
  if (!models.ok) return err(`models: ${models.error}`)
  const token = parseSecretName(said.get('token') ?? '')
  if (!token.ok) return err(`token: ${token.error}`)
  const slots = parseSlots(said.get('slots') ?? '1')
  if (!slots.ok) return err(`slots: ${slots.error}`)
  return ok({
    id: id.value,
    url: url.value,
    models: models.value,
    kind: kind ?? kindOf(url.value),
    ...(token.value !== undefined && { tokenSecret: token.value }),
    slots: slots.value,
    scaleToZero: said.has('sleeps'),
  })
}

const NAMES: ReadonlySet<string> = new Set(['id', 'url', 'models', 'kind', 'token', 'slots', 'sleeps'])
