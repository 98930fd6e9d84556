/** Names of keys by their ids, from the list of keys. Keys that were made without the gateway have none. */
import { effect, signal } from '@preact/signals'
import type { KeyPage } from '../../../src/admin/contract.ts'
import { ask } from './api.ts'
import { OTHERS } from './rows.ts'
import { token } from './session.ts'
import { board } from './watch.ts'

export const names = signal<ReadonlyMap<string, string>>(new Map())

const MAX_PAGES = 10
/** A key that is not listed will not be in the next moment either. */
const REST_MS = 60_000

let asked = new Set<string>()
let askedAt = 0

/** The list is asked for when a key shows up that it did not have. */
export function startNaming(): void {
  effect(() => {
    if (token.value !== '') return
    names.value = new Map()
    asked = new Set()
    askedAt = 0
  })
  effect(() => {
    const { keys = [], at = 0 } = board.value ?? {}
    const unheard = keys.filter(({ id }) => id !== OTHERS && !asked.has(id))
    if (unheard.length === 0 || at - askedAt < REST_MS) return
    askedAt = at
    asked = new Set(keys.map(({ id }) => id))
    void load(token.peek())
  })
}

async function load(known: string): Promise<void> {
  const found = new Map<string, string>()
  let cursor: string | null = null
  for (let page = 0; page < MAX_PAGES; page++) {
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const answer = await ask<KeyPage>(known, `/keys?limit=100${from}`)
    if (!answer.ok || known !== token.peek()) break
    for (const { id, name } of answer.value.keys) found.set(id, name)
    cursor = answer.value.cursor
    if (cursor === null) break
  }
  if (known === token.peek()) names.value = found
}
