/** By the client that this page uses itself. */
import type { Item } from '../item.ts'
import { decodeOptions, type Order } from '../order.ts'
import { extensionOf } from '../outcome.ts'
import type { Source } from '../source.ts'

export function typescript({ name, source, order }: Item, origin: string): string {
  const client = `const client = createClient({ endpoint: ${quote(origin)}, apiKey: 'KEY' })`
  if (source.kind === 'picture')
    return [
      ...importing('createClient', 'writeSafetensors'),
      client,
      `const { tensor } = await client.encode(await readFile(${quote(name)}), ${literal(optionsOf(order, false))})`,
      "await writeFile('latent.safetensors', writeSafetensors(tensor))",
    ].join('\n')
  if (source.kind !== 'latent') return ''
  const output = `${order.format === 'mp4' ? 'video' : 'picture'}.${extensionOf(order.format)}`
  return [
    ...importing('createClient', 'readTensor'),
    client,
    `const latent = await readTensor(await readFile(${quote(name)})${factsOf(source)})`,
    `const { blob } = await client.decode(latent, ${literal(optionsOf(order, true))})`,
    `await writeFile('${output}', blob.stream())`,
  ].join('\n')
}

const importing = (...names: string[]): string[] => [
  "import { readFile, writeFile } from 'node:fs/promises'",
  `import { ${names.join(', ')} } from 'vae-gateway/client'`,
  '',
]

/** What the file does not say itself. */
function factsOf({ tensor, file }: Extract<Source, { kind: 'latent' }>): string {
  if (file.kind === 'raw') return `, ${literal({ shape: tensor.shape, dtype: tensor.dtype })}`
  return ''
}

/** Without those that are the usual ones. */
function optionsOf(order: Order, isDecode: boolean): object {
  const { model, scaling, format, height, width } = decodeOptions(order)
  return {
    model,
    ...(isDecode && { height, width }),
    ...(scaling === 'none' && { scaling }),
    ...(isDecode && format === 'jpeg' && { format }),
  }
}

function literal(value: object): string {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return `{ ${entries.map(([name, each]) => `${name}: ${typeof each === 'string' ? quote(each) : list(each)}`).join(', ')} }`
}

const list = (value: unknown): string => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value))

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
