/** The bare request, as the client sends it. */
import { decodeRequest, encodeRequest, type Outgoing } from '../../../../src/client/send/request.ts'
import type { Item } from '../item.ts'
import { decodeOptions, encodeOptions } from '../order.ts'
import { extensionOf } from '../outcome.ts'

export function curl({ name, source, order }: Item, origin: string): string {
  const access = { url: origin, apiKey: 'KEY' }
  if (source.kind === 'picture') {
    const request = encodeRequest(access, source.file, encodeOptions(order))
    return command(request, ['-D headers.txt', '-o latent.bin'], `@${name}`)
  }
  if (source.kind !== 'latent') return ''
  const { tensor, file } = source
  const request = decodeRequest(access, tensor, order.format, decodeOptions(order))
  const output = `${order.format === 'mp4' ? 'video' : 'picture'}.${extensionOf(order.format)}`
  if (file.kind === 'raw') return command(request, [`-o ${output}`], `@${name}`)
  // The gateway takes the numbers alone, which stand at the end of the file.
  if (file.endsWithTensor)
    return `tail -c ${tensor.data.byteLength} ${quote(name)} | ${command(request, [`-o ${output}`], '@-')}`
  return `# latent.bin: the bytes of the tensor alone\n${command(request, [`-o ${output}`], '@latent.bin')}`
}

const command = ({ url, headers }: Outgoing, output: readonly string[], body: string): string =>
  [
    `curl --fail-with-body ${output.join(' ')} \\`,
    ...Object.entries(headers).map(([name, value]) => `  -H ${quote(`${name}: ${value}`)} \\`),
    `  --data-binary ${/^[\w@./-]+$/.test(body) ? body : quote(body)} \\`,
    `  ${quote(url)}`,
  ].join('\n')

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
