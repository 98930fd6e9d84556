/** What the field suite runs in real time, and the simulator in virtual time. */
import {
  affine,
  type Curve,
  cpu,
  fixed,
  gpu,
  hangingFrom,
  noisy,
  slowFirst,
  throttled,
  tiled,
} from './curves.ts'
import {
  type Expectation,
  type FieldBackend,
  type FigureName,
  idealRate,
  meanMs,
  type Scenario,
  type Size,
  square,
} from './scenario.ts'

type Changes = Partial<Scenario>

function scenario(row: string, name: string, backends: readonly FieldBackend[], changes: Changes): Scenario {
  return {
    name: `${row} ${name}`,
    row,
    backends,
    clients: 1,
    arrivals: { kind: 'closed' },
    mix: [square(512)],
    warmUpDecodes: 20,
    quick: false,
    isOnce: false,
    isAlone: false,
    expectations: [],
    ...changes,
  }
}

function backend(curve: Curve, changes: Partial<FieldBackend> = {}): FieldBackend {
  return { curve, slots: 1, saysComputeMs: false, networkMs: 0, ...changes }
}

const NONE_FAILS: Expectation = { figure: 'failed', atMost: 0 }

/** Two runs of the same differ by so much. */
const NOISE = 0.05
const NEVER_BELOW_HAPROXY: Expectation = { figure: 'rateOfHaproxy', atLeast: 1 - NOISE }
const NEARLY_IDEAL: Expectation = { figure: 'rateOfIdeal', atLeast: 0.9 }
const added = (figure: FigureName): Expectation => ({ figure, atMost: 10, orShareOfHaproxy: NOISE })

/** Beyond so many requests per second the cores of the machine decide, and what is reached is only told. */
const MOST_PER_SECOND = 100

function withExpectations(own: Scenario): Scenario {
  if (idealRate(own) > MOST_PER_SECOND) return { ...own, expectations: [NONE_FAILS] }
  const median = mustWait(own) ? 'addedP50OverMeanMs' : 'addedP50Ms'
  const expectations = [NEARLY_IDEAL, NEVER_BELOW_HAPROXY, added(median), added('addedP99Ms'), NONE_FAILS]
  return { ...own, expectations }
}

/** Whether there are more clients than slots of backends that are nearly as fast as the fastest. */
function mustWait({ backends, mix, clients }: Scenario): boolean {
  const times = backends.map((own) => meanMs(own, mix))
  const fast = backends.filter((_, i) => (times[i] ?? 0) < 2 * Math.min(...times))
  return clients > fast.reduce((sum, { slots }) => sum + slots, 0)
}

/** A1: all work to the fast ones, and the throughput of the sum. */
function fastAndSlow(
  times: readonly number[],
  clients: number,
  changes: Changes & { readonly backend?: Partial<FieldBackend> } = {},
): Scenario {
  const { backend: common, ...rest } = changes
  const about = [
    ...(common?.slots ? [`${common.slots} slots`] : []),
    ...(common?.saysComputeMs ? ['x-compute-ms'] : []),
    ...(common?.networkMs ? [`network ${common.networkMs} ms`] : []),
  ]
  const name = [`${times.join('/')} ms by ${clients}`, ...about].join(', ')
  const backends = times.map((ms) => backend(fixed(ms), common))
  return withExpectations(scenario('A1', name, backends, { clients, seconds: 6, ...rest }))
}

const quick = { quick: true } as const
const A1: readonly Scenario[] = [
  fastAndSlow([25, 700], 1, quick),
  fastAndSlow([12, 90], 1, quick),
  fastAndSlow([40, 40, 400, 400], 12, quick),
  fastAndSlow([30, 1_000], 1, quick),
  fastAndSlow([30, 1_000], 8, quick),
  fastAndSlow([30, 1_000], 100, { ...quick, seconds: 10, isOnce: true }),
  fastAndSlow([30, 30, 200, 1_000], 8, quick),
  fastAndSlow([60, 200], 8, { ...quick, backend: { networkMs: 20 } }),
  fastAndSlow([60, 60, 60, 60, 200, 200, 1_000, 1_000], 8, quick),
  fastAndSlow([30, 1_000], 1, { ...quick, backend: { saysComputeMs: true } }),
  fastAndSlow([5, 100], 1),
  fastAndSlow([5, 5_000], 8),
  fastAndSlow([10, 100], 1),
  fastAndSlow([10, 200], 8),
  fastAndSlow([10, 1_000], 100),
  fastAndSlow([25, 700], 6),
  fastAndSlow([60, 100], 8),
  fastAndSlow([60, 5_000], 1),
  fastAndSlow([60, 5_000], 100, { seconds: 15 }),
  fastAndSlow([200, 5_000], 8, { seconds: 15 }),
  fastAndSlow([30, 1_000], 8, { backend: { saysComputeMs: true } }),
  fastAndSlow([200, 1_000], 8, { ...quick, seconds: 16, isOnce: true, backend: { slots: 4 } }),
  fastAndSlow([200, 1_000], 100, { backend: { slots: 4, saysComputeMs: true }, seconds: 10 }),
  fastAndSlow([30, 1_000], 8, { seconds: 12, backend: { networkMs: 20 } }),
  fastAndSlow([30, 1_000], 8, { ...quick, seconds: 12, backend: { networkMs: 80 } }),
  fastAndSlow([30, 1_000], 1, { seconds: 12, backend: { networkMs: 80 } }),
  fastAndSlow([30, 1_000], 100, { backend: { networkMs: 80, saysComputeMs: true }, seconds: 10 }),
  fastAndSlow([60, 60, 60, 60, 1_000, 1_000, 5_000, 5_000], 8, { seconds: 10 }),
  fastAndSlow([60, 60, 60, 60, 1_000, 1_000, 5_000, 5_000], 100, { seconds: 15 }),
]

