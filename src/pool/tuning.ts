/** Every constant of the scheduler's estimates and choices, with what it is for. Times are in milliseconds. */

// Service times ----------------------------------------------------------------------------------------------------

/** Weight of a new sample in the mean and in the deviation, as TCP keeps them for its timer (RFC 6298). */
export const MEAN_WEIGHT = 1 / 8
export const DEVIATION_WEIGHT = 1 / 4

/** One sample counts for twice the mean at most, so that an outlier does not move it far. */
export const MAX_SAMPLE_RATIO = 2

/** The first decode of a shape may take so much longer than the next: compilation, tuning, allocation. */
export const FIRST_DECODE_FACTOR = 10

/** A backend that was not used for so many times what it takes is tried again if it may be faster: a hundredth of the time. */
export const OLD_FACTOR = 100
/** The quickest decode is forgotten at this pace. */
export const LEAST_WEIGHT = 1 / 32

/** A guess may be so far off before a backend is taken to hang. */
export const GUESS_FACTOR = 10

/** Samples of a size from which on its mean and deviation are believed. */
export const LEARNT_SAMPLES = 3

/** Sizes within a quarter of an octave share a point of the curve; more than that differ by as much as noise does. */
export const POINTS_PER_OCTAVE = 4

/** Way of a grant and of the request where nothing is measured yet, and the most that is believed. */
export const UNKNOWN_DEAD_MS = 10
export const MAX_DEAD_MS = 2_000

// Choice of a backend ----------------------------------------------------------------------------------------------

/** How long the number of jobs is remembered. */
export const CROWD_MEMORY_MS = 500
/** Jobs that are counted; with more there is always a crowd. */
export const MAX_CROWD = 64

/** How much later a backend is expected to finish per failure since its last good answer. Fades. */
export const FAILURE_PENALTY_MS = 1_000
export const PENALTY_FADES_MS = 10_000

/** The next job is sent this long before a slot is expected to be free, besides its way: timers and noise. */
export const EARLY_MS = 10
/** Jobs per slot that may be on their way to a backend or wait there. */
export const MAX_STAGED_PER_SLOT = 4

/** What a backend that is coming back may be given. */
export const HALF_OPEN_JOB_MS = 500
export const SLOW_START_JOB_MS = 2_500

// Leases -----------------------------------------------------------------------------------------------------------

/** A lease that outlives its prediction is expected to last half as long again. */
export const OVERRUN_FACTOR = 0.5
/** A backend whose decode was cut after it was overdue is taken to be busy for so long at most. */
export const MAX_OVERRUN_MS = 30_000
/** A decode whose holder left runs on for about as long as was predicted; one that was lost, for longer. */
export const DRAIN_MARGIN = 1.2
export const LOST_MARGIN = 1.5

// Admission --------------------------------------------------------------------------------------------------------

/** Share of the time left that may go by before the answer is expected: predictions are off by something. */
export const USABLE_TIME = 0.9
/** From this share of it on the pool is short, and classes of cost give way in proportion. */
export const SHORTAGE = 0.5
/** Jobs that one pool's object keeps in memory. Time bounds the queue long before this does. */
export const MAX_QUEUED = 4_096
/** Jobs that are looked at in one step. */
export const WINDOW = 256
/** A learnt start may be shorter by so much before a job is told that it will not make it. */
export const FASTEST_START_SHARE = 0.5

// Overdue attempts -------------------------------------------------------------------------------------------------

/** An attempt at a learnt backend is overdue after its mean and the larger of these: the mean again, deviations, this. */
export const OVERDUE_DEVIATIONS = 4
export const OVERDUE_LEAST_MS = 1_000

// Health -----------------------------------------------------------------------------------------------------------

/** Times in a row that a backend cannot be reached before it is down. */
export const UNREACHABLE_STRIKES = 2
/** Bad answers in a row before a decode of our own finds out; all else is looked into at once. */
export const SUSPICIOUS_ANSWERS = 2
/** Requests in a row that another backend served before a task is taken out without asking. */
export const CONFIRMED_STRIKES = 3
/** Below this share of backends that serve a task, none is taken out for requests that others served. */
export const EJECTABLE_SHARE = 0.5

/** First time out of service, doubled with each relapse up to the last. */
export const DOWN_MS = 1_000
/** Jobs wait for a backend that is down for the first so many times; then it is taken to be gone. */
export const PATIENT_RELAPSES = 3
export const MAX_OUT_MS = 60_000
/** The same for a task: our own decodes show soon that it is well again. Where they were good all along, they show nothing. */
export const PROBED_OUT = { firstMs: 1_000, mostMs: 10_000 }
export const CONFIRMED_OUT = { firstMs: 5_000, mostMs: 60_000 }

/** A backend that asks for time gets this at least, this much at once, and what it asked for when our own decode is told the same. */
export const MIN_PAUSE_MS = 100
export const FIRST_PAUSE_MS = 1_000
export const MAX_PAUSE_MS = 300_000

/** A backend that was cleared is not suspected again for so long, doubled with each time up to the last. */
export const CLEARED_MS = 1_000
export const MAX_CLEARED_MS = 30_000

/** A backend that is never idle gets no jobs after so long until our own decode has been there. */
export const MAX_LOOK_WAIT_MS = 5_000

/** Between two looks at a backend that is down. */
export const HEALTH_PROBE_MS = 2_000

/** Answers, or time, after which a backend that came back is like any other. */
export const SLOW_START_ANSWERS = 3
export const SLOW_START_MS = 30_000
