"""How each kind of VAE in diffusers is called: one adapter for each that differs from the others.

An adapter takes and gives what all have in common: latents `[N, C, h, w]` or `[N, C, T, h, w]` and pixels in
-1..1 with the same axes.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from vae_backend.decoders.tiling import can_tile, set_tile
from vae_backend.families import Family


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


class FrameByFrame(Adapter):
    """A picture VAE that decodes the frames of a video one beside the other (Latte)."""

    def network(self, latents: torch.Tensor) -> torch.Tensor:
        return unfold(super().network(fold(latents)), latents)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        return unfold(super().encode(fold(pixels)), pixels)


class TemporalDecoder(FrameByFrame):
    """AutoencoderKLTemporalDecoder, which must be told how many of the pictures are one video (SVD)."""

    def network(self, latents: torch.Tensor) -> torch.Tensor:
        pictures = self.vae.decode(fold(latents), num_frames=latents.shape[2], return_dict=False)[0]
        return unfold(pictures, latents)


class OneFrame(Adapter):
    """A video VAE whose pipelines use it for pictures: one frame each (Qwen-Image)."""

    def network(self, latents: torch.Tensor) -> torch.Tensor:
        return super().network(latents.unsqueeze(2)).squeeze(2)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        return super().encode(pixels.unsqueeze(2)).squeeze(2)


class AlwaysTiled(Adapter):
    """AutoencoderKLAllegro, which decodes in tiles only and puts frames before channels.

    Its tiles do not reach the rim of a size that is off their grid, and what they do not reach stays black.
    Such a size is decoded as one tile.
    """

    def __init__(self, vae: torch.nn.Module) -> None:
        super().__init__(vae)
        self._tile, self._stride = vae.kernel, vae.stride
        spatial = vae.spatial_compression_ratio
        self._ratios = (vae.config.temporal_compression_ratio, spatial, spatial)

    @property
    def can_tile(self) -> bool:
        # Not of its own choice, and not in tiles of another size.
        return False

    def network(self, latents: torch.Tensor) -> torch.Tensor:
        sizes = [count * ratio for count, ratio in zip(latents.shape[2:], self._ratios, strict=True)]
        self._cover(sizes)
        # It decodes the tiles of one video at a time.
        videos = [super(AlwaysTiled, self).network(one) for one in latents.split(1)]
        return torch.cat(videos).transpose(1, 2)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        self._cover(list(pixels.shape[2:]))
        return torch.cat([super(AlwaysTiled, self).encode(one) for one in pixels.split(1)])

    def _cover(self, sizes: list[int]) -> None:
        self.vae.enable_tiling()
        axes = zip(sizes, self._tile, self._stride, strict=True)
        on_grid = all(size >= tile and (size - tile) % stride == 0 for size, tile, stride in axes)
        self.vae.kernel = self._tile if on_grid else tuple(sizes)


class Lightricks(Adapter):
    """LTX: its statistics are buffers among the weights, and later versions want to know a timestep."""

    def constants(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        mean, std = (getattr(self.vae, name).float().tolist() for name in ("latents_mean", "latents_std"))
        return {**config, "latents_mean": mean, "latents_std": std}

    def network(self, latents: torch.Tensor) -> torch.Tensor:
        # Timestep 0 is the pipelines' default: no noise is added, so the same latents give the same video.
        timestep = latents.new_zeros(len(latents)) if self.vae.config.timestep_conditioning else None
        return self.vae.decode(latents, timestep, return_dict=False)[0]


class Lightricks2(Lightricks):
    """LTX-2, whose pipelines hand out latents that are denormalised already."""

    def constants(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}


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


ADAPTERS = {
    "AutoencoderTiny": Tiny,
    "AutoencoderKLTemporalDecoder": TemporalDecoder,
    "AutoencoderKLAllegro": AlwaysTiled,
    "AutoencoderKLLTXVideo": Lightricks,
    "AutoencoderKLLTX2Video": Lightricks2,
    "AutoencoderKLFlux2": Flux2,
    "PaellaVQModel": Paella,
}
# Classes whose networks are functions of their inputs and nothing else.
STATELESS = ("AutoencoderTiny", "AutoencoderKL", "AutoencoderKLFlux2", "AutoencoderDC")
# Classes that take a frame axis.
VIDEO_CLASSES = ("AutoencoderKLQwenImage", "AutoencoderKLWan", "AutoencoderKLHunyuanVideo")


def adapt(vae: torch.nn.Module, family: Family) -> Adapter:
    """The adapter for a VAE that serves `family`."""
    kind = type(vae).__name__
    if kind in ADAPTERS:
        return ADAPTERS[kind](vae)
    if family.video:
        each = kind == "AutoencoderKL" and family.frames == "uniform"
        return FrameByFrame(vae) if each else Adapter(vae)
    return OneFrame(vae) if kind in VIDEO_CLASSES else Adapter(vae)


def fold(video: torch.Tensor) -> torch.Tensor:
    """`[N, C, T, h, w]` to `[N*T, C, h, w]`."""
    return video.transpose(1, 2).flatten(0, 1)


def unfold(pictures: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """`[N*T, C, h, w]` to `[N, C, T, h, w]`, with as many videos as `like` has."""
    return pictures.unflatten(0, (len(like), -1)).transpose(1, 2)