/** A2: a sole backend that is slow is not cut off; 17.6 s for the largest picture after thirty small ones. */
const soleSlow = (changes: Changes): Scenario =>
  scenario('A2', `sole slow backend, ${changes.decodes} decodes`, [backend(affine(0, 4_200))], {
    warmUpDecodes: 30,
    warmUpMix: [square(256)],
    deadlineMs: 60_000,
    isAlone: true,
    expectations: [NONE_FAILS],
    ...changes,
  })

/** A3: a sole backend that hangs is waited for. */
const soleHang = (deadlineMs: number, changes: Changes = {}): Scenario =>
  scenario(
    'A3',
    `sole backend that hangs, ${deadlineMs / 1_000} s allowed`,
    [backend(hangingFrom(fixed(200), 21))],
    {
      decodes: 1,
      deadlineMs,
      isAlone: true,
      expectations: [{ figure: 'shareOfDeadline', atLeast: 0.95 }],
      ...changes,
    },
  )

/** A4: what can be done before its deadline waits for its turn. */
const manyAtOnce = (clients: number): Scenario =>
  scenario('A4', `${clients} at once by one key`, [backend(fixed(60)), backend(fixed(60))], {
    clients,
    arrivals: { kind: 'at once' },
    quick: true,
    deadlineMs: 60_000,
    expectations: [NONE_FAILS, NEARLY_IDEAL],
  })

/** A5: whoever waits longer than a cold start lasts is served after it. */
const coldStart = (coldStartMs: number, deadlineMs: number, changes: Changes = {}): Scenario =>
  scenario(
    'A5',
    `cold start of ${coldStartMs / 1_000} s, ten clients with ${deadlineMs / 1_000} s`,
    [backend(fixed(100), { coldStartMs })],
    {
      clients: 10,
      arrivals: { kind: 'at once' },
      warmUpDecodes: 0,
      deadlineMs,
      isAlone: true,
      expectations: [NONE_FAILS, { figure: 'afterWakeOfIdeal', atMost: 2 }],
      ...changes,
    },
  )

const IMAGES: readonly Size[] = [square(256, 3), square(512, 4), square(1024, 2), square(2048, 1)]
const VIDEO: Size = { width: 832, height: 480, frames: 81, weight: 0.1 }

/** What real ones are like, together. */
const MIXED_GPUS = [backend(gpu('H200')), backend(gpu(4090)), backend(gpu(4090)), backend(gpu(3070))]

const REAL: readonly Scenario[] = [
  scenario('A1', 'mixed sizes, H200 to 3070, by 8', MIXED_GPUS, {
    clients: 8,
    mix: IMAGES,
    seconds: 12,
    quick: true,
    expectations: [NEVER_BELOW_HAPROXY, NONE_FAILS],
  }),
  scenario('A1', 'images with videos, H200 to 3070', MIXED_GPUS, {
    arrivals: { kind: 'open', perSecond: 12 },
    mix: [...IMAGES, VIDEO],
    seconds: 30,
    warmUpDecodes: 40,
    quick: true,
    deadlineMs: 60_000,
    expectations: [{ figure: 'imageP99OfHaproxy', atMost: 0.5 }, NONE_FAILS],
  }),
  scenario(
    'A1',
    'first of a shape ten times slower',
    [gpu(4090), gpu(3070)].map((curve) => backend(slowFirst(curve))),
    {
      clients: 4,
      mix: IMAGES,
      warmUpDecodes: 0,
      seconds: 20,
      isOnce: true,
      expectations: [NEVER_BELOW_HAPROXY, NONE_FAILS],
    },
  ),
  scenario('A1', 'tiles from 1 MP on one of two', [backend(tiled(gpu(4090), 1)), backend(gpu(4090))], {
    clients: 6,
    mix: IMAGES,
    seconds: 15,
    expectations: [NEVER_BELOW_HAPROXY, NONE_FAILS],
  }),
  scenario(
    'A1',
    'noise of 30 %',
    [30, 60, 400].map((ms) => backend(noisy(fixed(ms), 0.3))),
    {
      clients: 8,
      seconds: 15,
      expectations: [NEVER_BELOW_HAPROXY, NONE_FAILS],
    },
  ),
  scenario(
    'A1',
    'the fast one gets hot',
    [backend(throttled(fixed(40), 5, 5_000, 15_000)), backend(fixed(100))],
    {
      clients: 4,
      seconds: 25,
      isOnce: true,
      expectations: [NEVER_BELOW_HAPROXY, NONE_FAILS],
    },
  ),
  scenario('A1', 'two CPUs', [backend(cpu(20)), backend(cpu(40))], {
    clients: 4,
    mix: [square(512, 3), square(1024, 1)],
    warmUpDecodes: 4,
    decodes: 12,
    deadlineMs: 300_000,
    expectations: [NONE_FAILS],
  }),
]

/** Before all others: code that was never run is slow, and the gateway is not judged by its first second. */
export const WARM_UP: Scenario = scenario(
  '',
  'warm-up',
  [1, 2].map(() => backend(fixed(2), { slots: 8 })),
  {
    clients: 8,
    warmUpDecodes: 1_500,
  },
)

export const SCENARIOS: readonly Scenario[] = [
  ...A1,
  ...REAL,
  soleSlow({ decodes: 2, mix: [square(2048)], quick: true }),
  soleSlow({ decodes: 50, mix: [square(256, 6), square(512, 3), square(2048, 1)] }),
  soleHang(25_000, quick),
  soleHang(60_000),
  manyAtOnce(100),
  manyAtOnce(300),
  coldStart(20_000, 60_000, quick),
  coldStart(120_000, 180_000),
  coldStart(400_000, 600_000),
]
