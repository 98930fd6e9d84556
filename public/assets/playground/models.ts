/** The models of this gateway: what it says of them, and what a latent looks like that is one of theirs. */
import { signal } from '@preact/signals'
import { inferModels } from '../../../src/models/inference.ts'
import { readGeometry } from '../../../src/models/latent-shape.ts'
import { isServable, type ServableModel } from '../../../src/models/servable.ts'
import type { VaeModel } from '../../../src/models/vae.ts'
import type { DecodeQuery } from '../../../src/wire/decode-query.ts'

/** Of a model, what the gateway says to anybody. */
type ListedModel = Omit<VaeModel, 'limits' | 'sources'> & {
  readonly served: boolean
  readonly shapes: string
  readonly operations: readonly string[]
  readonly availability: { readonly status: string }
}

export interface ServedModel extends ListedModel {
  /** What its geometry follows from; undefined where that is not known. */
  readonly vae: ServableModel | undefined
}

export type Models =
  | { readonly state: 'loading' }
  | { readonly state: 'unreachable' }
  | { readonly state: 'known'; readonly served: readonly ServedModel[] }

export const models = signal<Models>({ state: 'loading' })

export async function loadModels(): Promise<void> {
  try {
    const answer = await fetch('/v1/models', { credentials: 'omit' })
    if (!answer.ok) throw new Error('no list')
    const { models: listed } = (await answer.json()) as { models: readonly ListedModel[] }
    const served = listed.filter((model) => model.served)
    models.value = { state: 'known', served: served.map((model) => ({ ...model, vae: vaeOf(model) })) }
  } catch {
    models.value = { state: 'unreachable' }
  }
}

function vaeOf({
  limits: _,
  ...listed
}: ListedModel & { readonly limits?: unknown }): ServableModel | undefined {
  const model: VaeModel = { ...listed, sources: [] }
  return isServable(model) ? model : undefined
}

export const servedModels = (): readonly ServedModel[] =>
  models.value.state === 'known' ? models.value.served : []

export const findModel = (id: string | undefined): ServedModel | undefined =>
  servedModels().find((model) => model.id === id)

export interface PixelSize {
  readonly height: number
  readonly width: number
}

/** Models of this gateway that could have made the latent, the likeliest first. */
export function modelsFor(shape: readonly number[], size: PixelSize | undefined): ServedModel[] {
  const vaes = servedModels().flatMap(({ vae }) => vae ?? [])
  const query: Pick<DecodeQuery, 'shape' | 'size' | 'scaling'> = { shape, size, scaling: { kind: 'none' } }
  return inferModels(vaes, query as DecodeQuery).flatMap(({ id }) => findModel(id) ?? [])
}

/** Whether the shape is the model's; what is not known is let through, for the gateway knows. */
export const takes = ({ vae }: ServedModel, shape: readonly number[], size: PixelSize | undefined): boolean =>
  vae === undefined || readGeometry(vae, shape, size).ok

/** Packed latents are a list of tokens, which says nothing of height and width. */
export const isPacked = (shape: readonly number[]): boolean => shape.length === 3 && (shape[0] ?? 0) < 16

/** Sides of a picture with so many tokens of 16 x 16 pixels, the squarest first guess. */
export function guessSize(tokens: number): PixelSize {
  for (let rows = Math.floor(Math.sqrt(tokens)); rows > 1; rows--)
    if (tokens % rows === 0) return { height: rows * 16, width: (tokens / rows) * 16 }
  return { height: 16, width: tokens * 16 }
}
