import { useSignalEffect } from '@preact/signals'
import { token } from '../session.ts'
import { announcement, board, link } from '../watch.ts'
import { BackendTable } from './backend-table.tsx'
import { ChangeList } from './change-list.tsx'
import { Charts } from './charts.tsx'
import { KeyTable } from './key-table.tsx'
import { LinkNotice } from './link-notice.tsx'
import { Login } from './login.tsx'
import { Masthead } from './masthead.tsx'
import { OrderDialog } from './order-dialog.tsx'
import { OutcomeTable } from './outcome-table.tsx'
import { PoolTable } from './pool-table.tsx'
import { Tiles } from './tiles.tsx'

export function App() {
  useSignalEffect(() => {
    const { backends = 0, serving = 0 } = board.value?.summary ?? {}
    const out = backends - serving
    document.title = `${out > 0 ? `(${out}) ` : ''}Dashboard of vae-gateway`
  })
  return (
    <>
      <Masthead />
      <p class="visually-hidden" role="status">
        {announcement.value}
      </p>
      <main>{token.value === '' ? <Login /> : <Watching />}</main>
    </>
  )
}

function Watching() {
  const known = board.value
  if (!known) return link.value.state === 'lost' ? <LinkNotice /> : <p class="opening">Asking the gateway…</p>
  return (
    <>
      <LinkNotice />
      <Tiles board={known} />
      <Charts points={known.points} />
      <BackendTable board={known} />
      <PoolTable pools={known.pools} />
      <div class="columns">
        <OutcomeTable board={known} />
        <KeyTable board={known} />
      </div>
      <ChangeList />
      <OrderDialog backends={known.backends} />
    </>
  )
}
