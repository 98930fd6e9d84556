import { useEffect, useRef, useState } from 'preact/hooks'
import type UPlot from 'uplot'
import { theme } from '../../base/theme.ts'
import { clock } from '../format.ts'
import { plotter } from '../plot.ts'
import type { Point } from '../point.ts'
import { optionsOf } from './chart-options.ts'

export interface Line {
  readonly label: string
  /** Class that gives the line its colour. */
  readonly tone: string
  readonly isDashed?: boolean
  readonly of: (point: Point) => number | null
}

interface ChartProps {
  readonly title: string
  readonly points: readonly Point[]
  readonly lines: readonly Line[]
  /** A value with its unit. */
  readonly format: (value: number) => string
}

/** Lines over the last minutes; the legend has the numbers of now, or of where the pointer is. */
export function Chart({ title, points, lines, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(null)
  const [pointed, setPointed] = useState<number | null>(null)
  const data = dataOf(points, lines)

  useEffect(() => {
    const element = place.current
    const Plot = plotter.value
    if (!element || !Plot) return
    const made = new Plot(optionsOf(element, lines, format, setPointed), data, element)
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: 150 }))
    observer.observe(element)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    const redraw = (): void => made.redraw(false)
    scheme.addEventListener('change', redraw)
    // After the page has its colours.
    const forget = theme.subscribe(() => void requestAnimationFrame(redraw))
    return () => {
      observer.disconnect()
      scheme.removeEventListener('change', redraw)
      forget()
      made.destroy()
    }
  }, [plotter.value])
  useEffect(() => plot.current?.setData(data), [points])

  const shown = points[pointed ?? points.length - 1]
  const legend = lines.map((line) => {
    const value = shown ? line.of(shown) : null
    return { ...line, text: value === null ? '–' : format(value) }
  })
  const summary = legend.map(({ label, text }) => `${label} ${text}`).join(', ')
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        {pointed !== null && shown && <span class="soft">{clock(shown.at)}</span>}
      </figcaption>
      <ul class="legend">
        {legend.map(({ label, tone, isDashed, text }) => (
          <li key={label}>
            <span class={`key ${tone} ${isDashed ? 'dashed' : ''}`} data-line={label} />
            {label} <b>{text}</b>
          </li>
        ))}
      </ul>
      <div ref={place} class="plot" role="img" aria-label={`${title}: ${summary}`}>
        {plotter.value === null && (
          <p class="hint">The charts cannot be loaded; the numbers are those of now.</p>
        )}
      </div>
    </figure>
  )
}

/** A line does not go on over time in which nobody looked. */
const GAP_MS = 90_000
const MIN_SPAN_MS = 60_000

function dataOf(points: readonly Point[], lines: readonly Line[]): UPlot.AlignedData {
  const rows: (Point | number)[] = points.flatMap((point, index) => {
    const last = points[index - 1]
    return last && point.at - last.at > GAP_MS ? [(last.at + point.at) / 2, point] : [point]
  })
  const first = points[0]?.at ?? 0
  // A quiet beginning shows a minute, not a line at the right edge.
  if ((points.at(-1)?.at ?? 0) - first < MIN_SPAN_MS) rows.unshift((points.at(-1)?.at ?? 0) - MIN_SPAN_MS)
  const at = rows.map((row) => (typeof row === 'number' ? row : row.at) / 1000)
  const columns = lines.map(({ of }) => rows.map((row) => (typeof row === 'number' ? null : of(row))))
  return [at, ...columns]
}
