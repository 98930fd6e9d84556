import type { Failure } from '../api.ts'
import { clock } from '../format.ts'
import { askNow, board, link } from '../watch.ts'

/** Only while the gateway does not say what is asked of it. */
export function LinkNotice() {
  const { value } = link
  if (value.state !== 'lost') return null
  const { title, detail } = wordsOf(value.failure)
  const seen = board.value
  return (
    <div class="notice bad lost">
      <div>
        <h2>{title}</h2>
        <p>
          {detail} {seen && `What stands below is of ${clock(seen.at)}. `}It is asked again at{' '}
          {clock(value.againAt)}.
        </p>
        {value.failure.kind === 'problem' && (
          <p>
            <a href={`/problems/${value.failure.code}`}>{value.failure.code}</a>{' '}
            <span class="mono">request {value.failure.requestId}</span>
          </p>
        )}
      </div>
      <button type="button" onClick={askNow}>
        Ask now
      </button>
    </div>
  )
}

function wordsOf(failure: Failure): { title: string; detail: string } {
  if (failure.kind !== 'problem')
    return {
      title: 'The gateway cannot be reached',
      detail: 'Nobody answers at its address, or not in time.',
    }
  if (failure.code === 'not-found')
    return {
      title: 'There is no admin API any more',
      detail: 'The gateway was deployed without an ADMIN_TOKEN.',
    }
  return failure
}
