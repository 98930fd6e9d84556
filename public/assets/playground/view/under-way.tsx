/** A request that is not answered yet: how far it is, or when it is sent again. */
import type { Signal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import type { Retry } from '../../../../src/client/index.ts'
import { type Course, describeFailure, describeProgress, describeWait } from '../course.ts'
import type { Work } from '../item.ts'

export function UnderWay({ work }: { readonly work: Exclude<Work, { state: 'done' }> }) {
  return (
    <figure aria-busy={work.state !== 'ready'}>
      <div class={`frame ${work.state === 'ready' ? 'vacant' : 'busy'}`}>
        {work.state === 'running' ? (
          <CourseOf course={work.course} />
        ) : (
          <p class="hint">{work.state === 'ready' ? 'Not sent yet' : 'Waiting its turn'}</p>
        )}
      </div>
      <figcaption>Answer</figcaption>
    </figure>
  )
}

function CourseOf({ course: { value: course } }: { readonly course: Signal<Course | undefined> }) {
  if (course?.retry) return <Resting retry={course.retry} until={course.until} />
  const { bytes, totalBytes, phase } = course?.progress ?? {}
  return (
    <div class="course">
      <p class="hint">{course?.progress ? describeProgress(course.progress) : 'Under way'}</p>
      <progress
        aria-label="Bytes"
        {...(phase !== 'waiting' && totalBytes !== undefined && { max: totalBytes, value: bytes ?? 0 })}
      />
    </div>
  )
}

function Resting({ retry, until }: { readonly retry: Retry; readonly until: number }) {
  const [now, setNow] = useState(performance.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 250)
    return () => clearInterval(timer)
  }, [until])
  return (
    <div class="course">
      <p class="resting">{describeWait(retry, until - now)}</p>
      <progress aria-label="Wait" max={retry.delayMs} value={retry.delayMs - Math.max(0, until - now)} />
      <p class="hint">{describeFailure(retry)}</p>
    </div>
  )
}
