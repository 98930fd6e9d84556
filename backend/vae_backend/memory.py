"""Telling "out of memory" from other failures, and coming back from it."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

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


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in SIGNS)


def guarded(job: Callable[[], T]) -> T:
    """Runs `job`; when memory runs out, frees what can be freed and raises Refused (503) instead."""
    try:
        return job()
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    # Only here, past the except block, is the traceback gone that still held the failed decode's tensors.
    free()
    raise Refused(
        "out-of-memory",
        "The backend ran out of memory for this decode: retry later, or ask for a smaller one.",
        retry_after_s=1,
    )


def free() -> None:
    """Returns unused memory to the device."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
