/** What others met when the first version was handed to them: the scheduler (FA), one caller against others (FB), and the process (FC). */
import { type Entry, FAULTS } from './entry.ts'

const GATEWAY = 'test/gateway/'
const FIELD = 'on real sockets in the field suite, `npm run field`'

export const field: readonly Entry[] = [
  [
    'FA1',
    'a backend much faster than another, in whatever pair of times',
    'the fast one has the work; many clients get the sum of both',
    ['src/pool/throughput.test.ts', 'src/pool/service-times.test.ts'],
    FIELD,
  ],
  [
    'FA2',
    'a decode far longer than all before, on the only backend',
    'it is finished; a cut teaches that it takes longer',
    ['src/pool/service-times.test.ts', 'src/pool/leases.test.ts'],
    FIELD,
  ],
  [
    'FA3',
    'the only backend hangs',
    'waited for until the deadline, 504',
    ['src/pool/schedule.test.ts'],
    FIELD,
  ],
  [
    'FA4',
    'a hundred requests at once by one key',
    'what the deadline allows is queued',
    ['src/pool/admission.test.ts', 'src/pool/schedule.test.ts'],
    FIELD,
  ],
  [
    'FA5',
    'all backends sleep',
    'waited for, served in order when one is up; an estimate at the deadline of the client',
    ['src/pool/admission.test.ts', 'src/pool/sweep.test.ts'],
    FIELD,
  ],
  [
    'FA6',
    'the clock is set forward',
    'nothing is over before its time but for a second',
    ['src/lib/own-ambient.test.ts', `${GATEWAY}clock-jumps.test.ts`],
  ],
  [
    'FA7',
    'the clock is set back',
    'no key waits longer than a minute; a revocation holds',
    ['src/limits/clocks.test.ts', `${GATEWAY}clock-jumps.test.ts`],
  ],
  [
    'FA8',
    'backends are added, removed or put in another order',
    'an order and what was learnt stay with the id',
    ['src/pool/shelving.test.ts', `${GATEWAY}orders-stay.test.ts`],
  ],
  [
    'FB1',
    'uploads that declare much and send little',
    'they hold what has arrived, for 15 s; others are served',
    [`${GATEWAY}hoarding.test.ts`, 'src/dispatch/byte-budget.test.ts'],
  ],
  [
    'FB2',
    'a body with very many parameters',
    'parsed in time that grows with its length, or refused',
    ['src/wire/json-body.test.ts', 'src/wire/decode-query.values.test.ts'],
  ],
  [
    'FB3',
    'previews of the largest pictures and videos',
    'others have their turn; bounded',
    [`${GATEWAY}previews.test.ts`, 'src/preview/turns.test.ts'],
  ],
  [
    'FB4',
    'requests of one key that fail on every backend',
    'the backends are left to others',
    [`${FAULTS}one-caller.test.ts`, 'src/pool/throughput.test.ts', 'src/pool/report.test.ts'],
    'not there yet: requests that hang hold their slots until they are overdue',
  ],
  [
    'FB5',
    'a model that all backends refuse',
    'their other models go on',
    [`${FAULTS}one-caller.test.ts`, 'src/pool/report.test.ts'],
  ],
  [
    'FB7',
    'a refusal while the body is still being sent',
    'read by every client: what is on its way is taken in, up to 100 MB or 10 s',
    [`${GATEWAY}refused-uploads.test.ts`, 'test/worker/refusals.test.ts'],
  ],
  [
    'FC5',
    'the record of a key cannot be read',
    'refused where it is known to be revoked',
    ['src/limits/client.test.ts', `${GATEWAY}clock-jumps.test.ts`],
  ],
  ['FC7', 'a Host that is none', '400 on every route', [`${GATEWAY}targets.test.ts`]],
  [
    'FC9',
    'an id that never existed is revoked',
    '404, unless it is said to be meant',
    ['src/admin/keys.test.ts'],
  ],
  [
    'FC10',
    'the admin token is guessed',
    'wrong ones wait; the right one never does',
    ['src/auth/guesses.test.ts', `${GATEWAY}targets.test.ts`],
  ],
  [
    'FC12',
    'targets with a slash too many, or too long',
    'what was meant, or a problem',
    [`${GATEWAY}targets.test.ts`],
  ],
  [
    'FC13',
    'the configuration is asked for',
    'it names the operations of each backend',
    [`${GATEWAY}targets.test.ts`],
  ],
  ['FC15', 'one key is rotated six times at once', 'one good key', ['src/admin/keys.test.ts']],
  [
    'FC16',
    'the disk is full',
    'limits hold in memory',
    ['src/limits/journal.test.ts', 'src/limits/client.test.ts'],
  ],
  ['FC17', 'localhost answers on ::1 alone', 'found', ['src/backends/loopback.test.ts']],
]
