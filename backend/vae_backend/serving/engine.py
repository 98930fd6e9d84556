"""The core that every way of serving shares: decodes and encodes on one device, as the memory allows.

Synchronous and for one thread at a time; the HTTP server gives it a thread and a line, the Hugging Face
handler calls it as it is.
"""

import logging
from collections.abc import Callable, Sequence

import torch

from vae_backend.allocator import give_back
from vae_backend.decoders.base import Decoder
from vae_backend.limits import Size
from vae_backend.memory import free, free_bytes, is_device_lost, is_out_of_memory, out_of_memory
from vae_backend.outputs import present
from vae_backend.serving.budget import Budget, Plan, batch_limit, plan_decode
from vae_backend.serving.tasks import DecodeTask, Done, EncodeTask
from vae_backend.serving.transfer import Arriving, Stopwatch, link_to

log = logging.getLogger("vae_backend")


class Engine:
    """One decoder at work.

    memory: bytes free on its device; injected where a test decides it. on_lost: called when the device failed
    so that only a new process can use it. jpeg_stays: pixels of JPEG files stay on the device, to be written
    there.
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        capacity: int = 1,
        memory: Callable[[], int | None] | None = None,
        jpeg_stays: bool = False,
    ) -> None:
        self.decoder = decoder
        self.capacity = capacity
        self.jpeg_stays = jpeg_stays
        self.lost = False
        self.on_lost: Callable[[], None] = lambda: None
        self._memory = memory or (lambda: free_bytes(decoder.device))
        self._link = link_to(decoder.device)
        self._last: Done | None = None

    def budget(self) -> Budget:
        """The memory there is now, and what a decode needs of it."""
        decoder = self.decoder
        return Budget(self._memory(), decoder.bytes_per_pixel, decoder.dtype.itemsize, decoder.can_tile)

    def plan(self, size: Size) -> Plan:
        """How to decode this much. Raises Refused (503) with what would fit when it cannot be done."""
        decoder = self.decoder
        plan = plan_decode(size, self.budget(), decoder.spatial, decoder.temporal)
        if plan != Plan():
            # On a CPU some of what seems taken may only be kept from the last decode.
            give_back()
            plan = plan_decode(size, self.budget(), decoder.spatial, decoder.temporal)
        if plan.fits:
            raise out_of_memory(plan.fits)
        return plan

    def limit(self, size: Size) -> int:
        """Pictures of this size that may run together."""
        return batch_limit(size, self.budget(), self.capacity)

    def decode(self, tasks: Sequence[DecodeTask]) -> list[Done | Exception]:
        """One outcome for each of `tasks`, which have the same key. What is short of memory together is tried
        one by one; what is short of it alone is an exception, and the memory is free again.
        """
        try:
            return list(self._decode(tasks))
        except Exception as error:
            if not is_out_of_memory(error):
                raise self._noted(error) from error
        # Past the except block the traceback is gone that still held the failed batch.
        free()
        if len(tasks) > 1:
            return [outcome for task in tasks for outcome in self.decode([task])]
        return [out_of_memory(self._smaller(tasks[0].size))]

    def encode(self, tasks: Sequence[EncodeTask]) -> list[Done | Exception]:
        """Latents for each of `tasks`, one after the other."""
        return [self._encode(task) for task in tasks]

    def _decode(self, tasks: Sequence[DecodeTask]) -> list[Done]:
        stopwatch = Stopwatch(self.decoder.device)
        ready = [self.decoder.prepare(self._link.up(task.latents), task.scaling) for task in tasks]
        stopwatch.start()
        pixels = self.decoder.run(ready[0] if len(ready) == 1 else torch.cat(ready), tasks[0].tile)
        parts = pixels.split([len(inputs) for inputs in ready])
        # Brought to its smallest form where it is, so that as few bytes as possible travel.
        shown = [present(part, task.form) for part, task in zip(parts, tasks, strict=True)]
        stopwatch.stop()
        done = [Done(self._hand(tensor, task), stopwatch) for tensor, task in zip(shown, tasks, strict=True)]
        self._keep_pace(done[-1])
        return done

    def _encode(self, task: EncodeTask) -> Done:
        stopwatch = Stopwatch(self.decoder.device)
        stopwatch.start()
        latents = self.decoder.encode(self._link.up(task.pixels), task.scaling)
        stopwatch.stop()
        done = Done(self._link.down(latents), stopwatch)
        self._keep_pace(done)
        return done

    def _hand(self, tensor: torch.Tensor, task: DecodeTask) -> Arriving:
        stays = self.jpeg_stays and task.form == "jpeg"
        return self._link.stay(tensor) if stays else self._link.down(tensor)

    def _keep_pace(self, done: Done) -> None:
        """At most two batches are with the device: one at work, one that follows at once."""
        if self._last is not None:
            self._last.wait()
        self._last = done

    def _smaller(self, size: Size) -> str | None:
        """The size to advise after a decode that should have fitted: half the pixels."""
        plan = plan_decode(
            size,
            Budget(
                int(size.pixels * self.decoder.bytes_per_pixel / 2), self.decoder.bytes_per_pixel, 1, False
            ),
            self.decoder.spatial,
            self.decoder.temporal,
        )
        return plan.fits

    def _noted(self, error: Exception) -> Exception:
        if is_device_lost(error) and not self.lost:
            self.lost = True
            log.error("the device failed: %s", type(error).__name__)
            self.on_lost()
        return error
