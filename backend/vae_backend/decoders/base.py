"""What the rest of the backend knows about a decoder."""

from typing import Protocol

import torch

from vae_backend.families import Family
from vae_backend.scaling import Scaling


class Decoder(Protocol):
    """A loaded VAE.

    kind: class of the network. spatial: pixels per latent position. temporal: the n of the family's rule of
    frames (1 for pictures). weights: name and hash, for the header that tells clients what decoded for them.
    bytes_per_pixel: memory that a decode needs at its peak, per pixel of its answer.
    """

    family: Family
    kind: str
    device: torch.device
    dtype: torch.dtype
    spatial: int
    temporal: int
    weights: str
    bytes_per_pixel: float
    can_encode: bool
    can_tile: bool

    def prepare(self, latents: torch.Tensor, scaling: Scaling) -> torch.Tensor:
        """What the network takes, on its device and in its dtype: latents prepared alike can be batched.

        latents: `[N, C, h, w]` or `[N, C, T, h, w]` as they arrived, any float dtype, on the CPU.
        """
        ...

    def run(self, inputs: torch.Tensor, tile: int | None = None) -> torch.Tensor:
        """Prepared latents to `[N, 3, H, W]` or `[N, 3, F, H, W]`, about -1..1.

        tile: side in pixels of the tiles to decode in; None decodes whole. Returns the decoder's dtype on its
        device, neither clamped nor denormalised. Raises whatever torch raises, out of memory included.
        """
        ...

    def encode(self, pixels: torch.Tensor, scaling: Scaling) -> torch.Tensor:
        """`[N, 3, H, W]` or `[N, 3, F, H, W]` in -1..1 to latents, scaled as the client asked.

        Returns the mode of the distribution, not a sample: the same picture gives the same latents.
        Raises Refused (422) where there is no encoder.
        """
        ...
