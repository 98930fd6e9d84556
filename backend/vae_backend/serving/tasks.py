"""What the engine does, and a tensor that it made on its way to where it is needed."""

from dataclasses import dataclass

import torch

from vae_backend.limits import Size
from vae_backend.media import Form
from vae_backend.scaling import Scaling
from vae_backend.serving.transfer import Arriving, Stopwatch


@dataclass(frozen=True)
class DecodeTask:
    """latents: as they arrived, in the canonical order of axes. tile: of the plan made for them."""

    latents: torch.Tensor
    scaling: Scaling
    form: Form
    size: Size
    tile: int | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Tasks with the same key can be one batch: their form and scaling may differ."""
        return (*self.latents.shape[1:], self.tile)


@dataclass(frozen=True)
class EncodeTask:
    """pixels: `[N, 3, H, W]` or `[N, 3, F, H, W]` in -1..1."""

    pixels: torch.Tensor
    scaling: Scaling


@dataclass(frozen=True)
class Done:
    """A tensor on its way to the host, and the device's time for its batch."""

    arriving: Arriving
    stopwatch: Stopwatch

    def wait(self) -> torch.Tensor:
        """The tensor; on a GPU it may still be computed when this is called."""
        return self.arriving.wait()

    @property
    def compute_ms(self) -> float:
        """Of the whole batch: what each of its jobs held the device for."""
        return self.stopwatch.ms()
