"""How much memory is left, telling "out of memory" from other failures, and coming back from it."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch

from vae_backend.allocator import give_back
from vae_backend.errors import Refused

T = TypeVar("T")
# CUDA, cuDNN, the CPU allocator and the kernel each word it their own way, mostly as a plain RuntimeError.
SIGNS = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "cudnn_status_alloc_failed",
    "cublas_status_alloc_failed",
)
CGROUP = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in SIGNS)


def is_device_lost(error: BaseException) -> bool:
    """Whether a CUDA error leaves the process without its device: only a new process can decode again."""
    return isinstance(error, RuntimeError) and not is_out_of_memory(error) and "CUDA error" in str(error)


def out_of_memory(fits: str | None = None) -> Refused:
    """The refusal, with the size that would fit where it is known."""
    advice = f"{fits} would fit." if fits else "retry later, or ask for a smaller one."
    return Refused(
        "out-of-memory",
        f"The backend is out of memory for this decode: {advice}",
        retry_after_s=1,
    )


def guarded(job: Callable[[], T]) -> T:
    """Runs `job`; when memory runs out, frees what can be freed and raises Refused (503) instead."""
    try:
        return job()
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    # Only here, past the except block, is the traceback gone that still held the failed decode's tensors.
    free()
    raise out_of_memory()


def free() -> None:
    """Returns unused memory to the device."""
    gc.collect()
    give_back()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def free_bytes(device: torch.device) -> int | None:
    """Memory that a decode may still take; None where the system does not tell."""
    if device.type == "cuda":
        unused, _ = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return unused + kept
    known = [value for value in (available(), within_cgroup()) if value is not None]
    return min(known, default=None)


def available() -> int | None:
    """What Linux would give to a process without swapping."""
    try:
        lines = MEMINFO.read_text().splitlines()
    except OSError:
        return None
    kilobytes = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return int(kilobytes) * 1024 if kilobytes else None


def within_cgroup() -> int | None:
    """What is left of a container's limit; None where there is none."""
    try:
        limit, used = ((CGROUP / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return None
    return max(int(limit) - int(used), 0) if limit.isdigit() else None
