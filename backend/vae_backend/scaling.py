"""From the latents that arrive to the latents a network takes, as one affine map.

Three spaces are at play: what the client sent, the VAE's *raw* space, and *diffusion* space
(about unit variance). Every step between them is `x * scale + offset`, per channel at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from vae_backend.errors import Refused
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
    """`x * scale + offset`. Each tuple has one value for all, one per channel, four per channel (one for each
    position of its 2x2 patches: FLUX.2) or several per channel (one for each latent frame: Cosmos)."""

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
        """Maps `[N, C, ...]` latents, in float32 because float16 would lose the offset of small values.

        Raises Refused (400) for more latent frames than there are values for.
        """
        if self == IDENTITY:
            return latents
        scale, offset = (spread_over(values, latents) for values in (self.scale, self.offset))
        return latents.float() * scale + offset


IDENTITY = Affine()


def spread(values: Values, channels: int) -> Values:
    """One value per channel."""
    return values * channels if len(values) == 1 else values


def spread_over(values: Values, latents: torch.Tensor) -> torch.Tensor:
    """`values` as a tensor that broadcasts with `[N, C, h, w]` or `[N, C, T, h, w]` latents."""
    tensor = torch.tensor(values, dtype=torch.float32, device=latents.device)
    channels = latents.shape[1]
    if len(values) in (1, channels):
        return tensor.view((1, -1) + (1,) * (latents.ndim - 2))
    if latents.ndim == 4:
        rows, columns = latents.shape[2] // 2, latents.shape[3] // 2
        return tensor.view(1, channels, 2, 2).tile(1, 1, rows, columns)
    frames = len(values) // channels
    if latents.shape[2] > frames:
        raise Refused("latent-shape-mismatch", f"Expected at most {frames} latent frames.")
    return tensor.view(1, channels, frames, 1, 1)[:, :, : latents.shape[2]]


def model_to_raw(family: Family, config: Mapping[str, Any]) -> Affine:
    """Diffusion space to raw space as this model defines it: `z * std / scaling + mean + shift`.

    config: what the VAE's own config says; entries absent or None fall back to the family's.
    """
    factor = (config.get("scaling_factor") or family.scaling_factor or 1.0) * family.sigma_data
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


def raw_to_request(scaling: Scaling, model: Affine) -> Affine:
    """Raw space to what the client of an encode asked for: the inverse of `request_to_raw`."""
    return request_to_raw(scaling, model).inverse()


def request_to_diffusion(scaling: Scaling, model: Affine) -> Affine:
    """What the client sent to diffusion space, by way of raw space.

    With the model's own factors nothing is computed, so the latents go in bit for bit. With another
    model's the picture is wrong in exactly the way the full VAE's would be.
    """
    to_raw = request_to_raw(scaling, model)
    return IDENTITY if to_raw == model else to_raw.then(model.inverse())
