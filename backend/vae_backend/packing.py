"""The layouts in which latents arrive, and the 2x2 packing that Flux-like pipelines use.

Packed latents are `[N, (h/2)*(w/2), 4*C]`: each row holds a 2x2 patch of every channel. Their height and
width are lost in the packing, which is why those requests must carry them.
"""

from dataclasses import dataclass
from typing import Literal

import torch

from vae_backend.errors import Refused
from vae_backend.families import Family


@dataclass(frozen=True)
class Layout:
    """How to read the tensor that arrived. Frames, height and width count latent positions, not pixels."""

    form: Literal["batched", "single", "packed"]
    batch: int
    frames: int
    height: int
    width: int


def lay_out(shape: tuple[int, ...], family: Family, spatial: int, pixels: tuple[int, int] | None) -> Layout:
    """Decides from the shape alone how latents are laid out.

    shape: of the tensor that arrived. spatial: pixels per latent position. pixels: (height, width) of the
    picture where the request has both; consulted for 3-D latents only. Raises Refused (400).
    """
    channels = family.latent_channels
    if family.video:
        if len(shape) == 5 and shape[1] == channels:
            return Layout("batched", shape[0], *shape[2:])
        raise mismatch(shape, family, f"[N,{channels},T,h,w]")
    if len(shape) == 4 and shape[1] == channels:
        return Layout("batched", shape[0], 1, shape[2], shape[3])
    if len(shape) == 3:
        return lay_out_three(shape, family, spatial, pixels)
    raise mismatch(shape, family, f"[N,{channels},h,w]")


def lay_out_three(
    shape: tuple[int, ...], family: Family, spatial: int, pixels: tuple[int, int] | None
) -> Layout:
    """Packed latents or one picture without its batch axis; no shape can be both for the same pixels."""
    channels = family.latent_channels
    if pixels is not None and shape[2] == 4 * channels:
        height, width = (size // (2 * spatial) for size in pixels)
        if height * width == shape[1]:
            return Layout("packed", shape[0], 1, 2 * height, 2 * width)
    if shape[0] == channels:
        agrees = pixels is not None and tuple(size // spatial for size in pixels) == shape[1:]
        if agrees or not family.packed:
            return Layout("single", 1, 1, shape[1], shape[2])
    if pixels is None and shape[2] == 4 * channels:
        raise Refused(
            "size-missing", "Expected height and width in the query: packed latents do not tell their size."
        )
    raise mismatch(
        shape, family, f"[N,{channels},h,w] or packed [N,h*w/4,{4 * channels}] with its height and width"
    )


def mismatch(shape: tuple[int, ...], family: Family, expected: str) -> Refused:
    """The refusal for latents that cannot belong to this model."""
    got = ",".join(map(str, shape))
    return Refused("latent-shape-mismatch", f"Expected {family.name} latents shaped {expected}, got [{got}].")


def arrange(latents: torch.Tensor, layout: Layout) -> torch.Tensor:
    """The tensor that arrived as `[N, C, h, w]`; video latents stay `[N, C, T, h, w]`."""
    if layout.form == "packed":
        return unpack(latents, layout.height, layout.width)
    return latents.unsqueeze(0) if layout.form == "single" else latents


def unpack(latents: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """`[N, h*w/4, 4*C]` to `[N, C, h, w]`; height and width are even counts of latent positions."""
    batch, _, depth = latents.shape
    patches = latents.reshape(batch, height // 2, width // 2, depth // 4, 2, 2)
    return patches.permute(0, 3, 1, 4, 2, 5).reshape(batch, depth // 4, height, width)


def pack(latents: torch.Tensor) -> torch.Tensor:
    """`[N, C, h, w]` to `[N, h*w/4, 4*C]`, the inverse of `unpack`; h and w must be even."""
    batch, channels, height, width = latents.shape
    patches = latents.reshape(batch, channels, height // 2, 2, width // 2, 2)
    return patches.permute(0, 2, 4, 1, 3, 5).reshape(batch, height * width // 4, channels * 4)
