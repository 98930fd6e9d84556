"""One decode at a time on one thread, and a bounded line of requests in front of it.

A request takes a `Place` before its body is read, so the memory of those who wait is bounded too. It
keeps the place until its answer is complete. The event loop only ever awaits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

from vae_backend.errors import Refused
from vae_backend.memory import guarded
from vae_backend.metrics import Metrics

D = TypeVar("D")
T = TypeVar("T")


@dataclass(frozen=True)
class Finished(Generic[T]):
    """What came out, how long it waited for its turn and how long the work itself took."""

    value: T
    queue_ms: float
    compute_ms: float


class GpuWorker:
    """Runs jobs in order of arrival. queue_slots: how many may wait besides the one that runs."""

    def __init__(self, queue_slots: int) -> None:
        self.metrics = Metrics()
        self._places = queue_slots + 1
        self._taken = 0
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decode")

    @contextmanager
    def place(self) -> Iterator["Place"]:
        """A place in the line, for a `with` block. Raises Refused (503) when there is none."""
        if self._taken >= self._places:
            raise Refused(
                "busy",
                "The backend's queue is full: retry after the seconds in Retry-After.",
                retry_after_s=self.metrics.retry_after_s(),
            )
        self._taken += 1
        place = Place(self)
        try:
            yield place
        finally:
            place.stop_waiting()
            self._taken -= 1

    async def take_turn(self, client_gone: Callable[[], Awaitable[None]]) -> None:
        """Waits for the thread to be free. Raises Refused (499) when the client leaves first."""
        turn = asyncio.ensure_future(self._turn.acquire())
        gone = asyncio.ensure_future(client_gone())
        ours = False
        try:
            await asyncio.wait({turn, gone}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                raise Refused("client-gone", "The client left before its decode began.")
            ours = True
        finally:
            gone.cancel()
            if not ours and not turn.cancel():
                self._turn.release()

    async def decode(self, job: Callable[[], D]) -> D:
        """Runs `job` on the thread; the caller has the turn, which ends with the job and not before.

        The caller may be cancelled (the server shuts down), the job cannot: hence the callback.
        """
        self.metrics.running += 1
        started = perf_counter()
        future = asyncio.get_running_loop().run_in_executor(self._thread, guarded, job)

        def end_turn(done: asyncio.Future[D]) -> None:
            self.metrics.running -= 1
            self._turn.release()
            if not done.cancelled() and done.exception() is None:
                self.metrics.decoded(perf_counter() - started)

        future.add_done_callback(end_turn)
        return await asyncio.shield(future)

    def close(self) -> None:
        """Lets the running job end and starts no other."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class Place:
    """One request's place in the line."""

    def __init__(self, worker: GpuWorker) -> None:
        self._worker = worker
        self._waits = True
        worker.metrics.waiting += 1

    def stop_waiting(self) -> None:
        """Counts the request out of the waiting ones, once."""
        if self._waits:
            self._waits = False
            self._worker.metrics.waiting -= 1

    async def run(
        self,
        decode: Callable[[], D],
        finish: Callable[[D], T],
        client_gone: Callable[[], Awaitable[None]],
    ) -> Finished[T]:
        """Waits for the turn, runs `decode` on the worker's thread and then `finish` beside it.

        finish: turns decoded pixels into the answer's bytes (CPU work such as PNG), during which the
        next decode may already run. Raises Refused: 499 client gone, 503 out of memory.
        """
        asked = perf_counter()
        await self._worker.take_turn(client_gone)
        self.stop_waiting()
        started = perf_counter()
        decoded = await self._worker.decode(decode)
        value = await asyncio.to_thread(guarded, lambda: finish(decoded))
        return Finished(value, (started - asked) * 1e3, (perf_counter() - started) * 1e3)
