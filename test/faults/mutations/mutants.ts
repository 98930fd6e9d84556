/** Handling of faults that is taken away, one at a time, and the tests that must notice. */

export interface Mutant {
  /** Of the catalogue. */
  readonly row: string
  /** What is gone. */
  readonly removed: string
  readonly file: string
  /** Text that stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** The test that must fail: its file, and how its title begins. */
  readonly test: readonly [file: string, title: string]
}

const F = 'test/faults/'
const LOSS = 'test/worker/pool-loss.test.ts'

type Entry = readonly [
  row: string,
  removed: string,
  file: string,
  find: string,
  replace: string,
  testFile: string,
  title?: string,
]

const entries: readonly Entry[] = [
  [
    'B5',
    'the time of an attempt',
    'src/dispatch/deadline.ts',
    'return Math.min(beforeDecode + decode, remainingMs)',
    'return remainingMs',
    'src/dispatch/deadline.test.ts',
  ],
  [
    'B6',
    'patience with a silent backend',
    'src/dispatch/watched.ts',
    "() => this.#abort.abort(new Error('backend stalled'))",
    '() => undefined',
    'test/worker/slow-ends.test.ts',
  ],
  [
    'B7',
    'the look at the length of what was received',
    'src/dispatch/receive.ts',
    "  if (bytes.length < (head.byteLength ?? 0)) return err('broke-off')\n  const flaw = checkBody(bytes, expected, true)",
    '  const flaw = checkBody(bytes, expected, true)',
    `${F}backend-bodies.test.ts`,
    'B8: alone, one that cuts a body that ends',
  ],
  [
    'B9',
    'the byte more that shows a body too long',
    'src/dispatch/receive.ts',
    "  if (!ended) return refuse('invalid', body)\n",
    '',
    `${F}backend-answers.test.ts`,
    'B9: a backend that sends more',
  ],
  [
    'B10',
    'the look at the type',
    'src/dispatch/check-headers.ts',
    "if (!ALIASES[expected.mediaType].includes(essence(headers.get('content-type') ?? ''))) return err('invalid')",
    '',
    'src/dispatch/check-headers.test.ts',
  ],
  [
    'B12',
    'the words of a full GPU',
    'src/dispatch/classify.ts',
    "if (OUT_OF_MEMORY.test(head)) return 'out-of-memory'",
    '',
    `${F}backend-answers.test.ts`,
  ],
  [
    'B14',
    'the minute for who refuses us',
    'src/pool/health.ts',
    "return takenOut(failed(backend, 'hard', now), 'down', MISCONFIGURED_MS, circumstances)",
    'return backend',
    `${F}backend-verdicts.test.ts`,
  ],
  [
    'B18',
    'the difference of asleep and busy',
    'src/dispatch/classify.ts',
    "return scaleToZero ? 'cold' : 'busy'",
    "return 'busy'",
    `${F}backend-outages.test.ts`,
  ],
  [
    'B20',
    'the refusal to follow',
    'src/backends/http-endpoint.ts',
    "redirect: 'manual'",
    "redirect: 'follow'",
    `${F}backend-heads.test.ts`,
    'B20: a redirect is not followed',
  ],
  [
    'B22',
    'the list of headers that pass',
    'src/privacy/response-headers.ts',
    'HARMLESS.test(value)',
    'true',
    'src/privacy/headers.test.ts',
  ],
  [
    'B23',
    'the refusal of compressed answers',
    'src/dispatch/check-headers.ts',
    "if ((headers.get('content-encoding') ?? 'identity') !== 'identity') return err('invalid')",
    '',
    `${F}backend-answers.test.ts`,
  ],
  [
    'B25',
    'the break that the client sees',
    'src/dispatch/relay.ts',
    "  writable.abort(new Error('the answer broke off')).catch(() => undefined)",
    '  writable.locked ? Promise.resolve() : Promise.resolve()',
    `${F}streaming.test.ts`,
  ],
  [
    'B26',
    'two strikes',
    'src/pool/health.ts',
    'const HARD_STRIKES = 2',
    'const HARD_STRIKES = 1_000',
    `${F}backend-verdicts.test.ts`,
  ],
  [
    'B29',
    'the look at the echo of the attempt',
    'src/dispatch/check-headers.ts',
    "if (echo !== null && echo !== attemptId) return err('invalid')",
    '',
    `${F}backend-desync.test.ts`,
    'B29: every attempt',
  ],
  [
    'B32',
    'the share of failures',
    'src/pool/health.ts',
    'circumstances.mayEject && isErratic(backend.record, circumstances.now)',
    'false',
    `${F}backend-verdicts.test.ts`,
  ],
  [
    'B33',
    'the stop for a job that fails alike',
    'src/pool/admission.ts',
    "if (isRepeated(state, job, now)) return { reason: 'repeated', waitMs: 0 }",
    '',
    `${F}backend-verdicts.test.ts`,
  ],
  [
    'B34',
    'draining',
    'src/pool/leases.ts',
    "if (backend.abortable || lease.phase === 'draining') return withoutLease(backend, lease, now)",
    'return withoutLease(backend, lease, now)',
    `${F}client-leaving.test.ts`,
  ],
  [
    'C2',
    'giving up the place in the queue',
    'src/pool/call.ts',
    "calledOff.addEventListener('abort', callOff)",
    '',
    `${F}client-leaving.test.ts`,
  ],
  [
    'C5',
    'the time of an upload',
    'src/http/read-body.ts',
    'ambient.after(timeoutMs, () => {',
    'ambient.after(timeoutMs * 1_000, () => {',
    'test/worker/slow-ends.test.ts',
    'C5: that trickles',
  ],
  [
    'C7',
    'patience with a client that does not read',
    'src/dispatch/stall.ts',
    '{ windowMs: 60_000, bytesPerMs: 8, idleMs: 60_000 }',
    '{ windowMs: 6e9, bytesPerMs: 8e-9, idleMs: 6e9 }',
    'test/worker/slow-ends.test.ts',
  ],
  [
    'C12',
    'the bound on what is declared',
    'src/http/read-body.ts',
    '  if (declared !== null && Number(declared) > maxBytes) return tooLarge(maxBytes)\n',
    '',
    `${F}client-body.test.ts`,
  ],
  [
    'C21',
    'the refusal of compressed bodies',
    'src/http/read-body.ts',
    "if (encoding !== 'identity') {",
    'if (encoding === undefined) {',
    `${F}client-body.test.ts`,
  ],
  [
    'C30',
    'the bounds of a deadline',
    'src/wire/deadline.ts',
    'Math.min(MAX_DEADLINE_MS, Math.max(MIN_DEADLINE_MS, Number(text)))',
    'Number(text)',
    `${F}client-deadlines.test.ts`,
  ],
  [
    'P2',
    'the second call after a reset',
    'src/pool/ask.ts',
    'const CALLS = 2',
    'const CALLS = 1',
    'src/pool/client.test.ts',
  ],
  [
    'P5',
    'the word "overloaded"',
    'src/pool/call.ts',
    "isOverloaded ? 'overloaded' : 'errors'",
    "'errors'",
    LOSS,
  ],
  [
    'P6',
    'the ping of a silent object',
    'src/pool/call.ts',
    '    else stopWatching = ambient.after(PATIENCE_MS, ping)\n',
    '',
    LOSS,
    'P6: an object that never answers',
  ],
  [
    'P10',
    'the end of leases that nobody gives back',
    'src/pool/leases.ts',
    '    if (lease.expiresAt > now) continue\n',
    '    if (lease.expiresAt > 0) continue\n',
    `${F}pool-holders.test.ts`,
  ],
  [
    'P11',
    'the budget of bytes',
    'src/dispatch/byte-budget.ts',
    '    if (bytes > this.#free) return null\n',
    '',
    `${F}client-body.test.ts`,
  ],
  [
    'P19',
    'the silence about a log that fails',
    'src/telemetry/events.ts',
    '    } catch {}',
    '    } catch (error) {\n      throw error\n    }',
    LOSS,
  ],
  [
    'P24',
    'the end of probes without demand',
    'src/pool/probing.ts',
    'state.lanes.length > 0 || now - state.traffic.askedAt < DEMAND_MS',
    'state.startedAt <= now',
    `${F}pool-holders.test.ts`,
  ],
]

export const mutants: readonly Mutant[] = entries.map(
  ([row, removed, file, find, replace, testFile, title]) => ({
    row,
    removed,
    file,
    find,
    replace,
    test: [testFile, title ?? `${row}: `],
  }),
)
