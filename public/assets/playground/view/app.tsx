import { items, selected } from '../item.ts'
import { models } from '../models.ts'
import { Intake } from './intake.tsx'
import { KeyField } from './key-field.tsx'
import { Masthead } from './masthead.tsx'
import { ModelTable } from './model-table.tsx'
import { OrderForm } from './order-form.tsx'
import { RunBar } from './run-bar.tsx'
import { Stage } from './stage.tsx'
import { Strip } from './strip.tsx'

export function App() {
  const item = selected.value
  return (
    <>
      <Masthead />
      <main>
        <aside class="controls">
          <GatewayState />
          <Intake />
          {item && <OrderForm key={item.id} item={item} />}
          <KeyField />
          <RunBar />
        </aside>
        <section class="stage" id="stage" aria-label="Result">
          {items.value.length > 1 && <Strip />}
          {item ? <Stage key={item.id} item={item} /> : <Empty />}
        </section>
        <ModelTable />
      </main>
    </>
  )
}

/** Only when something is wrong with it. */
function GatewayState() {
  const known = models.value
  if (known.state === 'unreachable')
    return (
      <p class="notice bad" role="alert">
        The gateway cannot be reached. Reload the page when it is back.
      </p>
    )
  if (known.state === 'known' && known.served.length === 0)
    return (
      <p class="notice warn" role="alert">
        This gateway serves no model yet: its BACKENDS are empty.
      </p>
    )
  return null
}

function Empty() {
  return (
    <div class="empty">
      <h2>Nothing here yet</h2>
      <p>
        Choose a sample, or drop a latent anywhere on this page. What it shows by itself appears at once;
        Decode sends it to a GPU, or to what this gateway has instead.
      </p>
      <p>
        Files are sent to this gateway and to nobody else, and it keeps none of them.{' '}
        <a href="/docs">Every route</a> is there to read as well.
      </p>
    </div>
  )
}
