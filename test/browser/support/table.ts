/** What a reader does at the playground. */
import type { Locator, Page } from 'playwright-core'

export interface Dropped {
  readonly name: string
  readonly mimeType: string
  readonly buffer: Buffer
}

export const file = (name: string, bytes: Uint8Array): Dropped => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(bytes),
})

export const choose = (page: Page, ...files: Dropped[]): Promise<void> =>
  page.locator('input[type=file]').setInputFiles(files)

export const sample = (page: Page, title: string): Promise<void> =>
  page.getByRole('group', { name: 'Samples' }).getByRole('button', { name: title }).click()

export const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

/** A float16 .npy file of zeros. */
export function npyFile(shape: readonly number[]): Buffer {
  const dict = `{'descr': '<f2', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`
  const header = `${dict.padEnd(117)}\n`
  const count = shape.reduce((product, size) => product * size, 1)
  const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0])
  return Buffer.concat([magic, Buffer.from(header), Buffer.alloc(count * 2)])
}

/** Sides of a picture that has been loaded. */
export const sidesOf = (picture: Locator): Promise<unknown> =>
  picture.evaluate(async (element) => {
    const image = element as unknown as {
      decode(): Promise<void>
      naturalWidth: number
      naturalHeight: number
    }
    await image.decode()
    return [image.naturalWidth, image.naturalHeight]
  })

/** Whether something is drawn on a canvas: more than one colour. */
export const isDrawn = (canvas: Locator): Promise<boolean> =>
  canvas.evaluate((element) => {
    const { width, height, getContext } = element as unknown as {
      width: number
      height: number
      getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } }
    }
    const { data } = getContext.call(element, '2d').getImageData(0, 0, width, height)
    return new Set(new Uint32Array(data.buffer)).size > 100
  })
