"""The layouts in which latents arrive, brought to one.

Packed latents are sequences of tokens: each token holds a 2x2 patch of every channel (Flux and its kin) or
one position of every channel (LTX). Their height and width are lost in the packing, which is why those
requests must carry them.
"""

from dataclasses import dataclass

import torch

from vae_backend.errors import Refused
from vae_backend.families import Family


@dataclass(frozen=True)
class Layout:
    """How to read the tensor that arrived. Frames, height and width count latent positions, not pixels.

    form: an order of axes such as `BCHW`, `CHW` (a picture without its batch axis), `tokens` (2x2 patches),
        `patches` (the same, as `[N, 4*C, h/2, w/2]`) or `flat` (one position a token, frames included).
    """

    form: str
    batch: int
    frames: int
    height: int
    width: int


def lay_out(shape: tuple[int, ...], family: Family, spatial: int, pixels: tuple[int, int] | None) -> Layout:
    """Decides from the shape alone how latents are laid out.

    shape: of the tensor that arrived. spatial: pixels per latent position. pixels: (height, width) of the
    picture where the request has both; consulted for 3-D latents only. Raises Refused (400).
    """
    for form in family.layouts:
        if layout := read_axes(form, shape, family):
            return layout
    channels = family.latent_channels
    if family.packing == "flux2-patchify" and len(shape) == 4 and shape[1] == 4 * channels:
        return Layout("patches", shape[0], 1, 2 * shape[2], 2 * shape[3])
    if len(shape) == 3:
        return lay_out_three(shape, family, spatial, pixels)
    raise mismatch(shape, family)


def read_axes(form: str, shape: tuple[int, ...], family: Family) -> Layout | None:
    """`shape` read as the axes of `form`; None unless it has as many, with the family's channels."""
    if len(shape) != len(form):
        return None
    axes = dict(zip(form, shape, strict=True))
    frames = axes.get("T", 1)
    if axes["C"] != family.latent_channels or (frames != 1 and not family.video):
        return None
    return Layout(form, axes.get("B", 1), frames, axes["H"], axes["W"])


def lay_out_three(
    shape: tuple[int, ...], family: Family, spatial: int, pixels: tuple[int, int] | None
) -> Layout:
    """Tokens, or one picture without its batch axis; no shape can be both for the same pixels."""
    packed = tokens_of(shape, family, spatial, pixels)
    if packed:
        return packed
    if shape[0] == family.latent_channels and not family.video:
        agrees = pixels is not None and tuple(size // spatial for size in pixels) == shape[1:]
        if agrees or family.packing is None:
            return Layout("CHW", 1, 1, shape[1], shape[2])
    if pixels is None and shape[2] in token_widths(family):
        raise Refused(
            "size-missing", "Expected height and width in the query: packed latents do not tell their size."
        )
    raise mismatch(shape, family)


def tokens_of(
    shape: tuple[int, ...], family: Family, spatial: int, pixels: tuple[int, int] | None
) -> Layout | None:
    """Tokens as a layout, where their number agrees with the pixels.

    Picture models without a packing of their own take Flux's too: clients of hosted decoders send it to them.
    """
    if pixels is None or shape[2] not in token_widths(family):
        return None
    if family.packing == "ltx-flatten":
        height, width = (size // spatial for size in pixels)
        frames, rest = divmod(shape[1], max(height * width, 1))
        return Layout("flat", shape[0], frames, height, width) if frames and not rest else None
    height, width = (size // (2 * spatial) for size in pixels)
    if height * width != shape[1]:
        return None
    return Layout("tokens", shape[0], 1, 2 * height, 2 * width)


def token_widths(family: Family) -> tuple[int, ...]:
    """Values a token of this family's may have."""
    if family.latent_channels is None:
        return ()
    if family.packing == "ltx-flatten":
        return (family.latent_channels,)
    return () if family.video else (4 * family.latent_channels,)


def mismatch(shape: tuple[int, ...], family: Family) -> Refused:
    """The refusal for latents that cannot belong to this model."""
    got = ",".join(map(str, shape))
    return Refused(
        "latent-shape-mismatch",
        f"Expected {family.name} latents shaped {describe_shapes(family)}, got [{got}].",
    )


def describe_shapes(family: Family) -> str:
    """Every shape the family takes: `[N,16,h,w] or packed [N,h*w/4,64] with its height and width`."""
    channels = family.latent_channels
    names = {"B": "N", "C": str(channels), "T": "T", "H": "h", "W": "w"}
    shapes = [f"[{','.join(names[axis] for axis in form)}]" for form in family.layouts]
    if family.packing == "ltx-flatten":
        shapes.append(f"packed [N,T*h*w,{channels}] with its height and width")
    elif not family.video and channels is not None:
        if family.packing == "flux2-patchify":
            shapes.append(f"[N,{4 * channels},h/2,w/2]")
        shapes.append(f"packed [N,h*w/4,{4 * channels}] with its height and width")
    return " or ".join(shapes)


def arrange(latents: torch.Tensor, layout: Layout, *, video: bool) -> torch.Tensor:
    """The tensor that arrived as `[N, C, h, w]`, that of a video as `[N, C, T, h, w]`."""
    match layout.form:
        case "tokens":
            return unpack(latents, layout.height, layout.width)
        case "patches":
            return unpatchify(latents)
        case "flat":
            positions = latents.unflatten(1, (layout.frames, layout.height, layout.width))
            return positions.permute(0, 4, 1, 2, 3)
        case "CHW":
            return latents.unsqueeze(0)
        case form:
            axes = [form.index(axis) for axis in ("BCTHW" if "T" in form else "BCHW")]
            ordered = latents.permute(axes)
            return ordered if video or ordered.ndim == 4 else ordered.squeeze(2)


def unpack(latents: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """`[N, h*w/4, 4*C]` to `[N, C, h, w]`; height and width are even counts of latent positions."""
    return unpatchify(latents.unflatten(1, (height // 2, width // 2)).permute(0, 3, 1, 2))


def unpatchify(latents: torch.Tensor) -> torch.Tensor:
    """`[N, 4*C, h/2, w/2]` to `[N, C, h, w]`; channel c*4 + dy*2 + dx is position (dy, dx) of a patch."""
    return torch.nn.functional.pixel_shuffle(latents, 2)


def pack(latents: torch.Tensor) -> torch.Tensor:
    """`[N, C, h, w]` to `[N, h*w/4, 4*C]`, the inverse of `unpack`; h and w must be even."""
    return torch.nn.functional.pixel_unshuffle(latents, 2).flatten(2).transpose(1, 2)
