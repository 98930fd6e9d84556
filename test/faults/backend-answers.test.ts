/** Answers of a backend that are complete, well-formed and not the picture. */
import { answer, endless, mislabelled } from '../support/behaviours.ts'
import { faultMatrix } from '../support/fault-matrix.ts'

const html = '<html><body>Please log in</body></html>'
const invalid = { status: 502, code: 'upstream-invalid-response' }
const misconfigured = { status: 502, code: 'upstream-misconfigured' }
const failed = { status: 502, code: 'upstream-error', retryAfter: true }
const tooLarge = { status: 422, code: 'decode-too-large' }

faultMatrix([
  { id: 'B9', fault: 'declares another length', behaviour: mislabelled({}, 1), alone: invalid },
  {
    id: 'B9',
    fault: 'sends more than the picture without a length',
    behaviour: endless,
    alone: invalid,
  },
  {
    id: 'B10',
    fault: 'answers a login page with 200',
    behaviour: answer('200 OK', html, { 'content-type': 'text/html' }),
    alone: invalid,
  },
  {
    id: 'B11',
    fault: 'answers a JSON error with 200',
    behaviour: answer('200 OK', '{"error":"x"}', { 'content-type': 'application/json' }),
    alone: invalid,
  },
  {
    id: 'B11',
    fault: 'answers another shape',
    behaviour: mislabelled({ shape: '[1,3,64,64]' }),
    alone: invalid,
  },
  { id: 'B11', fault: 'answers another dtype', behaviour: mislabelled({ dtype: 'float64' }), alone: invalid },
  {
    id: 'B12',
    fault: 'answers 400 with CUDA out of memory',
    behaviour: answer('400 Bad Request', '{"error":"CUDA out of memory. Tried to allocate 2.00 GiB"}'),
    alone: tooLarge,
  },
  {
    id: 'B13',
    fault: 'answers 400 to a good request',
    behaviour: answer('400 Bad Request', '{"error":"expected str"}'),
    alone: { status: 422, code: 'rejected-by-backend' },
  },
  { id: 'B14', fault: 'answers 401', behaviour: answer('401 Unauthorized', '{}'), alone: misconfigured },
  { id: 'B14', fault: 'answers 403', behaviour: answer('403 Forbidden', '{}'), alone: misconfigured },
  { id: 'B14', fault: 'answers 404', behaviour: answer('404 Not Found', 'gone'), alone: misconfigured },
  { id: 'B15', fault: 'answers 413', behaviour: answer('413 Too Large', ''), alone: tooLarge },
  { id: 'B16', fault: 'answers 500', behaviour: answer('500 Oops', 'stack'), alone: failed },
  {
    id: 'B17',
    fault: 'answers 502 from its proxy',
    behaviour: answer('502 Bad Gateway', '<html>'),
    alone: failed,
  },
  {
    id: 'B17',
    fault: 'answers 504 from its proxy',
    behaviour: answer('504 Gateway Timeout', ''),
    alone: failed,
  },
  {
    id: 'B19',
    fault: 'answers 429 with Retry-After',
    behaviour: answer('429 Slow Down', '', { 'retry-after': '120' }),
    alone: { status: 503, code: 'no-capacity', retryAfter: true },
  },
  {
    id: 'B19',
    fault: 'answers 503 with Retry-After',
    behaviour: answer('503 Busy', '', { 'retry-after': '120' }),
    alone: { status: 503, code: 'no-capacity', retryAfter: true },
  },
  {
    id: 'B23',
    fault: 'says that its answer is compressed',
    behaviour: mislabelled({ 'content-encoding': 'gzip' }),
    alone: invalid,
  },
  {
    id: 'B29',
    fault: 'answers another attempt',
    behaviour: mislabelled({ 'x-attempt-id': 'other' }),
    alone: invalid,
  },
])
