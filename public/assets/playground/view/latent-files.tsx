import { writeNpy } from '../tensor/npy.ts'
import { writeSafetensors } from '../tensor/safetensors.ts'
import { bytesOf, type Tensor } from '../tensor/tensor.ts'

const WRITERS: readonly (readonly [string, (tensor: Tensor) => Uint8Array<ArrayBuffer>])[] = [
  ['safetensors', (tensor) => writeSafetensors(tensor)],
  ['npy', writeNpy],
  ['bin', ({ data }) => bytesOf(data)],
]

/** The latent as a file, in the formats that hold its numbers. */
export function LatentFiles({ name, tensor }: { readonly name: string; readonly tensor: Tensor }) {
  // numpy has no bfloat16.
  const writers = WRITERS.filter(([extension]) => extension !== 'npy' || tensor.dtype !== 'bfloat16')
  return (
    <fieldset class="row wrap">
      <legend>Save the latent</legend>
      {writers.map(([extension, write]) => (
        <button type="button" key={extension} onClick={() => save(`${name}.${extension}`, write(tensor))}>
          .{extension}
        </button>
      ))}
    </fieldset>
  )
}

function save(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([bytes]))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
