/** `RateLimit-Policy` and `RateLimit`, of draft-ietf-httpapi-ratelimit-headers: structured lists of integers. */
import type { Quota } from './protocol.ts'

/** Empty where nothing is limited. Fractions are rounded to the client's disadvantage, and seconds up. */
export function rateLimitHeaders(quotas: readonly Quota[]): Record<string, string> {
  if (quotas.length === 0) return {}
  return {
    'ratelimit-policy': quotas.map(policyItem).join(', '),
    ratelimit: quotas.map(limitItem).join(', '),
  }
}

/** Units other than requests; `megapixels` is no registered one, but there is none that would be true. */
const UNITS: Partial<Record<Quota['policy'], string>> = {
  megapixels: 'megapixels',
  concurrency: 'concurrent-requests',
  month: 'megapixels',
}

function policyItem({ policy, limit, windowS }: Quota): string {
  const unit = UNITS[policy]
  return [
    `"${policy}"`,
    `q=${Math.floor(limit)}`,
    ...(unit === undefined ? [] : [`qu="${unit}"`]),
    ...(windowS === null ? [] : [`w=${windowS}`]),
  ].join(';')
}

const limitItem = ({ policy, remaining, resetMs }: Quota): string =>
  `"${policy}";r=${Math.floor(remaining)};t=${Math.ceil(resetMs / 1_000)}`
