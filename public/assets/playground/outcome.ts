/** What came back, and how to read it. */
import type { Tensor } from './tensor/tensor.ts'

export interface Problem {
  readonly title: string
  readonly detail: string
  readonly code: string | undefined
  readonly requestId: string | undefined
  /** Undefined when nothing answered. */
  readonly status: number | undefined
}

export interface Facts {
  readonly ms: number
  readonly bytes: number
  readonly backend: string | undefined
  readonly attempts: number
  readonly isPreview: boolean
  readonly requestId: string | undefined
  readonly spans: readonly Span[]
  readonly warnings: readonly string[]
}

export type Outcome =
  | { readonly kind: 'picture'; readonly url: string; readonly blob: Blob; readonly facts: Facts }
  | { readonly kind: 'latent'; readonly tensor: Tensor; readonly facts: Facts }
  | { readonly kind: 'problem'; readonly problem: Problem }

export interface Span {
  readonly name: string
  readonly ms: number
}

/** `auth;dur=0.1, upload;dur=3` */
export const parseServerTiming = (field: string | null): Span[] =>
  [...(field ?? '').matchAll(/([\w-]+);dur=([0-9.]+)/g)].map(([, name = '', ms]) => ({
    name,
    ms: Number(ms),
  }))

/** Codes of `latent-scaled-twice;std=5.17, other`. */
export const parseWarnings = (field: string | null): string[] =>
  (field ?? '').split(',').flatMap((item) => /^\s*([\w-]+)/.exec(item)?.[1] ?? [])

export const sizeOf = (bytes: number): string =>
  bytes < 1024
    ? `${bytes} B`
    : bytes < 1024 ** 2
      ? `${(bytes / 1024).toFixed(1)} KB`
      : `${(bytes / 1024 ** 2).toFixed(1)} MB`

export const timeOf = (ms: number): string =>
  ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`

/** `png` of `image/png`, `jpg` of `image/jpeg`. */
export const extensionOf = (type: string): string => type.replace(/^.*\//, '').replace('jpeg', 'jpg')
