import { useState } from 'preact/hooks'
import { readRaw } from '../files.ts'
import { type Item, setSource } from '../item.ts'
import { sizeOf } from '../outcome.ts'
import type { Dtype } from '../tensor/tensor.ts'

const DTYPES: readonly Dtype[] = ['float16', 'bfloat16', 'float32']

/** Raw bytes say nothing of themselves. */
export function RawForm({ item, bytes }: { readonly item: Item; readonly bytes: Uint8Array<ArrayBuffer> }) {
  const [text, setText] = useState('')
  const [dtype, setDtype] = useState<Dtype>('float16')
  const [trouble, setTrouble] = useState('')
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const shape = text.split(/[^0-9]+/).flatMap((size) => (size === '' ? [] : Number(size)))
    const read = await readRaw(bytes, shape, dtype)
    if (typeof read === 'string') setTrouble(read)
    else setSource(item, read)
  }
  return (
    <section aria-labelledby="raw">
      <h2 id="raw">Raw bytes</h2>
      <p class="hint">
        {sizeOf(bytes.length)} that are no .safetensors, no .npy and no picture. As a latent, they need a
        shape.
      </p>
      <form onSubmit={submit}>
        <label class="field">
          Shape
          <input
            class="mono"
            placeholder="1, 4, 64, 64"
            value={text}
            aria-invalid={trouble !== ''}
            aria-describedby="raw-trouble"
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <label class="field">
          Numbers
          <select value={dtype} onChange={({ currentTarget }) => setDtype(currentTarget.value as Dtype)}>
            {DTYPES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <button type="submit">Read</button>
        <p id="raw-trouble" class="trouble" role="alert">
          {trouble}
        </p>
      </form>
    </section>
  )
}
