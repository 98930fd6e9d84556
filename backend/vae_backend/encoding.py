"""Encode requests: what tells them from decodes on the same URL, and the pixels in their bodies."""

import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from vae_backend.errors import Refused
from vae_backend.limits import Size, check_size
from vae_backend.query import collect, parse_dtype, parse_scaling, parse_shape, single
from vae_backend.scaling import Scaling
from vae_backend.tensors import byte_count, tensor_from_bytes

RGB = 3
# A pixel in the widest dtype, and what a picture's file may have beside its pixels.
WIDEST_PIXEL_BYTES = 12
FILE_EXTRAS = 65_536


@dataclass(frozen=True)
class EncodeRequest:
    """shape and dtype: of pixels in -1..1, `[N, 3, H, W]` or `[N, 3, F, H, W]`; None where the body is a
    picture.
    """

    shape: tuple[int, ...] | None
    dtype: str | None
    scaling: Scaling


def parse_encode(pairs: Iterable[tuple[str, str]]) -> EncodeRequest | None:
    """The query as that of an encode; None when it is a decode's.

    Every decode client says `output_type`, and clients of encode never do; what they send is a picture
    without a shape, or a tensor with the three channels of pixels. Raises Refused (400).
    """
    values = collect(pairs)
    if "output_type" in values:
        return None
    if "shape" not in values:
        return EncodeRequest(None, None, parse_scaling(values)) if "dtype" not in values else None
    shape = parse_shape(values["shape"])
    if len(shape) not in (4, 5) or shape[1] != RGB:
        return None
    return EncodeRequest(shape, parse_dtype(single(values, "dtype")), parse_scaling(values))


def max_encode_bytes(max_megapixels: float) -> int:
    """Bytes of the largest body that so many pixels can come from."""
    return int(max_megapixels * 1e6) * WIDEST_PIXEL_BYTES + FILE_EXTRAS


def expected_bytes(request: EncodeRequest) -> int | None:
    """Bytes of a tensor; None where the body is a file."""
    if request.shape is None or request.dtype is None:
        return None
    return byte_count(request.shape, request.dtype)


def read_pixels(body: bytearray, request: EncodeRequest, max_megapixels: float, spatial: int) -> torch.Tensor:
    """The pixels of a body in -1..1, cut at the right and below to what latents can hold.

    Raises Refused: 400 for a file that is no picture, 422 for too many pixels.
    """
    if request.shape is not None and request.dtype is not None:
        pixels = tensor_from_bytes(body, request.shape, request.dtype)
    else:
        pixels = picture_from(bytes(body), max_megapixels)
    *_, height, width = pixels.shape
    frames = pixels.shape[2] if pixels.ndim == 5 else 1
    size = Size(len(pixels), frames, height, width)
    check_size(size, max_megapixels, spatial, 1)
    if min(height, width) < spatial:
        raise Refused("picture-invalid", f"Expected pixels of at least {spatial}x{spatial}.")
    return pixels[..., : height // spatial * spatial, : width // spatial * spatial]


def picture_from(body: bytes, max_megapixels: float) -> torch.Tensor:
    """A PNG, JPEG or WebP file of any mode as `[1, 3, H, W]` in -1..1; its size is judged before it is
    unpacked.
    """
    try:
        picture = Image.open(io.BytesIO(body), formats=("PNG", "JPEG", "WEBP"))
        check_size(Size(1, 1, picture.height, picture.width), max_megapixels, 1, 1)
        pixels = np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refused("picture-invalid", "Expected a whole PNG, JPEG or WebP file.") from None
    return (torch.from_numpy(pixels.copy()).permute(2, 0, 1).unsqueeze(0).float() / 255) * 2 - 1
