"""One request's way through the line: its place, and its job once the body is here."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol, TypeVar

from vae_backend.errors import Refused
from vae_backend.serving.job import Finished, Job
from vae_backend.serving.metrics import Metrics

D = TypeVar("D")
T = TypeVar("T")


class Line(Protocol):
    """What a place needs of the worker that it is in the line of; see `GpuWorker`."""

    metrics: Metrics

    def enter(self, entry: "Entry") -> None: ...

    def withdraw(self, entry: "Entry") -> bool: ...

    async def finish(self, work: Callable[[], T]) -> T: ...


@dataclass(eq=False)
class Entry:
    """A job in line."""

    job: Job[Any]
    place: "Place"
    arrived: float
    result: asyncio.Future[Any]
    started: float = 0.0
    ended: float = 0.0
    batch: int = 1

    def settle(self, outcome: object) -> None:
        """Hands over what came out; nobody may be waiting any more."""
        if self.result.done():
            return
        if isinstance(outcome, BaseException):
            self.result.set_exception(outcome)
        else:
            self.result.set_result(outcome)


@dataclass(eq=False)
class Place:
    """One request's place in the line."""

    worker: Line
    _waits: bool = field(default=True, init=False)
    _uploads: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self.worker.metrics.waiting += 1
        self.worker.metrics.uploading += 1

    def uploaded(self) -> None:
        """Its body is here: nobody has to wait for it any more. Once."""
        if self._uploads:
            self._uploads = False
            self.worker.metrics.uploading -= 1

    def stop_waiting(self) -> None:
        """Counts the request out of the waiting ones, once."""
        self.uploaded()
        if self._waits:
            self._waits = False
            self.worker.metrics.waiting -= 1

    async def run(
        self,
        job: Job[D],
        finish: Callable[[D], T],
        client_gone: Callable[[], Awaitable[None]],
    ) -> Finished[T]:
        """Waits for the turn, runs `job` on the worker's thread and then `finish` beside it.

        finish: turns decoded pixels into the answer's bytes (CPU work such as PNG), during which the
        next batch may already run. Raises Refused: 499 client gone, 503 out of memory.
        """
        arrived = perf_counter()
        entry = Entry(job, self, arrived, asyncio.get_running_loop().create_future())
        gone = asyncio.ensure_future(client_gone())
        self.worker.enter(entry)
        try:
            await asyncio.wait({entry.result, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not entry.result.done() and self.worker.withdraw(entry):
                raise Refused("client-gone", "The client left before its decode began.")
        finally:
            gone.cancel()
        decoded = await entry.result
        value = await self.worker.finish(lambda: finish(decoded))
        queue_ms, compute_ms = (entry.started - arrived) * 1e3, (entry.ended - entry.started) * 1e3
        self.worker.metrics.queued(queue_ms / 1e3)
        return Finished(value, queue_ms, compute_ms, entry.batch)
