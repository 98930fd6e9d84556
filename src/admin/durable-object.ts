/** The directory of keys on the platform: one object. */
import { DurableObject } from 'cloudflare:workers'
import type { KeyRecord } from '../limits/protocol.ts'
import { KeyDirectory } from './directory.ts'
import type { DirectoryPage, PagePosition } from './protocol.ts'

export class Directory extends DurableObject {
  readonly #keys: KeyDirectory

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env)
    this.#keys = new KeyDirectory(ctx.storage.sql)
  }

  enter(records: readonly KeyRecord[]): void {
    this.ctx.storage.transactionSync(() => {
      for (const record of records) this.#keys.enter(record)
    })
  }

  find(id: string): KeyRecord | null {
    return this.#keys.find(id)
  }

  page(limit: number, after: PagePosition | null): DirectoryPage {
    return this.#keys.page(limit, after)
  }
}
