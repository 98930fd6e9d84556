"""A full VAE from diffusers, which takes latents in raw space."""

from collections.abc import Mapping
from typing import Any

import torch

from vae_backend.decoders.measure import measure
from vae_backend.families import Family
from vae_backend.scaling import Scaling, model_to_raw, request_to_raw


class DiffusersVae:
    """Wraps any diffusers VAE that has `decode`. config: what its config.json says about scaling."""

    def __init__(self, vae: torch.nn.Module, family: Family, config: Mapping[str, Any]) -> None:
        self.family = family
        self.kind = type(vae).__name__
        parameter = next(vae.parameters())
        self.device, self.dtype = parameter.device, parameter.dtype
        self._vae = vae
        self._own = model_to_raw(family, config)
        self.spatial, self.temporal = measure(self)

    @torch.inference_mode()
    def decode(self, latents: torch.Tensor, scaling: Scaling) -> torch.Tensor:
        """See `Decoder.decode`."""
        raw = request_to_raw(scaling, self._own).apply(latents.to(self.device))
        return self._vae.decode(raw.to(self.dtype), return_dict=False)[0]
