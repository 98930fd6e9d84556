"""VAEs of videos that differ."""

from collections.abc import Mapping
from typing import Any

import torch

from vae_backend.decoders.adapters.base import Adapter


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


def fold(video: torch.Tensor) -> torch.Tensor:
    """`[N, C, T, h, w]` to `[N*T, C, h, w]`."""
    return video.transpose(1, 2).flatten(0, 1)


def unfold(pictures: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """`[N*T, C, h, w]` to `[N, C, T, h, w]`, with as many videos as `like` has."""
    return pictures.unflatten(0, (len(like), -1)).transpose(1, 2)
