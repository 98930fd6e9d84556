"""Memory that decodes on a CPU give back and take again."""

import subprocess
import sys

import pytest

from vae_backend import allocator

# In a process of its own, since what is set cannot be unset.
FAULTS = """
import resource, torch
from vae_backend.allocator import give_back, keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(16_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
before = faults()
assert keep_freed_memory()
# A small block may come to lie in the way of the first tensor's place being used again, not of all of them.
kept = min(faults() for _ in range(6))
give_back()
print(before, kept, faults())
"""


@pytest.mark.skipif(allocator.c_library() is None, reason="not glibc")
def test_a_tensor_takes_the_memory_of_the_one_before_without_asking_the_kernel():
    run = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    before, kept, given_back = (int(word) for word in run.stdout.split())
    assert kept < before / 10
    # And it was there for others once it was given back.
    assert given_back > 10 * kept


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(allocator, "c_library", lambda: None)
    assert not allocator.keep_freed_memory()
    allocator.give_back()
