import { signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Order, OrderedBackend } from '../../../../src/admin/contract.ts'
import { ask, type Failure } from '../api.ts'
import { STATES, whyOf } from '../health.ts'
import { ORDERS, orphans, pointless, resultOf } from '../orders.ts'
import type { BackendRow } from '../rows.ts'
import { leave, token } from '../session.ts'
import { askNow, board } from '../watch.ts'

type Step =
  | { readonly step: 'choose' }
  | { readonly step: 'confirm'; readonly order: Order }
  | { readonly step: 'sent'; readonly order: Order }
  | { readonly step: 'done' | 'failed'; readonly text: string }

const subject = signal<string | undefined>(undefined)
const step = signal<Step>({ step: 'choose' })

export function openOrders(backend: string): void {
  step.value = { step: 'choose' }
  subject.value = backend
}

/** What shall be done with a backend: chosen, confirmed, and what came of it. */
export function OrderDialog({ backends }: { readonly backends: readonly BackendRow[] }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = subject.value
  const backend = backends.find((row) => row.id === id)
  useLayoutEffect(() => {
    if (id === undefined) dialog.current?.close()
    else if (!dialog.current?.open) dialog.current?.showModal()
  }, [id])
  return (
    <dialog ref={dialog} aria-labelledby="order-title" onClose={() => (subject.value = undefined)}>
      {backend && <OrderSteps backend={backend} backends={backends} />}
    </dialog>
  )
}

function OrderSteps({
  backend,
  backends,
}: {
  readonly backend: BackendRow
  readonly backends: readonly BackendRow[]
}) {
  const now = step.value
  return (
    <div class="orders">
      <h2 id="order-title">
        Orders for <span class="mono">{backend.id}</span>
      </h2>
      <p class="hint">
        <span class={`state ${STATES[backend.state].tone}`}>{STATES[backend.state].label}</span>{' '}
        {whyOf(backend, backend.sinceAt, board.value?.at ?? 0)}
      </p>
      {now.step === 'choose' && <Choice backend={backend} />}
      {(now.step === 'confirm' || now.step === 'sent') && (
        <Confirmation
          backend={backend}
          order={now.order}
          isSent={now.step === 'sent'}
          lost={orphans(now.order, backend, backends)}
        />
      )}
      <div role="status">
        {now.step === 'sent' && <p class="hint">Waiting for its pool…</p>}
        {(now.step === 'done' || now.step === 'failed') && (
          <p class={`notice ${now.step === 'done' ? 'info' : 'bad'}`}>{now.text}</p>
        )}
      </div>
      <div class="row end">
        <button type="button" class="close" onClick={() => (subject.value = undefined)}>
          Close
        </button>
      </div>
    </div>
  )
}

const Choice = ({ backend }: { readonly backend: BackendRow }) => (
  <ul class="choices">
    {ORDERS.map(({ order, label, meaning }) => {
      const already = pointless(order, backend)
      return (
        <li key={order}>
          <button
            type="button"
            disabled={already !== ''}
            onClick={() => (step.value = { step: 'confirm', order })}
          >
            {label}
          </button>
          <span class="hint">{already || meaning}</span>
        </li>
      )
    })}
  </ul>
)

interface ConfirmationProps {
  readonly backend: BackendRow
  readonly order: Order
  readonly isSent: boolean
  readonly lost: readonly string[]
}

function Confirmation({ backend: { id }, order, isSent, lost }: ConfirmationProps) {
  const view = ORDERS.find((one) => one.order === order)
  const button = useRef<HTMLButtonElement>(null)
  // The button that was pressed is gone, and with it the place of the keyboard; before a key can come in between.
  useLayoutEffect(() => button.current?.focus(), [])
  return (
    <div class="confirmation">
      <p>{view?.meaning}</p>
      {lost.length > 0 && (
        <p class="notice warn">Nobody else serves {lost.join(', ')} now: requests for it will fail.</p>
      )}
      <div class="row">
        <button
          ref={button}
          type="button"
          class="primary"
          disabled={isSent}
          onClick={() => void send(id, order)}
        >
          {view?.label} {id}
        </button>
        <button type="button" disabled={isSent} onClick={() => (step.value = { step: 'choose' })}>
          Back
        </button>
      </div>
    </div>
  )
}

async function send(id: string, order: Order): Promise<void> {
  const mine: Step = { step: 'sent', order }
  step.value = mine
  const answer = await ask<OrderedBackend>(
    token.peek(),
    `/backends/${encodeURIComponent(id)}/${order}`,
    'POST',
  )
  if (!answer.ok && answer.error.kind === 'refused') return leave('The gateway refuses this token now.')
  // The table shall show it, whoever looks at the dialog.
  askNow()
  if (step.peek() !== mine) return
  step.value = answer.ok
    ? { step: 'done', text: resultOf(order, answer.value) }
    : { step: 'failed', text: whyNot(answer.error) }
}

const whyNot = (failure: Failure): string =>
  failure.kind === 'problem'
    ? `${failure.title}: ${failure.detail}`
    : 'The gateway did not answer; the order may have arrived.'
