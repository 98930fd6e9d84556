/** Lists of tokens with parameters, as structured fields have them (RFC 9651). */

export interface ListItem {
  readonly token: string
  readonly parameters: Readonly<Record<string, number | string>>
}

/**
 * `latent-scaled-twice;std=5.17;expected=1.0, other;model=flux`
 *
 * Tokens, names and texts must be those of tokens: a letter, then letters, digits, `.`, `-` and the like.
 */
export const formatList = (items: readonly ListItem[]): string =>
  items
    .map(({ token, parameters }) =>
      [token, ...Object.entries(parameters).map(([name, value]) => `${name}=${formatBare(value)}`)].join(';'),
    )
    .join(', ')

/** Most digits that a decimal may have before its point. */
const MAX_DECIMAL = 999_999_999_999

/** A decimal has up to three digits after its point, and one at least. */
function formatBare(value: number | string): string {
  if (typeof value === 'string') return value
  const bounded = Math.min(MAX_DECIMAL, Math.max(-MAX_DECIMAL, value))
  return bounded.toFixed(3).replace(/0{1,2}$/, '')
}

/**
 * The items of such a list, or of a `Server-Timing`, which is written alike. What is no item is left out.
 */
export const parseList = (text: string): ListItem[] =>
  text.split(',').flatMap((part) => {
    const [token = '', ...fields] = part.split(';').map((field) => field.trim())
    if (!/^[a-z][\w.-]*$/i.test(token)) return []
    const parameters = fields.flatMap((field) => {
      const [, name, value = ''] = /^([\w.-]+)="?([^"]*)"?$/.exec(field) ?? []
      return name === undefined ? [] : [[name, readBare(value)] as const]
    })
    return [{ token, parameters: Object.fromEntries(parameters) }]
  })

const readBare = (text: string): number | string => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text)
