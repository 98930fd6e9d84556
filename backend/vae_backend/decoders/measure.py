"""Learning a decoder's ratios and appetite by decoding the smallest latents there are.

Every VAE class names its ratios differently in its config, if at all. A decode tells them for certain,
shows at start that the weights work on this device, and warms it up.
"""

from dataclasses import dataclass

import torch

from vae_backend.decoders.base import Decoder
from vae_backend.decoders.footprint import watching
from vae_backend.errors import StartupError
from vae_backend.memory import is_out_of_memory
from vae_backend.scaling import UNSCALED

SIDE = 4


@dataclass(frozen=True)
class Measured:
    """spatial: pixels per latent position. temporal: the n of the family's rule of frames."""

    spatial: int
    temporal: int
    bytes_per_pixel: float


def measure(decoder: Decoder, network: torch.nn.Module) -> Measured:
    """Decodes zeros once. Raises StartupError if it cannot be done or gives no pictures."""
    family = decoder.family
    # Two latent frames are one first frame and one group of further ones.
    shape = (1, family.latent_channels, *((2,) if family.video else ()), SIDE, SIDE)
    try:
        with watching(network) as footprint:
            pixels = decoder.run(decoder.prepare(torch.zeros(shape), UNSCALED))
    except Exception as error:
        if is_out_of_memory(error):
            raise StartupError(f"not enough memory on {decoder.device} for one small decode") from error
        raise StartupError(
            f"{decoder.kind} cannot decode latents shaped {list(shape)} as {family.name} needs: {error}"
        ) from error
    if pixels.ndim != len(shape) or pixels.shape[1] != 3 or pixels.shape[-1] % SIDE:
        raise StartupError(
            f"{decoder.kind} decodes {list(shape)} to {list(pixels.shape)}, not to RGB pictures"
        )
    frames = pixels.shape[2] if family.video else 1
    temporal = {"still": 1, "causal": frames - 1}.get(family.frames, frames // 2)
    pixel_count = pixels.numel() / 3
    return Measured(pixels.shape[-1] // SIDE, temporal, footprint.peak_bytes / pixel_count)
