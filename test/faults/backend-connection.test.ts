import { afterAll } from 'vitest'
import { answer, hang, reset } from '../support/behaviours.ts'
import { startBlackhole } from '../support/blackhole.ts'
import { selfSigned } from '../support/certificate.ts'
import { REFUSING_URL } from '../support/fake-backend.ts'
import { faultMatrix } from '../support/fault-matrix.ts'

const unreachable = { status: 502, code: 'upstream-unreachable', retryAfter: true }

const DAY = 86_400_000
const today = Date.now()
const untrusted = selfSigned(new Date(today - DAY), new Date(today + DAY))
const expired = selfSigned(new Date(today - 2 * DAY), new Date(today - DAY))

const blackhole = await startBlackhole()
afterAll(() => blackhole.stop())

faultMatrix([
  { id: 'B1', fault: 'refuses the connection', urlOf: () => REFUSING_URL, alone: unreachable },
  { id: 'B1', fault: 'is down for its edge (521)', behaviour: answer('521 Down', ''), alone: unreachable },
  {
    id: 'B2',
    fault: 'has a name that nobody knows',
    urlOf: () => 'https://decoder.vae-gateway.invalid/',
    alone: unreachable,
  },
  {
    id: 'B2',
    fault: 'is unknown to its edge (530)',
    behaviour: answer('530 Origin DNS Error', 'error code: 1016'),
    alone: unreachable,
  },
  {
    id: 'B3',
    fault: 'has a certificate that nobody vouches for',
    options: { tls: untrusted },
    alone: unreachable,
  },
  { id: 'B3', fault: 'has an expired certificate', options: { tls: expired }, alone: unreachable },
  {
    id: 'B4',
    fault: 'takes no connection',
    urlOf: () => blackhole.url,
    alone: { status: 504, code: 'deadline-exceeded', retryAfter: true },
  },
  {
    id: 'B4',
    fault: 'is out of reach for its edge (522)',
    behaviour: answer('522 Timed Out', ''),
    alone: unreachable,
  },
  {
    id: 'B5',
    fault: 'hangs before its headers',
    behaviour: hang,
    alone: { status: 504, code: 'deadline-exceeded', retryAfter: true },
  },
  { id: 'B26', fault: 'resets before its headers', behaviour: reset, alone: unreachable },
])
