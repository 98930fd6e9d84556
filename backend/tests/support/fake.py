"""A decoder without a network, whose timing and failures a test controls."""

import threading

import torch

from tests.support.server import PATIENCE_S
from vae_backend.families import FAMILIES
from vae_backend.scaling import Scaling


class FakeDecoder:
    """Answers mid-grey. A closed `gate` holds decodes; `failures` are raised one a decode, oldest first."""

    kind = "FakeDecoder"
    device = torch.device("cpu")
    dtype = torch.float32
    spatial = 8

    def __init__(self, model: str = "sd-v1") -> None:
        self.family = FAMILIES[model]
        self.temporal = 4 if self.family.video else 1
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.failures: list[Exception] = []
        self.seen: list[tuple[torch.Tensor, Scaling]] = []

    def decode(self, latents: torch.Tensor, scaling: Scaling) -> torch.Tensor:
        """See `Decoder.decode`."""
        self.seen.append((latents.clone(), scaling))
        self.entered.release()
        assert self.gate.wait(PATIENCE_S)
        if self.failures:
            raise self.failures.pop(0)
        batch, _, *frames, height, width = latents.shape
        grown = [(count - 1) * self.temporal + 1 for count in frames]
        return torch.zeros(batch, 3, *grown, height * self.spatial, width * self.spatial)

    def until_entered(self) -> None:
        """Returns once one more decode has begun."""
        assert self.entered.acquire(timeout=PATIENCE_S)
