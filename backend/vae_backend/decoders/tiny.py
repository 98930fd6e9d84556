"""A tiny VAE (TAESD and its siblings), which takes latents in diffusion space.

Clients of the protocol speak of raw space, so their latents are first taken there as for the full VAE
and then brought back with the family's constants. The network itself answers -1..1.
"""

import torch

from vae_backend.decoders.measure import measure
from vae_backend.families import Family
from vae_backend.scaling import Scaling, model_to_raw, request_to_diffusion


class TinyDecoder:
    """Wraps an `AutoencoderTiny`, of which only the decoder is used."""

    def __init__(self, vae: torch.nn.Module, family: Family) -> None:
        self.family = family
        self.kind = type(vae).__name__
        parameter = next(vae.parameters())
        self.device, self.dtype = parameter.device, parameter.dtype
        # Plain convolutions without normalisation run about a quarter faster with channels last.
        self._network = vae.decoder.to(memory_format=torch.channels_last)
        # Its own config knows no scaling (factor 1), because diffusion space is all it ever saw.
        self._own = model_to_raw(family, {})
        self.spatial, self.temporal = measure(self)

    @torch.inference_mode()
    def decode(self, latents: torch.Tensor, scaling: Scaling) -> torch.Tensor:
        """See `Decoder.decode`."""
        latents = request_to_diffusion(scaling, self._own).apply(latents.to(self.device))
        return self._network(latents.to(self.dtype, memory_format=torch.channels_last))
