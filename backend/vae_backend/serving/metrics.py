"""What the backend tells of itself: the two gauges that autoscalers of this protocol read, Prometheus
metrics,
and the mean that Retry-After is made of. Touched by the event loop's thread only."""

from math import ceil

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

# Weight of the newest decode in the mean: about the last ten count.
NEWEST = 0.2
# Before the first decode nothing is known.
ASSUMED_DECODE_S = 1.0
LONGEST_RETRY_S = 120

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
PICTURES = (1, 2, 4, 8, 16, 32)


class Metrics:
    """Counters of one backend. uploading: requests with a place whose body is still on its way."""

    def __init__(self) -> None:
        self.running = 0
        self.waiting = 0
        self.uploading = 0
        self.mean_decode_s: float | None = None
        self._registry = CollectorRegistry()
        known = {"registry": self._registry}
        self._answers = Counter(
            "vae_requests", "Requests by operation and outcome", ["operation", "outcome"], **known
        )
        self._compute = Histogram("vae_compute_seconds", "Device time of a batch", buckets=SECONDS, **known)
        self._queue = Histogram("vae_queue_seconds", "Time a job waited", buckets=SECONDS, **known)
        self._batch = Histogram("vae_batch_jobs", "Jobs that ran together", buckets=PICTURES, **known)
        self._pixels = Counter("vae_megapixels", "Pixels answered, all frames, in millions", **known)
        self._tiled = Counter("vae_tiled", "Decodes that had to be done in tiles", **known)

    def begin(self, jobs: int) -> None:
        """A batch begins."""
        self.running += jobs
        self._batch.observe(jobs)

    def end(self, jobs: int, seconds: float | None) -> None:
        """A batch ends, after `seconds` on the device; None when it failed."""
        self.running -= jobs
        if seconds is not None:
            self._compute.observe(seconds)
            self.decoded(seconds)

    def decoded(self, seconds: float) -> None:
        """Takes one batch into the moving mean."""
        mean = self.mean_decode_s
        self.mean_decode_s = seconds if mean is None else mean + NEWEST * (seconds - mean)

    def queued(self, seconds: float) -> None:
        """A job waited so long."""
        self._queue.observe(seconds)

    def answered(self, operation: str, outcome: str, megapixels: float = 0.0, *, tiled: bool = False) -> None:
        """A request is over. outcome: `ok` or the code of its refusal."""
        self._answers.labels(operation, outcome).inc()
        self._pixels.inc(megapixels)
        self._tiled.inc(tiled)

    def retry_after_s(self, capacity: int = 1) -> int:
        """Whole seconds until what is running and waiting now is probably done, at least 1."""
        mean = ASSUMED_DECODE_S if self.mean_decode_s is None else self.mean_decode_s
        batches = ceil((self.running + self.waiting) / capacity)
        return min(max(ceil(mean * batches), 1), LONGEST_RETRY_S)

    def render(self) -> str:
        """The text of GET /metrics, the gauges first and as plain as autoscalers know them."""
        gauges = f"inf_batch_current_size {self.running}\ninf_queue_size {self.waiting}\n"
        return gauges + generate_latest(self._registry).decode()
