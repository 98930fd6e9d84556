/** The same request in the words of a reader's own program. */
import type { Item } from '../item.ts'
import { curl } from './curl.ts'
import { python } from './python.ts'
import { typescript } from './typescript.ts'

export const LANGUAGES = ['Python', 'curl', 'TypeScript'] as const
export type Language = (typeof LANGUAGES)[number]

const WRITERS: Readonly<Record<Language, typeof python>> = { Python: python, curl, TypeScript: typescript }

/** What each needs to be there. */
export const NEEDS: Readonly<Record<Language, string>> = {
  Python: 'pip install diffusers torch',
  curl: 'curl 7.76 or newer',
  TypeScript: 'npm install the client’s package: npm run build:client in a clone makes it',
}

/**
 * @param item something that misses nothing
 * @param origin of the gateway; KEY stands where the reader's key goes
 */
export const snippetOf = (language: Language, item: Item, origin: string): string =>
  WRITERS[language](item, origin)
