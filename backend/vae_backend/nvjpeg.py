"""JPEG files written by the GPU that decoded, where torchvision is there: pixels need not travel then."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

log = logging.getLogger("vae_backend")
JPEG_BEGINS = b"\xff\xd8"


@dataclass(frozen=True)
class GpuJpeg:
    """encode: torchvision's. stream: beside the one that decodes, which must not be waited for."""

    encode: Callable[..., torch.Tensor]
    stream: Any

    def __call__(self, picture: torch.Tensor, quality: int) -> bytes:
        """`[H, W, 3]` uint8 on the GPU, complete, as a JPEG file. Raises what torchvision raises."""
        with torch.cuda.stream(self.stream):
            if picture.is_cuda:
                # Its memory belongs to the stream that decoded it.
                picture.record_stream(self.stream)
            file = self.encode(picture.permute(2, 0, 1).contiguous(), quality=quality)
            return file.cpu().numpy().tobytes()


def torchvision_encoder() -> Callable[..., torch.Tensor]:
    """Its function; ImportError where it is not installed, RuntimeError where it is for another torch."""
    from torchvision.io import encode_jpeg

    return encode_jpeg


def gpu_jpeg(
    device: torch.device,
    load: Callable[[], Callable[..., torch.Tensor]] = torchvision_encoder,
    make_stream: Callable[[torch.device], Any] = torch.cuda.Stream,
) -> GpuJpeg | None:
    """The encoder on `device`; None without a GPU or torchvision, or when it fails on a small picture."""
    if device.type != "cuda":
        return None
    try:
        encoder = GpuJpeg(load(), make_stream(device))
        if encoder(torch.zeros(16, 16, 3, dtype=torch.uint8, device=device), 90).startswith(JPEG_BEGINS):
            return encoder
    except ImportError:
        return None
    except Exception as error:  # noqa: BLE001 - whatever keeps it from working, the CPU can do it
        log.warning("JPEG is written by the CPU: the GPU's encoder failed (%s)", type(error).__name__)
    return None
