"""Memory that decodes on a CPU give back and take again."""

import subprocess
import sys

import pytest

from vae_backend import allocator

# In a process of its own, since what is set cannot be unset.
MAPPED = """
import ctypes, torch
from vae_backend.allocator import give_back, keep_freed_memory

class Heap(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

library = ctypes.CDLL(None)
library.mallinfo2.restype = Heap

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def mapped_with_a_tensor():
    before = library.mallinfo2().hblkhd
    tensor = torch.ones(16_000_000)
    return library.mallinfo2().hblkhd - before

stock = mapped_with_a_tensor()
assert keep_freed_memory()
heap = mapped_with_a_tensor()
kept = resident()
give_back()
print(stock, heap, kept - resident())
"""


@pytest.mark.skipif(allocator.c_library() is None, reason="not glibc")
def test_large_tensors_come_from_a_heap_that_is_kept_until_it_is_given_back():
    run = subprocess.run([sys.executable, "-c", MAPPED], capture_output=True, text=True, check=True)
    stock, heap, given_back = (int(word) for word in run.stdout.split())
    assert (stock > 60_000_000, heap) == (True, 0)
    assert given_back > 60_000_000


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(allocator, "c_library", lambda: None)
    assert not allocator.keep_freed_memory()
    allocator.give_back()
