"""How much memory a network needs while it runs, found without running out of it.

What a layer reads and writes must be there at once, together with what a skip connection around it keeps and
what its kernel needs beside. All of it grows with the pixels, so that a small decode tells of a large one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

# Skip connections and a convolution's workspace, on top of what a layer reads and writes.
OVERHEAD = 1.5


@dataclass
class Footprint:
    """largest: bytes of the layer that reads and writes most at once."""

    largest: int = 0

    @property
    def peak_bytes(self) -> float:
        """The estimate of the whole network's peak, weights not counted."""
        return self.largest * OVERHEAD


@contextmanager
def watching(network: torch.nn.Module) -> Iterator[Footprint]:
    """Watches every layer of `network` that has no layers of its own, for the `with` block."""
    footprint = Footprint()

    def look(_: torch.nn.Module, taken: tuple[Any, ...], given: object) -> None:
        tensors = [value for value in (*taken, given) if isinstance(value, torch.Tensor)]
        footprint.largest = max(footprint.largest, sum(value.nbytes for value in tensors))

    leaves = [module for module in network.modules() if not any(module.children())]
    hooks = [leaf.register_forward_hook(look) for leaf in leaves]
    try:
        yield footprint
    finally:
        for hook in hooks:
            hook.remove()
