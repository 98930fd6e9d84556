import { signal } from '@preact/signals'
import type { Board } from '../board.ts'
import { duration } from '../format.ts'
import { isServing } from '../health.ts'
import { isWorrying, matches, shownFirst, worstFirst } from '../worst-first.ts'
import { BackendLine } from './backend-line.tsx'

const words = signal('')
const onlyTrouble = signal(false)
const showsAll = signal(false)

/** Every backend, the worst first. */
export function BackendTable({ board: { backends, pools, at, windowMs } }: { readonly board: Board }) {
  const wanted = backends.filter(
    (row) => matches(row, words.value) && (!onlyTrouble.value || !isServing(row) || isWorrying(row)),
  )
  const sorted = worstFirst(wanted)
  const shown = showsAll.value ? sorted : shownFirst(sorted)
  return (
    <section aria-labelledby="backends-title">
      <div class="head">
        <h2 id="backends-title">Backends</h2>
        <span class="soft">
          {wanted.length === backends.length
            ? `${backends.length}, the worst first`
            : `${wanted.length} of ${backends.length}`}
        </span>
        <div class="filter">
          <label class="check">
            <input
              type="checkbox"
              checked={onlyTrouble.value}
              onChange={({ currentTarget }) => {
                onlyTrouble.value = currentTarget.checked
              }}
            />
            Only trouble
          </label>
          <label>
            <span class="visually-hidden">Filter backends by id, model, pool, kind or state</span>
            <input
              type="search"
              placeholder="Filter: id, model, state…"
              value={words.value}
              onInput={({ currentTarget }) => {
                words.value = currentTarget.value
              }}
            />
          </label>
        </div>
      </div>
      <table class="backends">
        <thead>
          <tr>
            <th scope="col">Backend</th>
            <th scope="col" class="wide">
              Models
            </th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              <abbr title="Leases of its slots: running, staged and draining">Busy</abbr>
            </th>
            <th scope="col" class="number wide">
              <abbr title={`Of the last ${duration(windowMs)}`}>Decode</abbr>
            </th>
            <th scope="col" class="number wide">
              <abbr title="What the pool expected these decodes to take">Expected</abbr>
            </th>
            <th scope="col" class="number wide">
              <abbr title="Actual over predicted decode time as the pool has learnt it; ×2.00 is twice as slow as usual">
                Speed
              </abbr>
            </th>
            <th scope="col" class="number wide">
              <abbr title={`Attempts in the last ${duration(windowMs)}`}>Attempts</abbr>
            </th>
            <th scope="col" class="number wide">
              Failed
            </th>
            <th scope="col">
              <span class="visually-hidden">Orders</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <BackendLine key={row.id} row={row} hasPools={pools.length > 1} now={at} />
          ))}
        </tbody>
      </table>
      {shown.length < sorted.length && (
        <button type="button" class="more" onClick={() => (showsAll.value = true)}>
          Show all {sorted.length}
        </button>
      )}
      {showsAll.value && shownFirst(sorted).length < sorted.length && (
        <button type="button" class="more" onClick={() => (showsAll.value = false)}>
          Show fewer
        </button>
      )}
      {wanted.length === 0 && (
        <p class="hint">
          {backends.length === 0
            ? 'This gateway has no backends yet: BACKENDS in its wrangler.toml are empty.'
            : onlyTrouble.value && words.value === ''
              ? 'No backend is in trouble.'
              : 'No backend is like that.'}
        </p>
      )}
    </section>
  )
}
