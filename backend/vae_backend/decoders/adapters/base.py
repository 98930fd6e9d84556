"""The VAE that differs from nothing: what an adapter takes and gives."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from vae_backend.decoders.tiling import can_tile, set_tile

# Classes whose networks are functions of their inputs and nothing else.
STATELESS = ("AutoencoderTiny", "AutoencoderKL", "AutoencoderKLFlux2", "AutoencoderDC")


class Adapter:
    """A VAE whose decode and encode take exactly that."""

    # Whether the network works in diffusion space, so that latents are not taken to raw space for it.
    diffusion: ClassVar[bool] = False

    def __init__(self, vae: torch.nn.Module) -> None:
        self.vae = vae

    @property
    def stateless(self) -> bool:
        """Whether decodes may run beside each other. Those of videos keep frames in the network meanwhile."""
        return type(self.vae).__name__ in STATELESS

    @property
    def can_tile(self) -> bool:
        """Whether it can decode in tiles."""
        return can_tile(self.vae)

    @property
    def can_encode(self) -> bool:
        """Whether the encoder is there."""
        return getattr(self.vae, "encoder", None) is not None

    def constants(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the VAE itself says about scaling: `scaling_factor`, `shift_factor`, `latents_mean`,
        `latents_std`.

        config: its config.json. mean and std are taken from the class's defaults as well; a scaling_factor
        that only the class defaults to is left out, since the family knows better.
        """
        defaults = {key: self.vae.config.get(key) for key in ("latents_mean", "latents_std")}
        return defaults | {key: value for key, value in config.items() if value is not None}

    def decode(self, latents: torch.Tensor, tile: int | None) -> torch.Tensor:
        """Raw latents to pixels; tile as in `Decoder.run`."""
        if self.can_tile:
            set_tile(self.vae, tile)
        return self.network(latents)

    def network(self, latents: torch.Tensor) -> torch.Tensor:
        """The decode itself."""
        return self.vae.decode(latents, return_dict=False)[0]

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels to raw latents."""
        encoded = self.vae.encode(pixels)
        if hasattr(encoded, "latent_dist"):
            return encoded.latent_dist.mode()
        return encoded.latents if hasattr(encoded, "latents") else encoded.latent
