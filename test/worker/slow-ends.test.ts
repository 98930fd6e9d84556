/** Ends of a transfer that are slow: who waits how long is decided by a clock that the test turns. In the runtime. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Answer } from '../../src/dispatch/attempt.ts'
import { ByteBudget } from '../../src/dispatch/byte-budget.ts'
import { type RelayEnd, type Relayed, relay } from '../../src/dispatch/relay.ts'
import { backendPatience } from '../../src/dispatch/stall.ts'
import { Inflow } from '../../src/http/inflow.ts'
import { Intake } from '../../src/http/intake.ts'
import { readBody } from '../../src/http/read-body.ts'
import { type Ambient, realAmbient } from '../../src/lib/ambient.ts'

/** Real, but for a clock that stands still and timers that go off when they are told to. */
class Clock implements Ambient {
  readonly #timers = new Set<{ at: number; task: () => void }>()
  #now = 0
  now = (): number => this.#now
  wallNow = (): number => this.#now
  random = realAmbient.random
  randomUuid = realAmbient.randomUuid
  fetch = realAmbient.fetch

  after = (ms: number, task: () => void): (() => void) => {
    const timer = { at: this.#now + ms, task }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Second by second, and whatever follows from each. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      await scheduler.wait(0)
      this.#now += 1_000
      for (const timer of [...this.#timers]) {
        if (timer.at <= this.#now && this.#timers.delete(timer)) timer.task()
      }
    }
    await scheduler.wait(0)
  }

  get isIdle(): boolean {
    return this.#timers.size === 0
  }
}

const never = new AbortController().signal
let clock: Clock
beforeEach(() => {
  clock = new Clock()
})

describe('C5: an upload', () => {
  const bodyBytes = 640_000
  const budget = new ByteBudget(1_000_000)

  async function upload() {
    const { readable, writable } = new IdentityTransformStream()
    const writer = writable.getWriter()
    writer.closed.catch(() => undefined)
    const request = new Request('https://gateway.example/', { method: 'POST', body: readable })
    const intake = new Intake(request, new Inflow(request), 'key', budget, clock)
    const read = readBody(request.headers, intake, bodyBytes)
    await expect.poll(() => clock.isIdle).toBe(false)
    const send = (bytes: number): void => void writer.write(new Uint8Array(bytes)).catch(() => undefined)
    return { read, writer, send, intake }
  }

  test('FB1: pays for what has arrived and the piece that is to come, whatever it has declared', async () => {
    const { intake, send } = await upload()
    expect(budget.free).toBe(1_000_000 - 131_072)
    send(131_072)
    await expect.poll(() => budget.free).toBe(1_000_000 - 2 * 131_072)
    intake.giveUp()
    expect(budget.free).toBe(1_000_000)
  })

  test('FB1: that falls silent is ended after 15 s, and its bytes are free at once', async () => {
    const { read, send } = await upload()
    send(131_072)
    await expect.poll(() => budget.free).toBe(1_000_000 - 2 * 131_072)
    await clock.pass(14)
    expect(budget.free).toBe(1_000_000 - 2 * 131_072)
    await clock.pass(1)
    expect(budget.free).toBe(1_000_000)
    expect(await read).toMatchObject({ ok: false, error: { code: 'upload-timeout' } })
  })

  test('C5: that trickles is ended after 30 s and what its bytes need at 64 KB/s', async () => {
    const { read, send } = await upload()
    for (let second = 0; second < 40; second += 10) {
      expect(budget.free).toBeLessThan(1_000_000)
      await clock.pass(10)
      send(131_072)
    }
    expect(await read).toMatchObject({ ok: false, error: { code: 'upload-timeout' } })
    expect(budget.free).toBe(1_000_000)
  })

  test('C5: that comes in just in time is taken', async () => {
    const { read, writer } = await upload()
    await clock.pass(14)
    void writer.write(new Uint8Array(bodyBytes)).then(() => writer.close())
    const taken = await read
    expect(taken).toMatchObject({ ok: true, value: { body: { byteLength: bodyBytes } } })
    expect(clock.isIdle).toBe(true)
    if (taken.ok) taken.value.release()
    expect(budget.free).toBe(1_000_000)
  })

  test('FB1: whose bytes another caller has got is refused within a second, and may come again', async () => {
    const { read, send } = await upload()
    send(500_000)
    await expect.poll(() => budget.free).toBeLessThan(500_000)
    const other = budget.lend('another key', () => undefined)
    for (let held = 0; held < 200_000; held += 50_000) expect(other.grow(50_000)).toBe(true)
    const filling = [1, 2].map((name) => budget.lend(`key ${name}`, () => undefined).grow(240_000))
    expect(filling).toEqual([true, true])
    await clock.pass(1)
    expect(await read).toMatchObject({ ok: false, error: { code: 'isolate-busy', retryAfterSeconds: 1 } })
  })

  test('is whole and in order, of however many pieces it was made', async () => {
    const bytes = Uint8Array.from({ length: bodyBytes }, (_, i) => (i * 31 + (i >> 8)) & 255)
    const fresh = new ByteBudget(1_000_000)
    const request = new Request('https://gateway.example/', { method: 'POST', body: bytes })
    const intake = new Intake(request, new Inflow(request), 'key', fresh, clock)
    const taken = await readBody(request.headers, intake, bodyBytes)
    if (!taken.ok) throw new Error(taken.error.code)
    expect(new Uint8Array(taken.value.body).every((byte, i) => byte === bytes[i])).toBe(true)
    expect(fresh.free).toBe(360_000)
  })
})

/** A transfer of which 64 KB were seen before the commit, and the two ends of it. */
function transfer(byteLength = 8_000_000) {
  const backend = new IdentityTransformStream()
  const abort = new AbortController()
  const writer = backend.writable.getWriter()
  writer.closed.catch(() => undefined)
  abort.signal.addEventListener('abort', () => void writer.abort(abort.signal.reason).catch(() => undefined))
  const { body, ended, held } = relayed({
    beginning: new Uint8Array(65_536),
    rest: backend.readable,
    byteLength,
    abort,
  })
  return { writer, abort, ended, client: readerOf(body), held }
}

/** An answer on its way, and how much of it is paid for. */
function relayed(
  parts: Pick<Answer, 'beginning' | 'rest' | 'abort'> & { readonly byteLength: number },
  clientLeft: AbortSignal = never,
) {
  const heldBytes = parts.beginning.length
  let held = heldBytes
  const answer: Answer = {
    ...parts,
    heldBytes,
    release: () => {
      held = 0
    },
    dtype: 'uint8',
    headers: {},
    timings: { decoded: true },
  }
  const limits = { maxBytes: parts.byteLength, patience: backendPatience(false, 100) }
  return { ...relay(answer, limits, clientLeft, clock), held: () => held }
}

/** The relay has told so, lets go of the backend, and holds nothing any more. */
async function expectEnd(
  { ended, abort, held }: Pick<ReturnType<typeof transfer>, 'ended' | 'abort' | 'held'>,
  end: RelayEnd,
): Promise<void> {
  expect(await ended).toBe(end)
  expect(abort.signal.aborted).toBe(true)
  expect(held()).toBe(0)
}

function readerOf(body: Relayed['body']): ReadableStreamDefaultReader<Uint8Array> {
  if (!(body instanceof ReadableStream)) throw new Error('not a stream')
  return body.getReader()
}

/** Reads what there is until the stream breaks. */
async function readUntilBroken(client: ReadableStreamDefaultReader<Uint8Array>): Promise<unknown> {
  try {
    for (;;) if ((await client.read()).done) return 'a clean end'
  } catch (error) {
    return error
  }
}

test('B6: a backend that falls silent after the commit is given up after 10 s, and the client sees it', async () => {
  const sending = transfer()
  const { writer, client } = sending
  const seen = readUntilBroken(client)
  void writer.write(new Uint8Array(1_000)).catch(() => undefined)
  await expect.poll(() => clock.isIdle).toBe(false)
  await clock.pass(9)
  expect(sending.abort.signal.aborted).toBe(false)
  await clock.pass(11)
  await expectEnd(sending, 'broke-off')
  expect(await seen).toBeInstanceOf(Error)
})

test('B6: so is one that falls silent near the end of a long answer, within 20 s', async () => {
  const sending = transfer(48_000_000)
  const { writer, client } = sending
  const seen = readUntilBroken(client)
  for (let i = 0; i < 46; i++) await writer.write(new Uint8Array(1_000_000))
  await expect.poll(() => clock.isIdle).toBe(false)
  await clock.pass(20)
  await expectEnd(sending, 'broke-off')
  expect(await seen).toBeInstanceOf(Error)
})

test('an answer is whole and in order, and nothing is written over what was handed on', async () => {
  const byteLength = 5_000_000
  const bytes = Uint8Array.from({ length: byteLength }, (_, i) => (i * 31 + (i >> 8)) & 255)
  const backend = new IdentityTransformStream()
  const { body, ended, sentBytes } = relayed({
    beginning: bytes.slice(0, 65_536),
    rest: backend.readable,
    byteLength,
    abort: new AbortController(),
  })
  const writer = backend.writable.getWriter()
  // The stream is let go of when its last byte is here, whether it was closed by then or not.
  const sent = writer.write(bytes.subarray(65_536)).then(() => writer.close())
  sent.catch(() => undefined)
  writer.closed.catch(() => undefined)
  const client = readerOf(body)
  const pieces: Uint8Array[] = []
  for (let piece = await client.read(); !piece.done; piece = await client.read()) pieces.push(piece.value)
  expect(pieces.length).toBeGreaterThan(5)
  const received = await new Blob(pieces).bytes()
  expect(received).toHaveLength(byteLength)
  expect(received.every((byte, i) => byte === bytes[i])).toBe(true)
  expect(await ended).toBe('served')
  expect(sentBytes()).toBe(byteLength)
})

test('a client that stops reading has left, and the backend is let go of', async () => {
  const sending = transfer()
  const { writer, client } = sending
  await client.read()
  await client.cancel()
  void writer.write(new Uint8Array(1_000_000)).catch(() => undefined)
  await expectEnd(sending, 'client-gone')
  expect(clock.isIdle).toBe(true)
})

test('C7: a client that reads nothing is given up after a minute, and the backend let go of', async () => {
  const sending = transfer()
  const { writer } = sending
  void writer.write(new Uint8Array(1_000_000)).catch(() => undefined)
  await expect.poll(() => clock.isIdle).toBe(false)
  await clock.pass(55)
  expect(sending.abort.signal.aborted).toBe(false)
  await clock.pass(25)
  await expectEnd(sending, 'client-slow')
})

describe('an answer that is here as a whole', () => {
  const whole = (byteLength: number, clientLeft?: AbortSignal) =>
    relayed(
      { beginning: new Uint8Array(byteLength), rest: null, byteLength, abort: new AbortController() },
      clientLeft,
    )

  test('goes out at once where a connection takes it so, and nothing is held for it', async () => {
    const { body, ended, sentBytes, held } = whole(65_536)
    expect(body).toHaveLength(65_536)
    expect(clock.isIdle).toBe(true)
    expect(held()).toBe(0)
    expect(await ended).toBe('served')
    expect(sentBytes()).toBe(65_536)
  })

  test('is watched while its client takes it where it is larger', async () => {
    const { body, ended, held } = whole(65_537)
    await expect.poll(() => clock.isIdle).toBe(false)
    expect(held()).toBe(65_537)
    expect((await new Response(body).bytes()).length).toBe(65_537)
    expect(await ended).toBe('served')
    expect(held()).toBe(0)
    expect(clock.isIdle).toBe(true)
  })

  test('was not served to a client that has left', async () => {
    expect(await whole(100, AbortSignal.abort()).ended).toBe('client-gone')
  })
})
