/**
 * What a page keeps in the browser: reads it, or sets it, or with null forgets it. A browser that keeps nothing for this
 * page throws; the page does without.
 */
export function stored(
  where: 'localStorage' | 'sessionStorage',
  name: string,
  value?: string | null,
): string | null {
  try {
    const storage = window[where]
    if (value === null) storage.removeItem(name)
    else if (value !== undefined) storage.setItem(name, value)
    return storage.getItem(name)
  } catch {
    return null
  }
}
