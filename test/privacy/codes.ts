/** Problems that a run cannot meet, and why; all others it must. */
import type { ProblemCode } from '../../src/errors/codes.ts'

export const UNMET: Readonly<Partial<Record<ProblemCode, string>>> = {
  'internal-error': 'a fault of the gateway that is not known',
  misconfigured: 'such a gateway does not start here; what it says then is searched by itself',
  'too-many-bad-keys': 'nobody is in front who would say where a client is',
  'key-unavailable': 'the objects of this machine cannot be made to fail from outside',
  'directory-unavailable': 'likewise',
  'pool-unavailable': 'likewise',
  'encode-unsupported': 'met for as long as no backend encodes',
  'no-backend': 'a backend that cannot be reached may come back at any moment',
}
