/** Fills the page from /v1/models: what is served here, and the line to paste. */

interface Model {
  readonly id: string
  readonly shapes: string
  readonly outputs: readonly string[]
  readonly scaling: { readonly kind: string; readonly factor?: number; readonly shift?: number }
  readonly served: boolean
  readonly backends: readonly { readonly kind: string }[]
}

function scalingArguments({ kind, factor, shift }: Model['scaling']): string {
  if (kind !== 'factor') return 'do_scaling=True'
  return shift ? `scaling_factor=${factor}, shift_factor=${shift}` : `scaling_factor=${factor}`
}

function cell(text: string): HTMLTableCellElement {
  const td = document.createElement('td')
  td.textContent = text
  return td
}

function row(model: Model): HTMLTableRowElement {
  const tr = document.createElement('tr')
  const isPreview = model.backends.every(({ kind }) => kind === 'preview')
  tr.append(
    cell(model.id),
    cell(model.shapes),
    cell(model.outputs.join(', ')),
    cell(scalingArguments(model.scaling)),
    cell(isPreview ? 'approximate preview' : ''),
  )
  if (isPreview) tr.className = 'preview'
  return tr
}

const line = ({ id, scaling }: Model): string =>
  [
    'from diffusers.utils.remote_utils import remote_decode',
    '',
    'image = remote_decode(',
    `    endpoint="${location.protocol}//x:KEY@${location.host}/${id}",`,
    `    tensor=latent, ${scalingArguments(scaling)},`,
    ')',
  ].join('\n')

async function fill(): Promise<void> {
  const { models } = (await (await fetch('/v1/models')).json()) as { models: readonly Model[] }
  const served = models.filter((model) => model.served)
  document.getElementById('models')?.append(...served.map(row))
  const example = served.find(({ id }) => id === 'sdxl') ?? served[0]
  const code = document.getElementById('python')
  if (code && example) code.textContent = line(example)
}

try {
  await fill()
} catch {
  const trouble = document.getElementById('trouble')
  if (trouble) {
    trouble.textContent = 'The list of models could not be loaded.'
    trouble.hidden = false
  }
}
