"""Learning a decoder's ratios by decoding the smallest latents there are.

Every VAE class names its ratios differently in its config, if at all. A decode tells them for certain,
shows at start that the weights work on this device, and warms it up.
"""

import torch

from vae_backend.decoders.base import Decoder
from vae_backend.errors import StartupError
from vae_backend.memory import is_out_of_memory
from vae_backend.scaling import UNSCALED

SIDE = 4


def measure(decoder: Decoder) -> tuple[int, int]:
    """(pixels per latent position, frames per further latent frame). Raises StartupError if it cannot."""
    family = decoder.family
    # Two latent frames are one first frame and one group of further ones.
    shape = (1, family.latent_channels, *((2,) if family.video else ()), SIDE, SIDE)
    try:
        pixels = decoder.decode(torch.zeros(shape), UNSCALED)
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
    return pixels.shape[-1] // SIDE, pixels.shape[2] - 1 if family.video else 1
