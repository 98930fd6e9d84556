/** The page of models is the registry. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { canPreview } from '../preview/factors/index.ts'
import { maxMegapixels } from './cost.ts'
import { pictureFrames } from './geometry.ts'
import { describeShapes } from './latent-shape.ts'
import { allModels, isServable } from './registry.ts'
import type { Scaling, VaeModel } from './vae.ts'

const page = fileURLToPath(new URL('../../docs/models.md', import.meta.url))

const INTRODUCTION = `# Models

The VAEs that the gateway knows. A latent goes to \`POST /{id}\`; aliases are as good, in any case. Which of them a gateway
serves depends on its backends: \`GET /v1/models\`. The embedded preview shows those with a mark.

Sizes are in pixels. Latents in brackets are as their pipelines hand them over (\`output_type="latent"\`); packed ones need
\`height\` and \`width\`, and sides that are no multiple of a patch are floored. A picture may have up to
${maxMegapixels({ kind: 'image' } as VaeModel)} megapixels, a video ${maxMegapixels({ kind: 'video' } as VaeModel)} in all its frames.

Models of one latent space decode each other's latents; a request that names none of them goes to the one that the space is
named after. An operator narrows a model or adds one in [\`[[vars.MODELS]]\`](configuration.md#varsmodels).
`

function scalingOf(scaling: Scaling): string {
  switch (scaling.kind) {
    case 'factor':
      return `z / ${scaling.factor}${scaling.shift === 0 ? '' : ` + ${scaling.shift}`}`
    case 'statistics': {
      const by = scaling.factor === 1 ? '' : ` / ${scaling.factor}`
      return `z * std${by} + mean, ${scaling.mean.length} of each`
    }
    case 'none':
      return 'z'
    case 'checkpoint':
      return 'in the weights'
  }
}

const framesOf = (model: VaeModel): string =>
  model.kind === 'image' ? '' : [1, 2, 3, 21].map((count) => pictureFrames(model.frames, count)).join(', ')

function table(models: readonly VaeModel[], isVideo: boolean): string {
  const head = isVideo
    ? '| model | latent | frames of 1, 2, 3, 21 | decoded is | dtype | preview |\n| --- | --- | --- | --- | --- | --- |'
    : '| model | latent | decoded is | dtype | preview |\n| --- | --- | --- | --- | --- |'
  const rows = models.map((model) => {
    const shapes = isServable(model)
      ? `\`${describeShapes(model).replaceAll(' or ', '`<br>`')}\``
      : 'not known; not served'
    const cells = [
      `[${model.id}](#${model.id.replaceAll('.', '')})`,
      shapes,
      ...(isVideo ? [framesOf(model)] : []),
      scalingOf(model.scaling),
      model.dtype ?? '',
      canPreview(model) ? 'yes' : '',
    ]
    return `| ${cells.join(' | ')} |`
  })
  return [head, ...rows].join('\n')
}

/** What names it has, and where its numbers come from. */
function entry({ id, aliases, checkpoint, diffusersClass, latentSpace, sources }: VaeModel): string {
  const lines = [
    `### ${id}`,
    `${diffusersClass}${checkpoint === null ? '' : `, ${checkpoint}`}; latent space \`${latentSpace}\`.`,
    ...(aliases.length > 0 ? [`Also: ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`] : []),
    `Numbers from ${sources.map((source) => `\`${source}\``).join(', ')}.`,
  ]
  return `${lines.join('\n\n')}\n`
}

test('docs/models.md is the registry', async () => {
  const pictures = allModels.filter(({ kind }) => kind === 'image')
  const videos = allModels.filter(({ kind }) => kind === 'video')
  const parts = [
    INTRODUCTION,
    `## Pictures\n\n${table(pictures, false)}\n`,
    `## Videos\n\n${table(videos, true)}\n`,
    `## Names and sources\n\nWritten from the catalogue; \`npx vitest run src/models/page.test.ts -u\` writes it again.\n`,
    ...allModels.map(entry),
  ]
  await expect(parts.join('\n')).toMatchFileSnapshot(page)
})
