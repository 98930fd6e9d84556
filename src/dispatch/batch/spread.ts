/** Slots for the parts of a batch: the one that the batch was granted, and what stands idle beside it. */
import { type Signal, Trigger } from '../../lib/signal.ts'
import type { Lease, SlotRequest } from '../../pool/client.ts'
import type { DispatchServices } from '../dispatch.ts'
import { type BatchJob, partsOf } from './batch.ts'
import { type Offer, partCount, sharesOf } from './plan.ts'

/** A part and the slot that it has. */
export interface Placed {
  readonly job: BatchJob
  readonly lease: Lease
}

/** Idle backends are granted at once; a pool that says nothing for so long is not waited for. */
const ASK_MS = 500

/**
 * Takes over the lease that was granted for the whole batch. Each backend is asked for by leaving out the others, so
 * that no two parts end up on one.
 */
export async function spread(
  job: BatchJob,
  granted: Lease,
  calledOff: Signal,
  services: DispatchServices,
): Promise<readonly Placed[]> {
  const { batch } = job
  const ways = partCount(batch.count, granted.expectedMs, granted.idle.length)
  if (ways === 1) return [{ job, lease: granted }]
  const { predictedMs } = batch.of(Math.ceil(batch.count / ways))
  const asked = await askAll({ ...job, predictedMs }, granted, ways - 1, calledOff, services)
  const leases = [granted, ...asked]
  const shares = sharesOf(batch.count, [
    offerOf(granted, granted.expectedMs / job.predictedMs, job),
    ...asked.map((lease) => offerOf(lease, lease.expectedMs / predictedMs, job)),
  ])
  const used = leases.filter((lease, i) => shares[i] !== 0 || giveBack(lease))
  const parts = partsOf(
    job,
    shares.filter((share) => share > 0),
  )
  return used.map((lease, i) => {
    const part = parts[i] as BatchJob
    lease.resize(part.predictedMs)
    return { job: part, lease }
  })
}

/** @param speed expected over predicted time */
const offerOf = ({ startsInMs }: Lease, speed: number, { predictedMs, batch }: BatchJob): Offer => ({
  startsInMs,
  latentMs: (speed * predictedMs) / batch.count,
})

function giveBack(lease: Lease): false {
  lease.free({ decoded: false })
  lease[Symbol.dispose]()
  return false
}

async function askAll(
  { key, model, predictedMs, deadlineAt, avoid = [] }: BatchJob,
  { backendId, idle }: Lease,
  count: number,
  calledOff: Signal,
  { ambient, pool }: DispatchServices,
): Promise<Lease[]> {
  const enough = new Trigger()
  const stop = (): void => enough.abort()
  calledOff.addEventListener('abort', stop)
  const stopTimer = ambient.after(ASK_MS, stop)
  const wanted = idle.filter((id) => !avoid.includes(id)).slice(0, count)
  const requestFor = (id: string): SlotRequest => ({
    key,
    model,
    predictedMs,
    remainingMs: deadlineAt - ambient.now(),
    exclude: [...avoid, backendId, ...idle.filter((other) => other !== id)],
    failures: [],
    ticket: ambient.randomUuid(),
    purpose: 'part',
  })
  const answers = await Promise.all(wanted.map((id) => pool.acquire(requestFor(id), enough)))
  stopTimer()
  calledOff.removeEventListener('abort', stop)
  return answers.flatMap((answer) => (answer.ok ? [answer.lease] : []))
}
