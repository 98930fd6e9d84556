import { networkOf } from '../limits/address.ts'

/**
 * Where a request comes from, as far as limits go. Undefined where nobody who can be believed says so: the header is
 * set by Cloudflare, which also describes the connection; without it in front anybody could write what he likes.
 *
 * @param isTrusted whether the configuration says that the platform is in front
 */
export function networkOfClient(request: Request, isTrusted: boolean): string | undefined {
  if (!isTrusted || request.cf === undefined) return undefined
  const address = request.headers.get('cf-connecting-ip')
  return address === null ? undefined : networkOf(address)
}
