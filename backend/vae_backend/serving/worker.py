"""One thread that owns the device, and a bounded line of requests in front of it.

A request takes a `Place` before its body is read, so the memory of those who wait is bounded too. It
keeps the place until its answer is complete. Jobs alike run as one batch. The event loop only ever awaits.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from vae_backend.errors import Refused
from vae_backend.memory import guarded
from vae_backend.serving.batching import Waiting, choose
from vae_backend.serving.metrics import Metrics
from vae_backend.serving.place import Entry, Place

T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """capacity: pictures that may run at once. queue_slots: requests that may wait besides. linger_s: how
    long
    a batch waits for company. encoders: threads that turn pixels into files."""

    queue_slots: int = 8
    capacity: int = 1
    linger_s: float = 0.003
    encoders: int = 2


class GpuWorker:
    """Runs jobs in order of arrival, those alike together."""

    def __init__(self, pace: Pace) -> None:
        self.metrics = Metrics()
        self.pace = pace
        self._taken = 0
        self._line: list[Entry] = []
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decode")
        self._encoders = ThreadPoolExecutor(max_workers=pace.encoders, thread_name_prefix="encode")

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A place in the line, for a `with` block. Raises Refused (503) when there is none."""
        if self._taken >= self.pace.queue_slots + self.pace.capacity:
            raise Refused(
                "busy",
                "The backend's queue is full: retry after the seconds in Retry-After.",
                retry_after_s=self.metrics.retry_after_s(self.pace.capacity),
            )
        self._taken += 1
        place = Place(self)
        try:
            yield place
        finally:
            place.stop_waiting()
            self._taken -= 1

    def enter(self, entry: Entry) -> None:
        """Puts a job at the end of the line."""
        self._line.append(entry)
        entry.place.uploaded()
        self._advance()

    def withdraw(self, entry: Entry) -> bool:
        """Takes a job out of the line; False when it has begun."""
        if entry not in self._line:
            return False
        self._line.remove(entry)
        # It may have been what the others waited for.
        self._advance()
        return True

    def _advance(self) -> None:
        """Starts the next batch when the device is free and the batch is due."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._busy:
            return
        waiting = [Waiting(e.job.key, e.job.pictures, e.arrived, e.job.limit) for e in self._line]
        choice = choose(waiting, perf_counter(), self.pace.linger_s, more_coming=self.metrics.uploading > 0)
        if choice.wait_s is not None:
            self._timer = asyncio.get_running_loop().call_later(choice.wait_s, self._advance)
        elif choice.run:
            batch = [self._line[index] for index in choice.run]
            self._line = [entry for entry in self._line if entry not in batch]
            self._start(batch)

    def _start(self, batch: list[Entry]) -> None:
        """Runs a batch on the thread; callers may be cancelled (the server shuts down), the batch cannot."""
        self._busy = True
        now = perf_counter()
        for entry in batch:
            entry.started, entry.batch = now, len(batch)
            entry.place.stop_waiting()
        self.metrics.begin(len(batch))
        work = partial(batch[0].job.run, [entry.job.work for entry in batch])
        future = asyncio.get_running_loop().run_in_executor(self._thread, guarded, work)
        future.add_done_callback(partial(self._end, batch))

    def _end(self, batch: list[Entry], done: asyncio.Future[list[Any]]) -> None:
        self._busy = False
        now = perf_counter()
        failed = Refused("internal", "The backend is stopping.") if done.cancelled() else done.exception()
        self.metrics.end(len(batch), None if failed else now - batch[0].started)
        outcomes = [failed] * len(batch) if failed else done.result()
        for entry, outcome in zip(batch, outcomes, strict=True):
            entry.ended = now
            entry.settle(outcome)
        self._advance()

    async def finish(self, work: Callable[[], T]) -> T:
        """Runs CPU work beside the device's thread: a file is written while the next batch decodes."""
        return await asyncio.get_running_loop().run_in_executor(self._encoders, guarded, work)

    def close(self) -> None:
        """Lets what runs end and starts nothing else."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._encoders.shutdown(wait=False, cancel_futures=True)
