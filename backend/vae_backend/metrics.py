"""The two gauges that autoscalers of this protocol read, and the mean that Retry-After is made of."""

from dataclasses import dataclass
from math import ceil

# Weight of the newest decode in the mean: about the last ten count.
NEWEST = 0.2
# Before the first decode nothing is known.
ASSUMED_DECODE_S = 1.0
LONGEST_RETRY_S = 120


@dataclass
class Metrics:
    """Counters of one backend. Touched by the event loop's thread only."""

    running: int = 0
    waiting: int = 0
    mean_decode_s: float | None = None

    def decoded(self, seconds: float) -> None:
        """Takes one decode into the moving mean."""
        mean = self.mean_decode_s
        self.mean_decode_s = seconds if mean is None else mean + NEWEST * (seconds - mean)

    def retry_after_s(self) -> int:
        """Whole seconds until what is running and waiting now is probably done, at least 1."""
        mean = ASSUMED_DECODE_S if self.mean_decode_s is None else self.mean_decode_s
        return min(max(ceil(mean * (self.running + self.waiting)), 1), LONGEST_RETRY_S)

    def render(self) -> str:
        """The text of GET /metrics."""
        return f"inf_batch_current_size {self.running}\ninf_queue_size {self.waiting}\n"
