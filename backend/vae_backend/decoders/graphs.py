"""CUDA graphs: a decode of a known shape, recorded once and replayed without the cost of launching its
kernels.

Worth most for small pictures, whose kernels are shorter than their launches.
"""

from collections.abc import Callable
from typing import Any

import torch

# Kernels choose their algorithms and take their memory in the first runs, which must not be recorded.
REHEARSALS = 3


class Graphs:
    """Recorded decodes by the shape of their inputs. They share memory, since one runs at a time."""

    def __init__(self) -> None:
        self._recorded: dict[torch.Size, tuple[Any, torch.Tensor, torch.Tensor]] = {}
        self._pool: Any = None

    def record(self, run: Callable[[torch.Tensor], torch.Tensor], example: torch.Tensor) -> None:
        """Records `run` on inputs shaped like `example`, a tensor on the GPU. Raises what torch raises."""
        device = example.device
        inputs = example.clone()
        beside = torch.cuda.Stream(device)
        beside.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(beside):
            for _ in range(REHEARSALS):
                run(inputs)
        torch.cuda.current_stream(device).wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            outputs = run(inputs)
        self._pool = graph.pool()
        self._recorded[example.shape] = (graph, inputs, outputs)

    def replay(self, inputs: torch.Tensor) -> torch.Tensor | None:
        """The decode of `inputs`, a copy of its own; None for a shape that was not recorded."""
        recorded = self._recorded.get(inputs.shape)
        if recorded is None:
            return None
        graph, taken, given = recorded
        taken.copy_(inputs)
        graph.replay()
        return given.clone()
