"""Small random VAEs, written to disk the way real ones come."""

from pathlib import Path

import diffusers
import torch
from safetensors.torch import save_file

CPU = torch.device("cpu")
WIDTHS = (8, 8, 8, 8)


def random_tiny(channels: int = 4) -> diffusers.AutoencoderTiny:
    """The tiny network with weights of a fixed seed."""
    torch.manual_seed(7)
    return diffusers.AutoencoderTiny(latent_channels=channels).eval()


def sequential_keys(vae: diffusers.AutoencoderTiny) -> dict[str, torch.Tensor]:
    """Its decoder keyed as published files are: an nn.Sequential with the clamp at index 0."""
    renamed = {}
    for key, value in vae.decoder.state_dict().items():
        _, index, rest = key.split(".", 2)
        renamed[f"{int(index) + 1}.{rest}"] = value
    return renamed


def save_tiny(folder: Path, channels: int = 4) -> Path:
    """A folder with decoder.safetensors."""
    save_file(sequential_keys(random_tiny(channels)), folder / "decoder.safetensors")
    return folder


def save_kl(folder: Path, channels: int = 4, **config: object) -> Path:
    """A diffusers folder of a small AutoencoderKL (8 pixels a position)."""
    torch.manual_seed(7)
    diffusers.AutoencoderKL(
        block_out_channels=WIDTHS,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=channels,
        norm_num_groups=4,
        **config,
    ).save_pretrained(folder)
    return folder


def save_hunyuan(folder: Path) -> Path:
    """A diffusers folder of a small HunyuanVideo VAE (8 pixels a position, 4 frames a latent frame)."""
    torch.manual_seed(7)
    diffusers.AutoencoderKLHunyuanVideo(
        block_out_channels=WIDTHS, layers_per_block=1, norm_num_groups=4
    ).save_pretrained(folder)
    return folder


def save_wan(folder: Path) -> Path:
    """A diffusers folder of a small Wan 2.1 VAE (8 pixels a position, 4 frames a latent frame)."""
    torch.manual_seed(7)
    diffusers.AutoencoderKLWan(base_dim=8, num_res_blocks=1).save_pretrained(folder)
    return folder
