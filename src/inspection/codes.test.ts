/** The page of warnings is the table of codes. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { formatWarnings, warningCodes, warningKind } from './codes.ts'

const page = fileURLToPath(new URL('../../docs/warnings.md', import.meta.url))

const INTRODUCTION = `# Warnings

The gateway looks into each latent before a backend does. What only looks wrong is decoded, and the answer says so in
\`x-vae-warning\`, a structured list of the codes below with the numbers behind them:

\`\`\`
x-vae-warning: latent-scaled-twice;std=5.17;expected=1.0
\`\`\`

\`std\` is the standard deviation of the numbers that were sent, \`expected\` what they would have, were all well.
\`GET /warnings/{code}\` has the same as JSON. With \`strict=true\` in the query such a request is refused instead, 422
\`latent-suspicious\`. NaN and infinity are always refused, 422 \`latent-not-finite\`.

Large latents are sampled: mean and deviation come from 32,768 numbers, NaN is looked for in 1 MB. That takes less than a
millisecond (\`node bench/inspection.ts\`). Photographs spread by 0.6 to 1.2 in diffusion space and noise by 1; warnings
about the scale begin below 0.42 and above 1.6, so that mistakes which change less than that are not seen: those of SD3,
CogVideoX and others whose factor is near 1.
`

const section = (code: (typeof warningCodes)[number]): string => {
  const { title, meaning, remedy } = warningKind(code)
  return `## \`${code}\`\n\n**${title}.** ${meaning}\n\n${remedy}\n`
}

test('docs/warnings.md explains every code', async () => {
  await expect([INTRODUCTION, ...warningCodes.map(section)].join('\n')).toMatchFileSnapshot(page)
})

test('codes can stand in a structured field and in a path', () => {
  expect(warningCodes.filter((code) => !/^[a-z][a-z-]{3,40}$/.test(code))).toEqual([])
})

test('several warnings are one list', () => {
  const list = formatWarnings([
    { code: 'latent-all-zero', facts: {} },
    { code: 'latent-scale-unusual', facts: { std: 40, expected: 1 } },
  ])
  expect(list).toBe('latent-all-zero, latent-scale-unusual;std=40.0;expected=1.0')
})
