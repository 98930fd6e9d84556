/** What shall be done with the item: by which model, at which size, to which file. */
import { type Item, type Order, setOrder } from '../item.ts'
import { findModel, isPacked, modelsFor, type ServedModel, servedModels } from '../models.ts'
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
      <ModelChoice item={item} />
      {source.kind === 'latent' && isPacked(source.tensor.shape) && <SizeFields item={item} />}
      {source.kind === 'latent' && <FormatChoice item={item} />}
      <label class="check">
        <input
          type="checkbox"
          checked={item.order.isScaled}
          onChange={({ currentTarget }) => setOrder(item, { isScaled: currentTarget.checked })}
        />
        {source.kind === 'picture'
          ? 'Leave as the VAE gives it, not scaled'
          : 'Unscaled already: as the VAE takes it'}
      </label>
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
          Expects <span class="mono">{source.kind === 'picture' ? 'PNG, JPEG or WebP' : model.shapes}</span>
          {fitting[0]?.id === model.id && fitting.length > 1 && '. Several models make this shape: check.'}
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

const NAMES: Readonly<Record<Order['format'], string>> = { png: 'PNG', jpg: 'JPEG', mp4: 'MP4' }

function FormatChoice({ item }: { readonly item: Item }) {
  const formats: readonly Order['format'][] =
    findModel(item.order.modelId)?.kind === 'video' ? ['mp4'] : ['png', 'jpg']
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
