/** What codes of `x-vae-warning` mean; the gateway says it. */
export interface Meaning {
  readonly title: string
  readonly meaning: string
  readonly remedy: string
}

const known = new Map<string, Meaning>()

/** @returns undefined when the gateway does not say */
export async function explain(code: string): Promise<Meaning | undefined> {
  const heard = known.get(code)
  if (heard) return heard
  try {
    const answer = await fetch(`/warnings/${code}`, { credentials: 'omit' })
    if (!answer.ok) return undefined
    const meaning = (await answer.json()) as Meaning
    known.set(code, meaning)
    return meaning
  } catch {
    return undefined
  }
}
