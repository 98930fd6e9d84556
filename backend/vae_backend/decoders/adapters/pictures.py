"""VAEs of pictures that differ."""

from collections.abc import Mapping
from typing import Any

import torch

from vae_backend.decoders.adapters.base import Adapter


class Tiny(Adapter):
    """AutoencoderTiny, which knows nothing but diffusion space."""

    diffusion = True

    def __init__(self, vae: torch.nn.Module) -> None:
        super().__init__(vae)
        # Each follows a convolution or a sum that nobody else reads, so that a copy would be for nothing.
        for module in vae.modules():
            if isinstance(module, torch.nn.ReLU):
                module.inplace = True

    def constants(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        # Its own config says factor 1, because diffusion space is all it ever saw.
        return {}


class OneFrame(Adapter):
    """A video VAE whose pipelines use it for pictures: one frame each (Qwen-Image)."""

    def network(self, latents: torch.Tensor) -> torch.Tensor:
        return super().network(latents.unsqueeze(2)).squeeze(2)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        return super().encode(pixels.unsqueeze(2)).squeeze(2)


class Flux2(Adapter):
    """AutoencoderKLFlux2: its statistics are those of a batch norm over 2x2 patches."""

    def constants(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        norm = self.vae.bn
        std = (norm.running_var.float() + self.vae.config.batch_norm_eps).sqrt()
        return {"latents_mean": norm.running_mean.float().tolist(), "latents_std": std.tolist()}


class Paella(Adapter):
    """Stage A of Stable Cascade: multiplies to scale, and its pixels are 0..1."""

    @property
    def can_encode(self) -> bool:
        return True

    def constants(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"scaling_factor": 1 / self.vae.config.scale_factor}

    def network(self, latents: torch.Tensor) -> torch.Tensor:
        return super().network(latents) * 2 - 1

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        return super().encode(pixels * 0.5 + 0.5)
