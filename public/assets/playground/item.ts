/** What lies on the table: latents and pictures, each with what shall be done to it and what came of it. */
import { computed, signal } from '@preact/signals'
import { findModel, guessSize, isPacked, modelsFor, type PixelSize, servedModels, takes } from './models.ts'
import type { Outcome } from './outcome.ts'
import type { Tensor } from './tensor/tensor.ts'

export type Source =
  | { readonly kind: 'latent'; readonly tensor: Tensor }
  | { readonly kind: 'picture'; readonly file: Blob; readonly url: string }
  /** Raw bytes that do not say what they are. */
  | { readonly kind: 'raw'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'unreadable'; readonly why: string }

export interface Order {
  readonly modelId: string | undefined
  /** For packed latents. */
  readonly size: PixelSize | undefined
  /** Whether the latent is as the diffusion model made it, or already what the VAE takes. */
  readonly isScaled: boolean
  readonly format: 'png' | 'jpg' | 'mp4'
}

export interface Item {
  readonly id: number
  readonly name: string
  readonly source: Source
  readonly order: Order
  readonly work:
    | { readonly state: 'ready' | 'waiting' | 'running' }
    | { readonly state: 'done'; readonly outcome: Outcome }
}

export const items = signal<readonly Item[]>([])
export const selectedId = signal<number | undefined>(undefined)
export const selected = computed(() => items.value.find(({ id }) => id === selectedId.value))

let nextId = 1

/** @param hint what is known of it besides, as of a sample */
export function addItem(name: string, source: Source, hint: Partial<Order> = {}): Item {
  const item: Item = {
    id: nextId++,
    name,
    source,
    order: { ...usualOrder(source, hint.size), ...hint },
    work: { state: 'ready' },
  }
  items.value = [...items.value, item]
  selectedId.value = item.id
  return item
}

function usualOrder(source: Source, hinted: PixelSize | undefined): Order {
  if (source.kind === 'picture') {
    const modelId = servedModels().find(({ operations }) => operations.includes('encode'))?.id
    return { modelId, size: undefined, isScaled: false, format: 'png' }
  }
  const shape = source.kind === 'latent' ? source.tensor.shape : []
  const size = hinted ?? (isPacked(shape) ? guessSize(shape[1] ?? 1) : undefined)
  const model = modelsFor(shape, size)[0]
  return { modelId: model?.id, size, isScaled: false, format: model?.kind === 'video' ? 'mp4' : 'png' }
}

const replace = (changed: Item): void => {
  items.value = items.value.map((item) => (item.id === changed.id ? changed : item))
}

/** Says what an item is, once that is known. */
export function setSource(item: Item, source: Source): void {
  replace({ ...item, source, order: usualOrder(source, undefined), work: { state: 'ready' } })
}

/** Changes what shall be done, to all that are of the same shape: a batch is most often of one kind. */
export function setOrder(item: Item, change: Partial<Order>): void {
  items.value = items.value.map((other) =>
    isAlike(item, other)
      ? { ...other, order: withFormat({ ...other.order, ...change }), work: idle(other.work) }
      : other,
  )
}

/** A decode that is under way ends as it began. */
function idle(work: Item['work']): Item['work'] {
  if (work.state !== 'done') return work
  release(work.outcome)
  return { state: 'ready' }
}

function withFormat(order: Order): Order {
  const isVideo = findModel(order.modelId)?.kind === 'video'
  if (isVideo === (order.format === 'mp4')) return order
  return { ...order, format: isVideo ? 'mp4' : 'png' }
}

function isAlike(one: Item, other: Item): boolean {
  if (one.id === other.id) return true
  if (one.source.kind === 'picture') return other.source.kind === 'picture'
  return (
    one.source.kind === 'latent' &&
    other.source.kind === 'latent' &&
    String(one.source.tensor.shape) === String(other.source.tensor.shape)
  )
}

export function setWork(id: number, work: Item['work']): void {
  const item = items.value.find((each) => each.id === id)
  if (item) replace({ ...item, work })
  // It was taken away while it was under way.
  else if (work.state === 'done') release(work.outcome)
}

export function removeItem(item: Item): void {
  if (item.source.kind === 'picture') URL.revokeObjectURL(item.source.url)
  if (item.work.state === 'done') release(item.work.outcome)
  const index = items.value.findIndex(({ id }) => id === item.id)
  items.value = items.value.filter(({ id }) => id !== item.id)
  if (selectedId.value === item.id)
    selectedId.value = items.value[Math.min(index, items.value.length - 1)]?.id
}

function release(outcome: Outcome): void {
  if (outcome.kind === 'picture') URL.revokeObjectURL(outcome.url)
}

/** What is missing before an item can be sent; undefined when nothing is. */
export function whatIsMissing({ source, order }: Item): string | undefined {
  if (source.kind === 'unreadable') return source.why
  if (source.kind === 'raw') return 'Say the shape of these bytes.'
  const model = findModel(order.modelId)
  if (source.kind === 'picture') return model ? undefined : 'No backend of this gateway encodes pictures.'
  if (!model) return 'Choose the model that made this latent.'
  return takes(model, source.tensor.shape, order.size)
    ? undefined
    : `${model.id} expects ${model.shapes}${order.size ? ', and the size to match' : ''}.`
}
