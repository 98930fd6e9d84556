// Fills the page from /v1/models: what is served here, and the line to paste.

/** @param {{ kind: string, factor?: number, shift?: number }} scaling */
function scalingArguments({ kind, factor, shift }) {
  if (kind !== 'factor') return 'do_scaling=True'
  return shift ? `scaling_factor=${factor}, shift_factor=${shift}` : `scaling_factor=${factor}`
}

function cell(text) {
  const td = document.createElement('td')
  td.textContent = text
  return td
}

function row(model) {
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

try {
  const { models } = await (await fetch('/v1/models')).json()
  const served = models.filter((model) => model.served)
  document.getElementById('models').append(...served.map(row))
  const example = served.find(({ id }) => id === 'sdxl') ?? served[0]
  document.getElementById('python').textContent = [
    'from diffusers.utils.remote_utils import remote_decode',
    '',
    'image = remote_decode(',
    `    endpoint="${location.protocol}//KEY@${location.host}/${example.id}",`,
    `    tensor=latent, ${scalingArguments(example.scaling)},`,
    ')',
  ].join('\n')
} catch {
  const trouble = document.getElementById('trouble')
  trouble.textContent = 'The list of models could not be loaded.'
  trouble.hidden = false
}
