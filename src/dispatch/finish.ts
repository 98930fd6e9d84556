import type { Lease } from '../pool/client.ts'
import type { Timings } from '../pool/protocol.ts'
import type { Course } from './course.ts'
import type { RelayEnd } from './relay.ts'

/**
 * Gives the slot back when the body has ended, and tells the pool how. Of a client that left nothing is learnt, and
 * a video may still be in the making: the pool decides when its slot is free.
 */
export function finish(course: Course, lease: Lease, timings: Timings, end: RelayEnd): void {
  switch (end) {
    case 'served':
      void course.served(lease)
      lease.free(timings)
      break
    case 'broke-off':
      void lease.report({ kind: 'soft', model: course.job.model })
      lease.free({ decoded: false })
      break
    case 'client-gone':
    case 'client-slow':
      break
  }
  lease[Symbol.dispose]()
  course.ended(lease, end, timings)
}
