"""The tiny VAE of FLUX.2 as it was published: lists of layers, and files that are no safetensors."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn


class Block(nn.Module):
    def __init__(self, pooled: bool) -> None:
        super().__init__()
        self.conv = nn.Sequential(conv(64, 64), nn.ReLU(), conv(64, 64), nn.ReLU(), conv(64, 64))
        narrow, wide = nn.Conv2d(64, 256, 1, bias=False), nn.Conv2d(256, 64, 1, bias=False)
        self.pool = nn.Sequential(narrow, nn.GroupNorm(4, 256), nn.ReLU(), wide) if pooled else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x if self.pool is None else x + self.pool(x)
        return torch.relu(self.conv(x) + x)


class Clamp(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x / 3) * 3


def conv(inner: int, outer: int, **options: object) -> nn.Conv2d:
    return nn.Conv2d(inner, outer, 3, padding=1, **options)


def blocks(count: int, pooled: bool = False) -> list[nn.Module]:
    return [Block(pooled) for _ in range(count)]


def down() -> nn.Module:
    return conv(64, 64, stride=2, bias=False)


def up() -> list[nn.Module]:
    return [nn.Upsample(scale_factor=2), conv(64, 64, bias=False)]


class PublishedFlux2(nn.Module):
    """Pixels in 0..1, 32 channels in between."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        inwards = [conv(3, 64), *blocks(1), down(), *blocks(3), down(), *blocks(3), down(), *blocks(3, True)]
        outwards = [*blocks(3, True), *up(), *blocks(3), *up(), *blocks(3), *up(), *blocks(1), conv(64, 3)]
        self.encoder = nn.Sequential(*inwards, conv(64, 32))
        self.decoder = nn.Sequential(Clamp(), conv(32, 64), nn.ReLU(), *outwards)
        for part in ("encoder", "decoder"):
            getattr(self, part).load_state_dict(published(folder, part), strict=True)
        self.float().eval()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encoder(pixels))


def published(folder: Path, part: str) -> dict[str, torch.Tensor]:
    return torch.load(folder / f"{part}.pth", map_location="cpu", weights_only=True)


def as_safetensors(folder: Path, target: Path) -> Path:
    """What an operator does with such files, since the backend opens no pickles."""
    for part in ("encoder", "decoder"):
        save_file(published(folder, part), target / f"{part}.safetensors")
    return target
