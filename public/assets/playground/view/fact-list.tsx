import { type Outcome, type Span, sizeOf, timeOf } from '../outcome.ts'

type Answered = Exclude<Outcome, { readonly kind: 'problem' }>

/** Where the time went, and what answered. */
export function FactList({ outcome: { facts } }: { readonly outcome: Answered }) {
  return (
    <section class="facts" aria-label="About this answer">
      <dl>
        <Fact name="Time" value={timeOf(facts.ms)} />
        <Fact name="Size" value={sizeOf(facts.bytes)} />
        {facts.backend && <Fact name="Backend" value={facts.backend} />}
        {facts.attempts > 1 && <Fact name="Attempts" value={String(facts.attempts)} />}
        {facts.requestId && <Fact name="Request" value={facts.requestId} />}
      </dl>
      <TimeBar spans={facts.spans} ms={facts.ms} />
    </section>
  )
}

const Fact = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd class="mono">{value}</dd>
  </div>
)

/** The spans of Server-Timing; what is left of the time went by outside the gateway. */
function TimeBar({ spans, ms }: { readonly spans: readonly Span[]; readonly ms: number }) {
  const shown = spans.filter((span) => span.name !== 'total' && span.ms >= ms / 1_000)
  const total = Math.max(
    ms,
    shown.reduce((sum, span) => sum + span.ms, 0),
  )
  if (shown.length === 0) return null
  return (
    <>
      <div class="bar" aria-hidden="true">
        {shown.map((span) => (
          <span
            key={span.name}
            class={`span-${span.name}`}
            style={{ width: `${(span.ms / total) * 100}%` }}
          />
        ))}
      </div>
      <ul class="legend" aria-label="Time in the gateway">
        {shown.map((span) => (
          <li key={span.name}>
            <span class={`dot span-${span.name}`} aria-hidden="true" />
            {span.name} <span class="mono">{timeOf(span.ms)}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
