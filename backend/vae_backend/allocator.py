"""Making the C library keep memory that a decode on a CPU gives back, for the next one.

glibc takes every large tensor from the kernel anew and returns it at once. The kernel clears its pages each
time: a fifth of the time of a tiny VAE's decode, and all of it in vain.
"""

import ctypes
import sys
from typing import Any, Final

# <malloc.h>
M_TRIM_THRESHOLD: Final = -1
M_MMAP_MAX: Final = -4
M_ARENA_MAX: Final = -8
# What is free beyond this goes back after all; the largest value there is.
KEPT_BYTES: Final = 2**31 - 1


def c_library() -> Any | None:
    """glibc; None elsewhere."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None


def keep_freed_memory() -> bool:
    """Takes large tensors from a heap that is kept. To be called before other threads take memory.

    Returns whether it could be done: on a C library other than glibc nothing changes.
    """
    library = c_library()
    if library is None:
        return False
    # One heap, since those of further threads are bounded to less than one tensor.
    settings = ((M_ARENA_MAX, 1), (M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, KEPT_BYTES))
    return all(library.mallopt(name, value) for name, value in settings)


def give_back() -> None:
    """Returns what is kept to the system."""
    library = c_library()
    if library is not None:
        library.malloc_trim(0)
