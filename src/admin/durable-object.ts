/** The directory on the platform: one object for the list of keys and for what is kept of backends. */
import { DurableObject } from 'cloudflare:workers'
import type { KeyRecord } from '../limits/protocol.ts'
import type { KeptBackend, BackendShelf as Shelf } from '../pool/shelf.ts'
import { BackendShelf } from './backend-shelf.ts'
import { KeyDirectory } from './directory.ts'
import type { DirectoryPage, DirectoryService, PagePosition } from './protocol.ts'

export class Directory extends DurableObject implements DirectoryService, Shelf {
  readonly #keys: KeyDirectory
  readonly #backends: BackendShelf

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env)
    this.#keys = new KeyDirectory(ctx.storage.sql)
    this.#backends = new BackendShelf(ctx.storage.sql)
  }

  async enter(records: readonly KeyRecord[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const record of records) this.#keys.enter(record)
    })
  }

  async find(id: string): Promise<KeyRecord | null> {
    return this.#keys.find(id)
  }

  async page(limit: number, after: PagePosition | null): Promise<DirectoryPage> {
    return this.#keys.page(limit, after)
  }

  async findBackends(ids: readonly string[]): Promise<readonly KeptBackend[]> {
    return ids.flatMap((id) => this.#backends.find(id) ?? [])
  }

  async keepBackends(backends: readonly KeptBackend[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const backend of backends) this.#backends.keep(backend)
    })
  }
}
