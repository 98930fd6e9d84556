"""What the rest of the backend knows about a decoder."""

from typing import Protocol

import torch

from vae_backend.families import Family
from vae_backend.scaling import Scaling


class Decoder(Protocol):
    """A loaded VAE decoder.

    kind: class of the network. spatial: pixels per latent position. temporal: frames per latent frame
    after the first one (1 for pictures).
    """

    family: Family
    kind: str
    device: torch.device
    dtype: torch.dtype
    spatial: int
    temporal: int

    def decode(self, latents: torch.Tensor, scaling: Scaling) -> torch.Tensor:
        """`[N, C, h, w]` to `[N, 3, H, W]`, or `[N, C, T, h, w]` to `[N, 3, F, H, W]`, about -1..1.

        latents: as they arrived, any float dtype, on the CPU. Returns the decoder's dtype on its device,
        neither clamped nor denormalised. Raises whatever torch raises, running out of memory included.
        """
        ...
