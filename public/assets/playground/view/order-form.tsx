/** What shall be done with the item: by which model, at which size, to which file. */
import { type Item, isUnderWay, setOrder } from '../item.ts'
import { findModel, isPacked, modelsFor, type ServedModel, servedModels } from '../models.ts'
import type { Order } from '../order.ts'
import { RawForm } from './raw-form.tsx'

export function OrderForm({ item }: { readonly item: Item }) {
  const { source } = item
  if (source.kind === 'unreadable') return null
  if (source.kind === 'raw') return <RawForm item={item} bytes={source.bytes} />
  return (
    <section aria-labelledby="order">
      <h2 id="order">{source.kind === 'picture' ? 'Encode' : 'Decode'}</h2>
      {source.kind === 'latent' && (
        <p class="hint mono">
          [{source.tensor.shape.join(', ')}] {source.tensor.dtype}
        </p>
      )}
      <fieldset class="fields" disabled={isUnderWay(item)}>
        <ModelChoice item={item} />
        {source.kind === 'latent' && isPacked(source.tensor.shape) && <SizeFields item={item} />}
        <label class="field">
          {source.kind === 'picture' ? 'The latent shall be' : 'The latent is'}
          <select
            value={item.order.scaling}
            onChange={({ currentTarget }) =>
              setOrder(item, { scaling: currentTarget.value as Order['scaling'] })
            }
          >
            <option value="model">as the diffusion model makes it</option>
            <option value="none">in the VAE’s own space, as in ComfyUI</option>
          </select>
        </label>
        {source.kind === 'latent' && <FormatChoice item={item} />}
      </fieldset>
    </section>
  )
}

function ModelChoice({ item: { source, order }, item }: { readonly item: Item }) {
  const shape = source.kind === 'latent' ? source.tensor.shape : []
  const fitting =
    source.kind === 'picture'
      ? servedModels().filter(({ operations }) => operations.includes('encode'))
      : modelsFor(shape, order.size)
  const others = servedModels().filter(
    ({ id, operations }) =>
      fitting.every((model) => model.id !== id) &&
      operations.includes(source.kind === 'picture' ? 'encode' : 'decode'),
  )
  const model = findModel(order.modelId)
  return (
    <>
      <label class="field">
        Model
        <select
          value={model?.id ?? ''}
          aria-describedby="expects"
          onChange={({ currentTarget }) => setOrder(item, { modelId: currentTarget.value })}
        >
          {!model && (
            <option value="">{order.modelId ? `${order.modelId} is not served` : 'Choose one'}</option>
          )}
          <Options label={source.kind === 'picture' ? 'Encoders' : 'Made of this shape'} models={fitting} />
          <Options label="Others" models={others} />
        </select>
      </label>
      {model && (
        <p id="expects" class="hint">
          {source.kind === 'latent' && fitting[0]?.id === model.id && 'Inferred from the shape. '}
          Expects <span class="mono">{source.kind === 'picture' ? 'PNG, JPEG or WebP' : model.shapes}</span>
          {source.kind === 'latent' && fitting.length > 1 && '. Other models make this shape too: check.'}
        </p>
      )}
    </>
  )
}

function Options({ label, models }: { readonly label: string; readonly models: readonly ServedModel[] }) {
  if (models.length === 0) return null
  return (
    <optgroup label={label}>
      {models.map(({ id }) => (
        <option key={id} value={id}>
          {id}
        </option>
      ))}
    </optgroup>
  )
}

const SIDES = ['height', 'width'] as const

function SizeFields({ item }: { readonly item: Item }) {
  const size = item.order.size ?? { height: 1024, width: 1024 }
  return (
    <div class="row">
      {SIDES.map((side) => (
        <label class="field grow" key={side}>
          {side === 'height' ? 'Height' : 'Width'}, pixels
          <input
            type="number"
            min={16}
            step={16}
            value={size[side]}
            onInput={({ currentTarget }) => {
              const value = Number(currentTarget.value)
              if (Number.isSafeInteger(value) && value > 0)
                setOrder(item, { size: { ...size, [side]: value } })
            }}
          />
        </label>
      ))}
    </div>
  )
}

const NAMES: Readonly<Record<Order['format'], string>> = { png: 'PNG', jpeg: 'JPEG', mp4: 'MP4' }

function FormatChoice({ item }: { readonly item: Item }) {
  const formats: readonly Order['format'][] =
    findModel(item.order.modelId)?.kind === 'video' ? ['mp4'] : ['png', 'jpeg']
  return (
    <fieldset class="choice">
      <legend>Answer</legend>
      {formats.map((format) => (
        <label class="check" key={format}>
          <input
            type="radio"
            name="format"
            checked={item.order.format === format}
            onChange={() => setOrder(item, { format })}
          />
          {NAMES[format]}
        </label>
      ))}
    </fieldset>
  )
}
