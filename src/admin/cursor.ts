/** Where a list goes on, as a text that clients hand back without reading it. */
import type { PagePosition } from './protocol.ts'

export const formatCursor = ({ createdAt, id }: PagePosition): string => `${createdAt.toString(36)}-${id}`

/** Undefined for a text that is no cursor of ours. */
export function parseCursor(text: string): PagePosition | undefined {
  const [, time, id] = /^([0-9a-z]{1,10})-([0-9a-f]{16})$/.exec(text) ?? []
  return time !== undefined && id !== undefined ? { createdAt: Number.parseInt(time, 36), id } : undefined
}
