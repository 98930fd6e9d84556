"""From decoded pixels in -1..1 to the bytes of an answer, in two steps.

`present` runs on the decode thread and device: it brings pixels into their final, smallest form.
`encode` needs the CPU only and runs while the next decode may already use the device.
"""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import torch
from PIL import Image

from vae_backend.media import Form
from vae_backend.mp4 import encode_mp4
from vae_backend.tensors import bytes_of, dtype_name


@dataclass(frozen=True)
class Encoding:
    """jpeg_quality: 1..95 as Pillow counts. fps: frames a second of an mp4, which latents do not tell.
    gpu_jpeg: writes JPEG files of pixels that are still on a GPU."""

    jpeg_quality: int = 90
    fps: int = 24
    gpu_jpeg: Callable[[torch.Tensor, int], bytes] | None = None


@dataclass(frozen=True)
class Encoded:
    """The body of an answer and the headers that describe it. An mp4 is written while it is sent."""

    body: bytes | Iterator[bytes]
    headers: dict[str, str] = field(default_factory=dict)


def present(pixels: torch.Tensor, form: Form) -> torch.Tensor:
    """Decoded `[N, 3, H, W]` or `[N, 3, F, H, W]` in the shape and range of `form`, still on its device.

    Returns `signed` as it is; `unit` as `[N, 3, H, W]` or `[F, 3, H, W]` in 0..1; the rest as uint8
    `[N, H, W, 3]` or `[F, H, W, 3]`. A video has no batch axis left then: the first one is answered.
    """
    if form == "signed":
        return pixels
    # One picture at a time, so that only one has a float32 copy.
    pictures = pixels[0].transpose(0, 1) if pixels.ndim == 5 else pixels
    if form == "unit":
        return torch.stack([to_unit(picture).to(pixels.dtype) for picture in pictures])
    return torch.stack([to_uint8(picture) for picture in pictures])


def to_unit(picture: torch.Tensor) -> torch.Tensor:
    """-1..1 to 0..1 in float32. What is not a number becomes black, as it does in diffusers."""
    return (picture.float().nan_to_num(nan=-1.0) * 0.5 + 0.5).clamp(0, 1)


def to_uint8(picture: torch.Tensor) -> torch.Tensor:
    """`[3, H, W]` in -1..1 to `[H, W, 3]` in 0..255, rounded."""
    return (to_unit(picture) * 255).round().to(torch.uint8).permute(1, 2, 0)


def encode(presented: torch.Tensor, form: Form, encoding: Encoding) -> Encoded:
    """The bytes of what `present` returned. A picture format holds the first picture only."""
    if form == "mp4":
        return Encoded(encode_mp4(presented.numpy(), encoding.fps))
    if form in ("jpeg", "png"):
        if form == "jpeg" and encoding.gpu_jpeg:
            # What fails there the CPU can do; a device that is lost says so once more on the way to it.
            with suppress(RuntimeError):
                return Encoded(encoding.gpu_jpeg(presented[0], encoding.jpeg_quality))
        return Encoded(encode_picture(presented[0].cpu(), form, encoding.jpeg_quality))
    shape = json.dumps(list(presented.shape), separators=(",", ":"))
    return Encoded(bytes_of(presented), {"shape": shape, "dtype": dtype_name(presented)})


def encode_picture(picture: torch.Tensor, form: Form, jpeg_quality: int) -> bytes:
    """`[H, W, 3]` uint8 as a JPEG or PNG file."""
    file = io.BytesIO()
    options = {"quality": jpeg_quality} if form == "jpeg" else {}
    Image.fromarray(picture.contiguous().numpy()).save(file, format=form.upper(), **options)
    return file.getvalue()
