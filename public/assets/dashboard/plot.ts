/** The library that draws charts: as large as the rest of the page, so it is loaded after it. */
import { signal } from '@preact/signals'
import type UPlot from 'uplot'

export type Plotter = typeof UPlot

/** Null where it cannot be loaded: the page does without charts. */
export const plotter = signal<Plotter | null | undefined>(undefined)

// No literal, which the bundler would follow.
const FILE: string = '/assets/uplot.js'

export async function loadPlotter(): Promise<void> {
  try {
    const loaded = (await import(FILE)) as { default: Plotter }
    plotter.value = loaded.default
  } catch {
    plotter.value = null
  }
}
