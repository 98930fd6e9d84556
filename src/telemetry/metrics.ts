/**
 * Every metric there is, in one place: `/metrics`, its documentation, the dashboard and the alerts are held to this
 * table. Each series also says in `pool` which pool's object keeps it, so that one object that begins anew resets its
 * own series and no sum of several.
 */

interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds of a histogram, in the unit of its name. */
  readonly buckets?: readonly number[]
}

const REQUEST_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2]
const RATIOS = [0.25, 0.5, 0.75, 0.9, 1.1, 1.25, 1.5, 2, 3, 5, 10]

const counter = <const Labels extends readonly string[]>(labels: Labels, help: string) =>
  ({ type: 'counter', help, labels }) as const
const gauge = <const Labels extends readonly string[]>(labels: Labels, help: string) =>
  ({ type: 'gauge', help, labels }) as const
const histogram = <const Labels extends readonly string[]>(
  labels: Labels,
  buckets: readonly number[],
  help: string,
) => ({ type: 'histogram', help, labels, buckets }) as const

export const metrics = {
  vae_gateway_build_info: gauge(['version'], 'Always 1; the version that answered the scrape.'),
  vae_gateway_pool_up: gauge(
    ['shard'],
    'Whether the pool answered the scrape; 0: what it counted is missing.',
  ),
  vae_gateway_pool_start_time_seconds: gauge(
    [],
    'When the object of the pool began, since 1970; its counters began then.',
  ),

  // Requests
  vae_gateway_requests_total: counter(
    ['model', 'outcome'],
    'Requests that ended, by how: served, broke-off, client-gone, client-slow, or the code of a problem. The model of an encode is `sdxl:encode`.',
  ),
  vae_gateway_request_duration_seconds: histogram(
    ['model'],
    REQUEST_SECONDS,
    'Of requests that were served, from their first byte to the last of the answer.',
  ),
  vae_gateway_upload_duration_seconds: histogram(
    [],
    REQUEST_SECONDS,
    'Until the body of a request was there.',
  ),
  vae_gateway_limit_duration_seconds: histogram(
    [],
    CALL_SECONDS,
    'Until the object of a key had answered, while the body came in.',
  ),
  vae_gateway_megapixels_total: counter(
    ['model'],
    'Width x height x frames / 1e6 of answers that were served.',
  ),
  vae_gateway_received_bytes_total: counter(['model'], 'Latents and pictures that came in whole.'),
  vae_gateway_sent_bytes_total: counter(['model'], 'Answers that went out whole.'),
  vae_gateway_latent_warnings_total: counter(['code'], 'Latents that look wrong, by x-vae-warning.'),

  // Keys
  vae_gateway_key_requests_total: counter(
    ['key', 'outcome'],
    'Requests of the busiest keys by id: served, refused (4xx), failed (5xx), left; all others are key="other".',
  ),
  vae_gateway_key_megapixels_total: counter(
    ['key'],
    'Megapixels served to the busiest keys by id; others together.',
  ),
  vae_gateway_limit_refusals_total: counter(
    ['reason'],
    'Requests that the limits of their key refuse: requests, megapixels, concurrency, month, plan, model, share, revoked.',
  ),
  vae_gateway_bad_credentials_total: counter(
    ['door', 'outcome'],
    'Requests without a good key, or at the admin door a good token: refused, or flooding once there are too many.',
  ),
  vae_gateway_admin_requests_total: counter(['status'], 'Requests of operators, scrapes among them.'),

  // The queue
  vae_gateway_queue_jobs: gauge([], 'Jobs that wait for a slot.'),
  vae_gateway_queue_keys: gauge([], 'Keys that have jobs waiting.'),
  vae_gateway_queue_expected_wait_seconds: gauge([], 'What a job that came now is expected to wait.'),
  vae_gateway_queue_wait_seconds: histogram(
    ['outcome'],
    REQUEST_SECONDS,
    'Until a job was granted a slot, or refused one.',
  ),
  vae_gateway_grants_total: counter(
    ['purpose'],
    'Slots handed out: for a first attempt, a retry, or a hedge beside a slow one.',
  ),
  vae_gateway_refusals_total: counter(
    ['reason'],
    'Jobs that got no slot, by reason; budget: no retry or hedge is left.',
  ),
  vae_gateway_retry_budget_seconds: gauge([], 'Decode time that retries may cost.'),
  vae_gateway_hedge_budget_seconds: gauge([], 'Decode time that hedges may cost.'),
  vae_gateway_retry_tokens: gauge(
    ['kind'],
    'Retries beyond that budget: floor, which a quiet pool has as well, and free, after attempts that cost no decode.',
  ),

  // Backends
  vae_gateway_backend_state: gauge(['backend', 'state'], 'Always 1; the state that the backend is in.'),
  vae_gateway_backend_state_since_seconds: gauge(['backend'], 'When it came into its state, since 1970.'),
  vae_gateway_backend_cause: gauge(['backend', 'cause'], 'Always 1; why it is out of service, while it is.'),
  vae_gateway_backend_state_changes_total: counter(
    ['backend', 'state'],
    'Times that the backend came into a state; into cold: cold starts.',
  ),
  vae_gateway_backend_slots: gauge(['backend'], 'Decodes that it takes at a time.'),
  vae_gateway_backend_leases: gauge(
    ['backend', 'phase'],
    'Places that are taken: running, staged behind it, or draining after their holder left.',
  ),
  vae_gateway_backend_paused_seconds: gauge(
    ['backend'],
    'For how long nothing is sent, since it asked for time.',
  ),
  vae_gateway_backend_speed_ratio: gauge(
    ['backend'],
    'Actual over predicted decode time as learnt; 2 is twice as slow as usual for its models.',
  ),
  vae_gateway_backend_gap_seconds: gauge(['backend'], 'Dead time between two decodes, learnt.'),
  vae_gateway_backend_cold_start_seconds: gauge(['backend'], 'From asleep to ready: learnt, or a guess.'),
  vae_gateway_attempts_total: counter(
    ['backend', 'outcome'],
    'Times that a request was sent to a backend, by what came of it: served, a reason of failure, or who left.',
  ),
  vae_gateway_attempt_duration_seconds: histogram(
    ['backend'],
    REQUEST_SECONDS,
    'Of attempts that were answered, until the head of the answer.',
  ),
  vae_gateway_decode_ratio: histogram(
    ['backend'],
    RATIOS,
    'Actual over expected decode time; below or above 1 all the time: the pool has not learnt it yet, or it changes.',
  ),
  vae_gateway_decode_actual_seconds_total: counter(['backend'], 'Decode time of attempts that were served.'),
  vae_gateway_decode_expected_seconds_total: counter(['backend'], 'What the pool expected these to take.'),
  vae_gateway_probes_total: counter(['backend', 'test', 'result'], 'Looks at backends that get no jobs.'),

  // The gateway itself
  vae_gateway_degraded_attempts_total: counter(
    ['backend'],
    'Attempts that were placed without the object of a pool, which did not answer.',
  ),
  vae_gateway_pool_losses_total: counter(
    ['lost', 'why'],
    'Times that a part of the gateway lost the pool of this name: errors, silent, overloaded.',
  ),
  vae_gateway_pool_recoveries_total: counter(['lost'], 'Times that it found it again.'),
  vae_gateway_faults_total: counter(['kind'], 'What should not be, by kind of its line in the log.'),
  vae_gateway_series_dropped_total: counter(
    ['metric'],
    'Counts left out since a metric had as many series as it may; anything but 0 is a bug.',
  ),
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof metrics
export type MetricType = Metric['type']

/** Metrics of one type, and the values of their labels. */
type OfType<Type extends MetricType> = {
  [Name in MetricName]: (typeof metrics)[Name]['type'] extends Type ? Name : never
}[MetricName]
export type CounterName = OfType<'counter'>
export type GaugeName = OfType<'gauge'>
export type HistogramName = OfType<'histogram'>
export type LabelValues<Name extends MetricName> = Strings<(typeof metrics)[Name]['labels']>
type Strings<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string }

export const metricNames = Object.keys(metrics) as MetricName[]
export const isMetricName = (text: string): text is MetricName => Object.hasOwn(metrics, text)
export const metricOf = (name: MetricName): Metric => metrics[name]
