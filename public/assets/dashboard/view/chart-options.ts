/** How the charts look. Colours are those that the page's styles give, so that both schemes have their own. */
import type UPlot from 'uplot'
import type { Line } from './chart.tsx'

const FONT = '12px system-ui, sans-serif'

/** A quiet gateway shows a minute, not a line at the right edge. */
const MIN_SPAN_S = 60

/** @param onPoint is told the index of the point below the pointer, null where there is none */
export function optionsOf(
  element: HTMLElement,
  lines: readonly Line[],
  format: (value: number) => string,
  onPoint: (index: number | null) => void,
): UPlot.Options {
  const inkOf = (selector: string): string => {
    const swatch = element.parentElement?.querySelector(selector) ?? element
    return getComputedStyle(swatch).color
  }
  const soft = (): string => getComputedStyle(element).color
  const faint = (): string => getComputedStyle(element).borderTopColor
  const axis: UPlot.Axis = {
    stroke: soft,
    font: FONT,
    grid: { stroke: faint, width: 1 },
    ticks: { show: false },
  }
  return {
    width: element.clientWidth,
    height: 150,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { range: (_plot, min, max) => [Math.min(min, max - MIN_SPAN_S), max] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      { ...axis, space: 70, values: (_plot, ticks) => ticks.map(clock) },
      { ...axis, size: 62, space: 32, values: (_plot, ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...lines.map(
        ({ label, isDashed }): UPlot.Series => ({
          label,
          stroke: () => inkOf(`[data-line="${label}"]`),
          width: 1.75,
          ...(isDashed && { dash: [5, 4] }),
          points: { show: false },
        }),
      ),
    ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  }
}

const clock = (at: number): string =>
  new Date(at * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })
