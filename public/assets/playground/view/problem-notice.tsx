import type { Problem } from '../outcome.ts'

/** A problem document, as a person reads it. */
export function ProblemNotice({
  problem: { title, detail, code, requestId, status },
}: {
  readonly problem: Problem
}) {
  return (
    <div class="notice bad problem" role="alert">
      <h3>{title}</h3>
      <p>{detail}</p>
      {status === 401 && (
        <button type="button" class="quiet" onClick={() => document.getElementById('key')?.focus()}>
          Enter another key
        </button>
      )}
      <p class="soft">
        {code && <a href={`/problems/${code}`}>{code}</a>}
        {requestId && <span class="mono"> request {requestId}</span>}
      </p>
    </div>
  )
}
