"""Raw little-endian, C-ordered tensor bytes to torch and back."""

from math import prod
from typing import Final

import torch

# What the protocol's clients send as latents. Others that torch knows (float64, integers) are refused:
# nobody has such latents except by mistake.
LATENT_DTYPES: Final[dict[str, torch.dtype]] = {
    "float16": torch.float16,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
}


def byte_count(shape: tuple[int, ...], dtype: str) -> int:
    """Bytes of a tensor of `shape` and a dtype named in `LATENT_DTYPES`."""
    return prod(shape) * LATENT_DTYPES[dtype].itemsize


def tensor_from_bytes(body: bytearray, shape: tuple[int, ...], dtype: str) -> torch.Tensor:
    """A tensor over the very bytes of `body` (no copy), which must be as long as `byte_count` says."""
    return torch.frombuffer(body, dtype=LATENT_DTYPES[dtype]).reshape(shape)


def bytes_of(tensor: torch.Tensor) -> bytes:
    """The bytes of a CPU tensor of any dtype. NumPy has no bfloat16, hence the view as uint8."""
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def dtype_name(tensor: torch.Tensor) -> str:
    """`float16`, `uint8` ... as the `dtype` header wants it."""
    return str(tensor.dtype).removeprefix("torch.")
