import { KEY_PATTERN } from './api-key.ts'

/**
 * The API key a request carries, in the places clients can put one: `Authorization: Bearer`, `Authorization: Basic`
 * as user or password (what `https://KEY@host/` becomes), `x-api-key`. What looks like a key of ours goes first,
 * because some clients send a token for somebody else beside it. Undefined when there is none.
 */
export function readCredential(headers: Headers): string | undefined {
  const candidates = [...readAuthorization(headers.get('authorization')), headers.get('x-api-key') ?? '']
  return candidates.find((text) => KEY_PATTERN.test(text)) ?? candidates.find((text) => text !== '')
}

function readAuthorization(header: string | null): string[] {
  const [, scheme, value] = header?.match(/^(\S+)\s+(\S+)\s*$/) ?? []
  switch (scheme?.toLowerCase()) {
    case 'bearer':
      return value ? [value] : []
    case 'basic':
      return value ? readBasic(value) : []
    default:
      return []
  }
}

function readBasic(value: string): string[] {
  try {
    const [, user = '', password = ''] = atob(value).match(/^([^:]*):?(.*)$/s) ?? []
    return [user, password]
  } catch {
    return []
  }
}
