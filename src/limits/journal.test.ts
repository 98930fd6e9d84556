import { describe, expect, test } from 'vitest'
import { memoryDatabase } from '../../test/support/database.ts'
import { FakeAmbient } from '../../test/support/fake-ambient.ts'
import type { Database } from '../lib/database.ts'
import { type Account, admit } from './account.ts'
import { boundsOf, pixelsOf } from './bounds.ts'
import { Journal } from './journal.ts'
import { Ledger } from './ledger.ts'

const LIMITS = { requestsPerMinute: 3, megapixelsPerMinute: null, concurrency: null, megapixelsPerMonth: 2 }

describe('FC16: a key with a monthly limit on a disk that is full', () => {
  function onFullDisk() {
    const ambient = new FakeAmbient(Date.parse('2027-01-31T12:00:00Z'))
    const times = () => ({ now: ambient.now(), wall: ambient.wallNow() })
    const memory = memoryDatabase()
    let isFull = false
    const database: Database = {
      exec: (text, ...values) => {
        if (isFull && /^INSERT/.test(text.trim())) throw new Error('database or disk is full')
        return memory.exec(text, ...values)
      },
    }
    const faults: unknown[] = []
    const journal = new Journal(
      new Ledger(database),
      ambient,
      () => [account, times()],
      (error) => faults.push(error),
    )
    let account: Account = journal.read(times())
    isFull = true
    const bounds = boundsOf(LIMITS, undefined)
    /** Policies that a decode of so many megapixels breaks. */
    const ask = (megapixels: number): string[] => {
      const admitted = admit(account, pixelsOf(megapixels), bounds, times())
      account = admitted.account
      if (!admitted.ok) return admitted.violations.map(({ policy }) => policy)
      journal.charged(0, 'sdxl', admitted.charge.pixels, bounds.pixelsPerMonth)
      return []
    }
    return { ambient, ask, faults }
  }

  test('keeps what it has used of its minute and of its month', async () => {
    const { ambient, ask, faults } = onFullDisk()
    for (let i = 0; i < 3; i++) expect(ask(0.5)).toEqual([])
    expect(ask(0.5)).toEqual(['requests'])
    await ambient.pass(61_000)
    expect(ask(0.5)).toEqual([])
    expect(ask(0.5)).toEqual(['month'])
    expect(faults.length).toBeGreaterThan(0)
  })
})
