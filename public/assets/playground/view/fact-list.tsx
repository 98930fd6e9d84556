import { type Outcome, sizeOf, timeOf } from '../outcome.ts'
import { type Span, splitTime } from '../time-split.ts'

type Answered = Exclude<Outcome, { readonly kind: 'problem' }>

/** Where the time went, and what answered. */
export function FactList({ outcome: { facts } }: { readonly outcome: Answered }) {
  const { backend, attempts, requestId, timings } = facts.answer
  return (
    <section class="facts" aria-label="About this answer">
      <dl>
        <Fact name="Time" value={timeOf(facts.ms)} />
        <Fact name="Size" value={sizeOf(facts.bytes)} />
        {backend && <Fact name="Backend" value={backend} />}
        {attempts > 1 && <Fact name="Backends tried" value={String(attempts)} />}
        {facts.tries > 1 && <Fact name="Sent" value={`${facts.tries} times`} />}
        {requestId && <Fact name="Request" value={requestId} />}
      </dl>
      <TimeBar spans={splitTime(timings, facts.ms)} />
    </section>
  )
}

const Fact = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd class="mono">{value}</dd>
  </div>
)

function TimeBar({ spans }: { readonly spans: readonly Span[] }) {
  const total = spans.reduce((sum, span) => sum + span.ms, 0)
  if (spans.length === 0) return null
  return (
    <>
      <div class="bar" aria-hidden="true">
        {spans.map(({ name, ms }) => (
          <span key={name} class={`span-${name}`} style={{ width: `${(ms / total) * 100}%` }} />
        ))}
      </div>
      <ul class="legend" aria-label="Where the time went">
        {spans.map(({ name, ms }) => (
          <li key={name}>
            <span class={`dot span-${name}`} aria-hidden="true" />
            {name} <span class="mono">{timeOf(ms)}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
