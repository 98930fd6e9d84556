/** Whose an address is, as far as limits go: one IPv4 address, or the /64 that an IPv6 customer is given. */

/** Undefined for what is no address. */
export function networkOf(address: string): string | undefined {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1]
  const ipv4 = mapped ?? address
  if (/^[0-9]{1,3}(\.[0-9]{1,3}){3}$/.test(ipv4)) {
    const bytes = ipv4.split('.').map(Number)
    return bytes.every((byte) => byte <= 255) ? bytes.join('.') : undefined
  }
  const groups = ipv6Groups(address)
  return groups && `${groups.slice(0, 4).join(':')}::/64`
}

function ipv6Groups(address: string): string[] | undefined {
  // A zone is the business of the machine that it stands on.
  const [text = ''] = address.split('%')
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return groups.map((group) => Number.parseInt(group, 16).toString(16))
}
