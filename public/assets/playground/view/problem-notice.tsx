import type { Problem } from '../outcome.ts'

const ABOUT_THE_KEY = new Set(['missing-key', 'invalid-key', 'expired-key', 'revoked-key'])

/** A problem document, as a person reads it. */
export function ProblemNotice({
  problem: { title, detail, code, requestId, status },
}: {
  readonly problem: Problem
}) {
  const isAboutTheKey = status === 401 || (code !== undefined && ABOUT_THE_KEY.has(code))
  return (
    <div class="notice bad problem" role="alert">
      <h3>{title}</h3>
      <p>{detail}</p>
      {isAboutTheKey && (
        <p>
          <a href="#key">Enter another key</a>
        </p>
      )}
      <p class="soft">
        {code && <a href={`/problems/${code}`}>{code}</a>}
        {requestId && <span class="mono"> request {requestId}</span>}
      </p>
    </div>
  )
}
