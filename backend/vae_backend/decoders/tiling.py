"""Tiled decoding as diffusers does it, whose VAE classes name the size of a tile in two ways."""

import torch


def can_tile(vae: torch.nn.Module) -> bool:
    """Whether a VAE of diffusers has tiles of a size that can be chosen."""
    return hasattr(vae, "use_tiling") and any(
        hasattr(vae, name) for name in ("tile_sample_min_size", "tile_sample_min_height")
    )


def set_tile(vae: torch.nn.Module, side: int | None) -> None:
    """Makes the next decode tiled, in tiles of `side` pixels with a quarter of overlap, or whole (None)."""
    vae.use_tiling = side is not None
    if side is None:
        return
    if hasattr(vae, "tile_sample_min_size"):
        # Sizes of latents and pixels are kept apart; their ratio is that of the VAE.
        ratio = vae.tile_sample_min_size // vae.tile_latent_min_size
        vae.tile_sample_min_size, vae.tile_latent_min_size = side, side // ratio
        return
    ratio = vae.tile_sample_min_height // getattr(vae, "tile_latent_min_height", vae.tile_sample_min_height)
    for axis in ("height", "width"):
        setattr(vae, f"tile_sample_min_{axis}", side)
        if hasattr(vae, f"tile_latent_min_{axis}"):
            setattr(vae, f"tile_latent_min_{axis}", side // ratio)
        if hasattr(vae, f"tile_sample_stride_{axis}"):
            setattr(vae, f"tile_sample_stride_{axis}", side * 3 // 4)
