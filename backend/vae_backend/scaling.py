"""From the latents that arrive to the latents a network takes, as one affine map.

Three spaces are at play: what the client sent, the VAE's *raw* space, and *diffusion* space
(about unit variance). Every step between them is `x * scale + offset`, per channel at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from vae_backend.families import Family

Values = tuple[float, ...]


@dataclass(frozen=True)
class Scaling:
    """What the query asked for: `factor` (with `shift`), else the `model`'s own, else nothing at all."""

    factor: float | None = None
    shift: float = 0.0
    model: bool = False


UNSCALED = Scaling()


@dataclass(frozen=True)
class Affine:
    """`x * scale + offset`; each tuple has one value for all channels or one per channel."""

    scale: Values = (1.0,)
    offset: Values = (0.0,)

    def then(self, second: "Affine") -> "Affine":
        """The map that applies self first and `second` to its outcome."""
        channels = max(len(v) for v in (self.scale, self.offset, second.scale, second.offset))
        a, b, c, d = (spread(v, channels) for v in (self.scale, self.offset, second.scale, second.offset))
        return Affine(
            tuple(x * y for x, y in zip(a, c, strict=True)),
            tuple(x * y + z for x, y, z in zip(b, c, d, strict=True)),
        )

    def inverse(self) -> "Affine":
        """The map that undoes self."""
        channels = max(len(self.scale), len(self.offset))
        a, b = spread(self.scale, channels), spread(self.offset, channels)
        return Affine(tuple(1 / x for x in a), tuple(-y / x for x, y in zip(a, b, strict=True)))

    def apply(self, latents: torch.Tensor) -> torch.Tensor:
        """Maps `[N, C, ...]` latents, in float32 because float16 would lose the offset of small values."""
        if self == IDENTITY:
            return latents
        across = (1, -1) + (1,) * (latents.ndim - 2)
        scale, offset = (
            torch.tensor(values, dtype=torch.float32, device=latents.device).view(across)
            for values in (self.scale, self.offset)
        )
        return latents.float() * scale + offset


IDENTITY = Affine()


def spread(values: Values, channels: int) -> Values:
    """One value per channel."""
    return values * channels if len(values) == 1 else values


def model_to_raw(family: Family, config: Mapping[str, Any]) -> Affine:
    """Diffusion space to raw space as this model defines it: `z * std / scaling + mean + shift`.

    config: what the VAE's own config says; entries absent or None fall back to the family's.
    """
    factor = config.get("scaling_factor") or family.scaling_factor or 1.0
    shift = config.get("shift_factor")
    shift = family.shift_factor if shift is None else shift
    std = tuple(config.get("latents_std") or (1.0,))
    mean = tuple(config.get("latents_mean") or (0.0,))
    return Affine(tuple(s / factor for s in std), tuple(m + shift for m in mean))


def request_to_raw(scaling: Scaling, model: Affine) -> Affine:
    """What the client sent to raw space: its own factors first, else the model's, else unchanged."""
    if scaling.factor is not None:
        return Affine((1 / scaling.factor,), (scaling.shift,))
    return model if scaling.model else IDENTITY


def request_to_diffusion(scaling: Scaling, model: Affine) -> Affine:
    """What the client sent to diffusion space, by way of raw space.

    With the model's own factors nothing is computed, so the latents go in bit for bit. With another
    model's the picture is wrong in exactly the way the full VAE's would be.
    """
    to_raw = request_to_raw(scaling, model)
    return IDENTITY if to_raw == model else to_raw.then(model.inverse())
