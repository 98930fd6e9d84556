/**
 * A batch: as many parts as there are idle backends, decoded side by side and put together in order. Where nothing is
 * idle, or there is nothing to take apart, it goes whole, as any job.
 */
import type { Problem } from '../../errors/problem.ts'
import { ok, type Result } from '../../lib/result.ts'
import type { Signal } from '../../lib/signal.ts'
import { Course } from '../course.ts'
import { type Asked, askForSlot, type Dispatched, type DispatchServices, dispatch } from '../dispatch.ts'
import type { DecodeJob } from '../job.ts'
import { type BatchJob, partOf, partsOf } from './batch.ts'
import { Company, type Served } from './company.ts'
import { sameDtype } from './dtype.ts'
import { join } from './join.ts'
import { halvesOf } from './plan.ts'
import { spread } from './spread.ts'

/** Times that a batch which is too much at once is halved. */
const MAX_HALVINGS = 3

/** @param clientLeft fires when nobody waits for the answer any more */
export async function dispatchBatch(
  job: DecodeJob,
  clientLeft: Signal,
  services: DispatchServices,
): Promise<Result<Dispatched, Problem>> {
  if (!isBatch(job)) return dispatch(job, clientLeft, services)
  if (job.batch.answered === 'first') return dispatch(partOf(job, 0, 1), clientLeft, services)
  const company = new Company(clientLeft)
  const served = await serve(job, MAX_HALVINGS, company, services)
  if (!served.ok) return served
  const alike = await sameDtype(served.value, company, services)
  if (alike.ok) return ok(join(alike.value, company, services))
  // Its backends answer in different numbers: one of them gets it all, in the time that its parts had.
  const deadlineAt = Math.max(...served.value.map(({ job: part }) => part.deadlineAt))
  return dispatch({ ...job, deadlineAt }, clientLeft, services)
}

const isBatch = (job: DecodeJob): job is BatchJob => job.batch !== undefined && job.batch.count > 1

type Parts = Promise<Result<readonly Served[], Problem>>

/** Asks for a slot, and takes apart what was granted, or what was refused for being too much. */
async function serve(job: BatchJob, halvings: number, company: Company, services: DispatchServices): Parts {
  const course = new Course(job, services.ambient, services.events)
  const asked = await askForSlot(course, company.signal, services)
  const { slot, waitedMs } = asked
  if (!slot.ok) {
    const isTooMuch = slot.reason === 'deadline' || slot.reason === 'too-large'
    return isTooMuch && mayHalve(job, halvings)
      ? serveHalves(job, halvings, company, services)
      : servePart(job, asked, halvings, company, services)
  }
  // All parts begin now, not only the one that gets this slot.
  if (slot.lease.waitedForStart) course.restart()
  const { deadlineAt } = course.job
  const placed = await spread({ ...job, deadlineAt }, slot.lease, company.signal, services)
  return company.all(
    placed.map(({ job: part, lease }) =>
      servePart(part, { slot: { ok: true, lease }, waitedMs }, halvings, company, services),
    ),
  )
}

/** One part, as any job; what no backend has the memory for is halved. */
async function servePart(
  job: BatchJob,
  asked: Asked,
  halvings: number,
  company: Company,
  services: DispatchServices,
): Parts {
  const dispatched = await dispatch(job, company.signal, services, asked)
  if (dispatched.ok) return ok([{ job, dispatched: dispatched.value }])
  const isTooMuch = dispatched.error.code === 'decode-too-large'
  return isTooMuch && mayHalve(job, halvings) ? serveHalves(job, halvings, company, services) : dispatched
}

const serveHalves = (
  job: BatchJob,
  halvings: number,
  company: Company,
  services: DispatchServices,
): Parts => {
  const halves = partsOf(job, halvesOf(job.batch.count))
  return company.all(halves.map((half) => serve(half, halvings - 1, company, services)))
}

const mayHalve = ({ batch }: BatchJob, halvings: number): boolean => halvings > 0 && batch.count > 1
