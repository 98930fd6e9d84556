"""Blocks of the tiny VAE of FLUX.2 (TAEF2), which see more of the picture than those of diffusers do."""

from collections.abc import Iterable

import torch
from diffusers.models.autoencoders.vae import AutoencoderTinyBlock
from torch import nn

GROUPS = 4
POOL = ".pool.0.weight"


class PooledBlock(AutoencoderTinyBlock):
    """Adds to its input what a 1x1 bottleneck, normalised in groups over the picture, makes of it."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__(channels, channels, "relu")
        self.pool = nn.Sequential(
            nn.Conv2d(channels, inner, 1, bias=False),
            nn.GroupNorm(GROUPS, inner),
            nn.ReLU(),
            nn.Conv2d(inner, channels, 1, bias=False),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x + self.pool(x))


def add_pools(layers: nn.Sequential, state: dict[str, torch.Tensor]) -> None:
    """Replaces the blocks for which `state` (`layers.N...`) holds a pool."""
    for index in pooled(state):
        inner, channels = state[f"layers.{index}{POOL}"].shape[:2]
        layers[index] = PooledBlock(channels, inner)


def pooled(keys: Iterable[str]) -> list[int]:
    return [int(key.split(".")[1]) for key in keys if key.endswith(POOL)]
