/**
 * Takes a secret out of what stands behind the # of the address, which is never sent, and leaves none of it in the address
 * bar. Null where there is none of that name.
 */
export function secretOfAddress(name: string): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get(name)
  if (given !== null) history.replaceState(null, '', location.pathname + location.search)
  return given
}
