/** Fills the page from /v1/models: what is served here, whether it can be decoded now, and the call to paste. */

interface Availability {
  readonly status: 'available' | 'recovering' | 'cold' | 'unavailable' | 'unknown'
  readonly canTakeWork: number
  readonly idle: number
  readonly waitMs: number | null
}

interface ServedModel {
  readonly id: string
  readonly shapes: string
  readonly outputs: readonly string[]
  readonly backends: readonly { readonly kind: string }[]
  readonly availability: Availability
  readonly remoteDecode: string
}

interface Model extends ServedModel {
  readonly served: boolean
}

function describeAvailability({ status, canTakeWork, idle, waitMs }: Availability): string {
  if (status === 'cold') return 'asleep; the first decode waits'
  if (status !== 'available') return status
  const wait = waitMs === null || waitMs < 1_000 ? '' : `, about ${Math.ceil(waitMs / 1_000)} s to wait`
  return `${idle} of ${canTakeWork} idle${wait}`
}

function cell(text: string): HTMLTableCellElement {
  const td = document.createElement('td')
  td.textContent = text
  return td
}

function row(model: ServedModel): HTMLTableRowElement {
  const tr = document.createElement('tr')
  const isPreview = model.backends.every(({ kind }) => kind === 'preview')
  tr.append(
    cell(model.id),
    cell(model.shapes),
    cell(model.outputs.join(', ')),
    cell(describeAvailability(model.availability)),
    cell(isPreview ? 'approximate preview' : ''),
  )
  if (isPreview) tr.className = 'preview'
  return tr
}

/** The call, an argument a line. */
const code = ({ remoteDecode }: ServedModel): string =>
  [
    'from diffusers.utils.remote_utils import remote_decode',
    '',
    `image = ${remoteDecode.replace('(', '(\n    ').replaceAll(', ', ',\n    ').replace(/\)$/, ',\n)')}`,
  ].join('\n')

/** @throws Error when the page lacks it */
function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`)
  return found
}

async function fill(): Promise<void> {
  const { models } = (await (await fetch('/v1/models')).json()) as { models: readonly Model[] }
  const served = models.filter((model) => model.served)
  element('models', HTMLTableSectionElement).append(...served.map(row))
  const choice = element('choice', HTMLSelectElement)
  choice.append(...served.map(({ id }) => new Option(id, id, id === 'sdxl', id === 'sdxl')))
  const show = (): void => {
    const chosen = served[choice.selectedIndex]
    if (chosen) element('python', HTMLElement).textContent = code(chosen)
  }
  choice.addEventListener('change', show)
  show()
}

try {
  await fill()
} catch {
  const trouble = element('trouble', HTMLElement)
  trouble.textContent = 'The list of models could not be loaded.'
  trouble.hidden = false
}
