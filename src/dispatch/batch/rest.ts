/** The parts of an answer that go out one after the other, and what happens to one whose backend dies while it waits. */
import type { Answer, Following } from '../attempt.ts'
import { type DispatchServices, dispatch } from '../dispatch.ts'
import { STREAMED_BYTES } from '../hold.ts'
import type { RelayEnd } from '../relay.ts'
import { backendPatience, FIRST_PIECE_BYTES } from '../stall.ts'
import { WatchedReader } from '../watched-reader.ts'
import type { Company, Served } from './company.ts'

/** Times that a part which died before any byte of it went out is decoded again. */
const MAX_REPLAYS = 2

/** Time for that, whatever the deadline: the answer has begun, and its client is reading. */
const REPLAY_MS = 60_000

export class Rest implements Following {
  readonly byteLength: number
  readonly #parts: Served[]
  readonly #company: Company
  readonly #services: DispatchServices
  /** Undefined where latents cannot be kept for another try. */
  readonly #releaseLatents: (() => void) | null
  readonly #ended = new Set<number>()
  /** The part that goes out. */
  #current = 0
  #isFinished = false

  constructor(parts: readonly Served[], company: Company, services: DispatchServices) {
    this.#parts = parts.map((part, i) => (i === 0 ? part : withoutHold(part)))
    this.#company = company
    this.#services = services
    this.byteLength = sum(parts.slice(1), ({ dispatched }) => dispatched.answer.byteLength ?? 0)
    const streamed = parts.slice(1).filter(({ dispatched }) => dispatched.answer.rest !== null)
    // The request's own hold on its body ends with the dispatch.
    this.#releaseLatents = services.budget.reserve(sum(streamed, ({ job }) => job.body.byteLength))
  }

  async next(): Promise<Answer | undefined> {
    this.#end(this.#current, 'served')
    this.#current++
    for (let replays = 0; ; replays++) {
      const part = this.#parts[this.#current]
      if (!part) return undefined
      const answer = await this.#look(part.dispatched.answer)
      if (answer) {
        this.#parts[this.#current] = withAnswer(part, answer)
        return answer
      }
      this.#end(this.#current, this.#company.signal.aborted ? 'client-gone' : 'broke-off')
      if (replays === MAX_REPLAYS || !(await this.#replay(part))) throw new Error('a part is lost')
    }
  }

  /** Gives back the slots that are still held. Of parts whose turn has not come nothing is learnt. */
  finish(end: RelayEnd): void {
    if (this.#isFinished) return
    this.#isFinished = true
    if (this.#current < this.#parts.length) this.#end(this.#current, end)
    for (let i = this.#current + 1; i < this.#parts.length; i++) this.#end(i, 'client-gone')
  }

  release(): void {
    for (const { dispatched } of this.#parts) dispatched.answer.release()
    this.#releaseLatents?.()
  }

  abort(): void {
    for (const { dispatched } of this.#parts) dispatched.answer.abort.abort()
  }

  #end(index: number, end: RelayEnd): void {
    const part = this.#parts[index]
    if (!part || this.#ended.has(index)) return
    this.#ended.add(index)
    part.dispatched.answer.release()
    part.dispatched.finish(end)
  }

  /**
   * The answer with some more of its bytes, or undefined when its backend died while it waited: as long as nothing of a
   * part has gone out it can be decoded again.
   */
  async #look(answer: Answer): Promise<Answer | undefined> {
    const { rest, beginning, byteLength = 0, abort } = answer
    if (!rest) return answer
    const { ambient, budget } = this.#services
    const release = budget.reserve(STREAMED_BYTES)
    const heldBytes = release ? STREAMED_BYTES : FIRST_PIECE_BYTES
    const wanted = Math.min(byteLength - beginning.length, heldBytes)
    const reader = new WatchedReader(rest, backendPatience(false, 0), abort, ambient)
    let seen: Uint8Array | undefined
    try {
      const piece = await reader.read(wanted, wanted)
      if (piece.length < wanted) return undefined
      seen = new Uint8Array(beginning.length + piece.length)
      seen.set(beginning)
      seen.set(piece, beginning.length)
      return { ...answer, beginning: seen, heldBytes, release: release ?? answer.release }
    } catch {
      return undefined
    } finally {
      reader.letGo()
      if (!seen) release?.()
    }
  }

  /** Whether another backend has answered in the place of the one that died. */
  async #replay({ job, dispatched }: Served): Promise<boolean> {
    if (!this.#releaseLatents || this.#company.signal.aborted) return false
    const { ambient } = this.#services
    const deadlineAt = Math.max(job.deadlineAt, ambient.now() + REPLAY_MS)
    const again = await dispatch({ ...job, deadlineAt }, this.#company.signal, this.#services)
    if (!again.ok) return false
    const { answer } = again.value
    const isAlike = answer.dtype === dispatched.answer.dtype
    this.#parts[this.#current] = withoutHold({ job, dispatched: again.value })
    this.#ended.delete(this.#current)
    if (!isAlike) this.#end(this.#current, 'client-gone')
    if (!isAlike || this.#company.signal.aborted) answer.abort.abort()
    return isAlike
  }
}

const withAnswer = (part: Served, answer: Answer): Served => ({
  ...part,
  dispatched: { ...part.dispatched, answer },
})

/** One whose turn may be long in coming holds no more than was read of it. */
function withoutHold(part: Served): Served {
  const { answer } = part.dispatched
  if (!answer.rest) return part
  answer.release()
  return withAnswer(part, { ...answer, heldBytes: 0 })
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0)
