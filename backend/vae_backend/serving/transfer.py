"""Moving tensors between host and device, beside what the device computes.

On a GPU bytes travel from and to pinned memory on streams of their own: the next batch goes up and the last
one comes down while one is decoded. On a CPU nothing moves.
"""

from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import torch


class Arriving(Protocol):
    """A tensor on its way to the host."""

    def wait(self) -> torch.Tensor:
        """The tensor, once it is there. Raises what went wrong on the device meanwhile."""
        ...


@dataclass(frozen=True)
class Here:
    """A tensor that has nowhere to go."""

    tensor: torch.Tensor

    def wait(self) -> torch.Tensor:
        """See `Arriving.wait`."""
        return self.tensor


@dataclass(frozen=True)
class Awaited:
    """A tensor in pinned memory or on the device, complete when `event` has happened."""

    tensor: torch.Tensor
    event: Any

    def wait(self) -> torch.Tensor:
        """See `Arriving.wait`."""
        self.event.synchronize()
        return self.tensor


class HostLink:
    """Where host and device are the same."""

    def up(self, tensor: torch.Tensor) -> torch.Tensor:
        """A host tensor on the device, for the stream that computes."""
        return tensor

    def down(self, tensor: torch.Tensor) -> Arriving:
        """A device tensor to the host."""
        return Here(tensor)

    def stay(self, tensor: torch.Tensor) -> Arriving:
        """A device tensor that is needed where it is."""
        return Here(tensor)


class CudaLink:
    """To and from one GPU, on two streams."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._up, self._down = torch.cuda.Stream(device), torch.cuda.Stream(device)

    def up(self, tensor: torch.Tensor) -> torch.Tensor:
        """See `HostLink.up`."""
        computing = torch.cuda.current_stream(self._device)
        with torch.cuda.stream(self._up):
            moved = tensor.contiguous().pin_memory().to(self._device, non_blocking=True)
        computing.wait_stream(self._up)
        # Its memory belongs to the other stream, which must not reuse it before the decode has read it.
        moved.record_stream(computing)
        return moved

    def down(self, tensor: torch.Tensor) -> Arriving:
        """See `HostLink.down`."""
        self._down.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._down):
            host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
            host.copy_(tensor, non_blocking=True)
            tensor.record_stream(self._down)
            event = torch.cuda.Event()
            event.record(self._down)
        return Awaited(host, event)

    def stay(self, tensor: torch.Tensor) -> Arriving:
        """See `HostLink.stay`."""
        event = torch.cuda.Event()
        event.record(torch.cuda.current_stream(self._device))
        return Awaited(tensor, event)


def link_to(device: torch.device) -> HostLink | CudaLink:
    """The link to a device."""
    return CudaLink(device) if device.type == "cuda" else HostLink()


class Stopwatch:
    """Time the device spends between `start` and `stop`, both called where work is handed to it."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._cuda = device.type == "cuda"

    def start(self) -> None:
        """Before the work."""
        self._began = self._mark()

    def stop(self) -> None:
        """After it was handed over."""
        self._ended = self._mark()

    def ms(self) -> float:
        """Milliseconds, once the work is done."""
        if self._cuda:
            self._ended.synchronize()
            return self._began.elapsed_time(self._ended)
        return (self._ended - self._began) * 1e3

    def _mark(self) -> Any:
        if not self._cuda:
            return perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self._device))
        return event
