/** What an operator does at the dashboard, and answers of gateways larger than a test can start. */
import type { Page, Route } from 'playwright-core'
import type { BackendStatus, PoolReport } from '../../../src/admin/contract.ts'
import type { Family } from '../../../src/telemetry/exposition.ts'

/** The row of a backend. */
export const rowOf = (page: Page, backend: string) =>
  page.locator('.backends tbody tr').filter({ has: page.getByText(backend, { exact: true }) })

export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Admin token').fill(token)
  await page.getByRole('button', { name: 'Open' }).click()
}

const CAUSES: Partial<Record<BackendStatus['state'], string>> = {
  ejected: 'It was taken out for a while: it does not answer in the time that its decodes should take.',
  down: 'It is out of reach: nobody answers at its address.',
  cold: 'It is asleep or starting: it said that it is asleep.',
  drained: 'The operator has drained it: what runs may end, nothing new is sent.',
  'slow-start': 'It is just back and gets short jobs first.',
}

/** Every ninth backend is in some trouble. */
const STATES: readonly BackendStatus['state'][] = ['ejected', 'cold', 'down', 'drained', 'slow-start']

export function manyBackends(count: number): PoolReport[] {
  const backends = Array.from({ length: count }, (_, index): BackendStatus => {
    const state = index % 9 === 4 ? (STATES[Math.floor(index / 9) % STATES.length] ?? 'usable') : 'usable'
    const isServing = state === 'usable' || state === 'slow-start'
    return {
      id: `gpu-${['us', 'eu', 'ap'][index % 3]}-${Math.floor(index / 3) + 1}`,
      models: index % 2 === 0 ? ['sdxl', 'sd-v1'] : ['flux', 'sd3', 'qwen-image', 'wan-2.1', 'hunyuan-video'],
      kind: index % 5 === 0 ? 'huggingface' : 'vae-backend',
      state,
      reason: CAUSES[state] ?? '',
      until: state === 'ejected' ? new Date(Date.now() + 25_000).toISOString() : null,
      slots: 1 + (index % 2),
      leases: isServing ? index % 3 : 0,
      busyForMs: 0,
      speed: index === 7 ? 2.4 : 0.9 + (index % 5) / 20,
      samples: isServing ? 200 : 0,
      gapMs: 12,
    }
  })
  return ['us', 'eu', 'ap'].map((shard): PoolReport => {
    const own = backends.filter(({ id }) => id.includes(`-${shard}-`))
    const models = [...new Set(own.flatMap((backend) => backend.models))]
    return {
      name: own[0]?.id ?? '',
      shard,
      models,
      isReachable: true,
      queued: shard === 'us' ? 12 : 0,
      waitMs: shard === 'us' ? 3_400 : 0,
      backends: own,
    }
  })
}

/** Metrics of these pools when each of their serving backends has answered so often. */
export function metricsOf(pools: readonly PoolReport[], rounds: number): Family[] {
  const pool = pools[0]?.name ?? ''
  const counter = (name: string, rows: readonly (readonly [Record<string, string>, number])[]): Family =>
    ({
      name,
      type: 'counter',
      help: '',
      samples: rows.map(([labels, value]) => ({ name, labels: { pool, ...labels }, value })),
    }) as Family
  const backends = pools.flatMap((one) => one.backends)
  const serving = backends.filter(({ samples }) => samples > 0)
  const perBackend = (name: string, value: (speed: number) => number): Family =>
    counter(
      name,
      serving.map(({ id, speed }) => [{ backend: id }, value(speed)]),
    )
  const all = serving.length * rounds
  const histogram = (name: string, labels: Record<string, string>): Family =>
    ({
      name,
      type: 'histogram',
      help: '',
      samples: [
        ['0.25', 0],
        ['0.5', 0.4],
        ['1', 0.9],
        ['2.5', 1],
        ['+Inf', 1],
      ].map(([le, share]) => ({
        name: `${name}_bucket`,
        labels: { pool, ...labels, le: String(le) },
        value: Math.round(Number(share) * all),
      })),
    }) as Family
  return [
    {
      name: 'vae_gateway_backend_state_since_seconds',
      type: 'gauge',
      help: '',
      samples: pools.flatMap((one) =>
        one.backends.map(({ id }, index) => ({
          name: 'vae_gateway_backend_state_since_seconds',
          labels: { pool: one.name, backend: id },
          value: Date.now() / 1000 - 40 * (index + 1),
        })),
      ),
    },
    counter('vae_gateway_requests_total', [
      [{ model: 'sdxl', outcome: 'served' }, all],
      [{ model: 'sdxl', outcome: 'too-many-requests' }, 2 * rounds],
      [{ model: 'sdxl', outcome: 'deadline-exceeded' }, Math.floor(rounds / 3)],
      [{ model: 'flux', outcome: 'client-gone' }, rounds],
      [{ model: 'flux', outcome: 'latent-not-finite' }, Math.floor(rounds / 2)],
    ]),
    counter('vae_gateway_megapixels_total', [[{ model: 'sdxl' }, all * 1.05]]),
    counter(
      'vae_gateway_key_requests_total',
      Array.from({ length: 12 }, (_, index) => index).flatMap((index) => [
        [
          { key: `${index}`.repeat(16).slice(0, 16), outcome: 'served' },
          Math.round(all / (index + 2)),
        ] as const,
        [
          { key: `${index}`.repeat(16).slice(0, 16), outcome: 'refused' },
          index === 0 ? 2 * rounds : 0,
        ] as const,
      ]),
    ),
    counter(
      'vae_gateway_key_megapixels_total',
      Array.from({ length: 12 }, (_, index) => [
        { key: `${index}`.repeat(16).slice(0, 16) },
        all / (index + 2),
      ]),
    ),
    perBackend('vae_gateway_decode_ratio_count', () => rounds),
    perBackend('vae_gateway_decode_actual_seconds_total', (speed) => rounds * 0.42 * speed),
    perBackend('vae_gateway_decode_expected_seconds_total', () => rounds * 0.42),
    counter(
      'vae_gateway_attempts_total',
      serving.flatMap(({ id }, index) => [
        [{ backend: id, outcome: 'served' }, rounds] as const,
        [{ backend: id, outcome: 'timed-out' }, index === 3 ? rounds : 0] as const,
      ]),
    ),
    histogram('vae_gateway_request_duration_seconds', { model: 'sdxl' }),
    histogram('vae_gateway_queue_wait_seconds', { outcome: 'granted' }),
  ]
}

/** Answers for the admin API in the place of the gateway; each poll finds that more has happened. */
export async function pretend(page: Page, pools: readonly PoolReport[]): Promise<void> {
  let rounds = 0
  const json = (value: () => unknown) => (route: Route) => route.fulfill({ json: value() })
  await page.route(
    '**/v1/admin/pools',
    json(() => ({ pools })),
  )
  await page.route(
    '**/v1/admin/metrics',
    json(() => {
      rounds += 1 + (rounds % 3)
      return { metrics: metricsOf(pools, rounds) }
    }),
  )
  await page.route(
    '**/v1/admin/keys?*',
    json(() => ({
      keys: ['alice', 'studio', 'render farm'].map((name, index) => ({ id: `${index}`.repeat(16), name })),
      cursor: null,
    })),
  )
}
