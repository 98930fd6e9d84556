/** What the Worker and the directory of keys say to each other. Both sides may be one release apart. */
import type { KeyRecord } from '../limits/protocol.ts'

/** Where a page ends: the next one begins after this key. */
export interface PagePosition {
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly id: string
}

export interface DirectoryPage {
  /** The latest first. */
  readonly records: readonly KeyRecord[]
  /** Null on the last page. */
  readonly next: PagePosition | null
}

/**
 * The list of keys. What a key may do is decided by its own object; this one is asked by operators, and what it knows of a
 * key where the object of that does not answer.
 */
export interface DirectoryService {
  /** Adds records or puts them in the place of older ones, all or none. */
  enter(records: readonly KeyRecord[]): Promise<void>
  /** Null for a key that is not on the list. */
  find(id: string): Promise<KeyRecord | null>
  /** @param after position that the page before ended at; null for the first */
  page(limit: number, after: PagePosition | null): Promise<DirectoryPage>
}
