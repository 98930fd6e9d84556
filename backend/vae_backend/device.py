"""Choosing the device and making decodes on it repeatable."""

import torch

from vae_backend.allocator import keep_freed_memory
from vae_backend.errors import StartupError


def choose_device(name: str) -> torch.device:
    """`auto`, `cpu`, `cuda` or `cuda:N`. Raises StartupError for one that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, index = name.partition(":")
    if name != "cpu" and (kind != "cuda" or (":" in name and not index.isdigit())):
        raise StartupError(f"unknown device {name!r} (expected auto, cpu, cuda or cuda:N)")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise StartupError(f"no device {name} here (torch sees {torch.cuda.device_count()} CUDA devices)")
    return torch.device(name)


def make_repeatable(threads: int | None, *, autotune: bool = False) -> None:
    """Keeps kernels from being chosen by timing, so that the same latents give the same bytes.

    threads: CPU threads of a decode; None leaves them to torch. autotune: choose by timing after all, which
    is faster on a GPU and may differ in the last bit from one start to the next.
    """
    torch.backends.cudnn.benchmark = autotune
    torch.backends.cudnn.deterministic = not autotune
    if threads is not None:
        torch.set_num_threads(threads)


def make_ready(device: torch.device) -> None:
    """What a device needs once, before weights are loaded for it."""
    if device.type == "cpu":
        keep_freed_memory()
