/** How the charts look. Colours are those that the page's styles give, so that both schemes have their own. */
import type UPlot from 'uplot'
import { clock } from '../format.ts'
import type { Line } from './chart.tsx'

const FONT = '12px system-ui, sans-serif'

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
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      { ...axis, size: 26, space: 64, values: (_plot, ticks) => clocks(ticks) },
      { ...axis, size: 56, space: 30, values: (_plot, ticks) => ticks.map(format) },
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

/** With seconds only where minutes would not tell ticks apart. */
function clocks(ticks: readonly number[]): string[] {
  const length = (ticks[1] ?? 0) - (ticks[0] ?? 0) < 60 ? 8 : 5
  return ticks.map((at) => clock(at * 1000).slice(0, length))
}
