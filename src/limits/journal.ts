/** When a key's account is written down: seldom, because a written row costs more than the call that brought it. */
import type { Ambient } from '../lib/ambient.ts'
import { dayOf } from '../lib/days.ts'
import type { Account, Times } from './account.ts'
import type { Ledger } from './ledger.ts'
import { accountOf, pixelsToWrite, snapshotOf } from './snapshot.ts'

/** Between two writes. The platform lets go of an idle object after ten seconds, so this must be less. */
const WRITE_AFTER_MS = 5_000

interface Tally {
  readonly day: number
  readonly model: string
  requests: number
  pixels: number
}

export class Journal {
  readonly #ledger: Ledger
  readonly #ambient: Pick<Ambient, 'after'>
  readonly #current: () => readonly [Account, Times]
  readonly #forgetful: (error: unknown) => void
  /** Used and not yet written, by day and model. */
  readonly #tallies = new Map<string, Tally>()
  /** The month as it is written. */
  #written = { start: 0, pixels: 0 }
  #monthLimit: number | null = null
  #isTimerSet = false

  /** @param forgetful says that the database failed; the key goes on, and what is not written is written next time */
  constructor(
    ledger: Ledger,
    ambient: Pick<Ambient, 'after'>,
    current: () => readonly [Account, Times],
    forgetful: (error: unknown) => void,
  ) {
    this.#forgetful = forgetful
    this.#ledger = ledger
    this.#ambient = ambient
    this.#current = current
  }

  /** The account as the last life of the object left it. */
  read(times: Times): Account {
    const snapshot = this.#ledger.readAccount()
    if (snapshot) this.#written = { start: snapshot.monthStart, pixels: snapshot.monthPixels }
    this.#ledger.forget(dayOf(times.wall))
    return accountOf(snapshot, times)
  }

  /** @param monthLimit pixels per month; null: none, and then a crash may cost some of what is counted */
  charged(day: number, model: string, pixels: number, monthLimit: number | null): void {
    this.#tally(day, model, 1, pixels)
    this.#monthLimit = monthLimit
    const isBusy = this.#isTimerSet
    this.#writeSoon()
    const [{ month }] = this.#current()
    const isCovered = month.start === this.#written.start && month.pixels <= this.#written.pixels
    if (monthLimit === null || isCovered) return
    try {
      this.#writeAccount(isBusy)
    } catch (error) {
      // A full disk lifts no limit: what is in memory counts.
      this.#forgetful(error)
    }
  }

  refunded(day: number, model: string, pixels: number): void {
    this.#tally(day, model, -1, -pixels)
    this.#writeSoon()
  }

  /** Everything, exactly. */
  write(): void {
    for (const [name, { day, model, requests, pixels }] of this.#tallies) {
      if (requests !== 0 || pixels !== 0) this.#ledger.addUsage(day, model, requests, pixels)
      this.#tallies.delete(name)
    }
    this.#writeAccount(false)
  }

  #tally(day: number, model: string, requests: number, pixels: number): void {
    const name = `${day} ${model}`
    const tally = this.#tallies.get(name) ?? { day, model, requests: 0, pixels: 0 }
    tally.requests += requests
    tally.pixels += pixels
    this.#tallies.set(name, tally)
  }

  #writeSoon(): void {
    if (this.#isTimerSet) return
    this.#isTimerSet = true
    this.#ambient.after(WRITE_AFTER_MS, () => {
      this.#isTimerSet = false
      try {
        this.write()
      } catch (error) {
        this.#forgetful(error)
      }
    })
  }

  #writeAccount(isBusy: boolean): void {
    const [account, times] = this.#current()
    const { month } = account
    const pixels = pixelsToWrite(month.pixels, this.#monthLimit, isBusy)
    this.#ledger.writeAccount(snapshotOf(account, pixels, times))
    this.#written = { start: month.start, pixels }
  }
}
