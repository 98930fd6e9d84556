/** Where latents and pictures come in: dropped, chosen, pasted, or one of the samples. */
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { readSource } from '../files.ts'
import { addItem } from '../item.ts'
import { Samples } from './samples.tsx'

const isOver = signal(false)

async function take(files: Iterable<File>): Promise<void> {
  for (const file of files) addItem(file.name, await readSource(file))
}

/** The whole page takes what is dropped; a miss by a finger's breadth would leave the page for the file. */
function useDrop(): void {
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      isOver.value = true
    }
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) isOver.value = false
    }
    const drop = (event: DragEvent): void => {
      event.preventDefault()
      isOver.value = false
      void take(event.dataTransfer?.files ?? [])
    }
    const paste = (event: ClipboardEvent): void => void take(event.clipboardData?.files ?? [])
    addEventListener('dragover', over)
    addEventListener('dragleave', leave)
    addEventListener('drop', drop)
    addEventListener('paste', paste)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('dragleave', leave)
      removeEventListener('drop', drop)
      removeEventListener('paste', paste)
    }
  }, [])
}

export function Intake() {
  const input = useRef<HTMLInputElement>(null)
  useDrop()
  return (
    <section aria-labelledby="intake">
      <h2 id="intake">Latent or picture</h2>
      <div class={`drop ${isOver.value ? 'over' : ''}`}>
        <button type="button" onClick={() => input.current?.click()}>
          Choose files
        </button>
        <p>or drop them here: .safetensors, .npy, raw bytes; PNG, JPEG or WebP to encode</p>
        <input
          ref={input}
          class="visually-hidden"
          type="file"
          multiple
          tabIndex={-1}
          aria-label="Files"
          onChange={async ({ currentTarget }) => {
            await take(currentTarget.files ?? [])
            currentTarget.value = ''
          }}
        />
      </div>
      <Samples />
    </section>
  )
}
