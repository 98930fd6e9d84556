"""A decoder without a network, whose timing and failures a test controls."""

import threading

import torch

from tests.support.server import PATIENCE_S
from vae_backend.families import FAMILIES
from vae_backend.scaling import Scaling


class FakeDecoder:
    """Answers mid-grey, or the grey of each latent's first value. A closed `gate` holds decodes; `failures`
    are raised one a decode, oldest first.
    """

    kind = "FakeDecoder"
    weights = "fake@sha256:0000000000000000"
    bytes_per_pixel = 100.0
    can_encode = False
    can_tile = True
    device = torch.device("cpu")
    dtype = torch.float32
    spatial = 8

    def __init__(self, model: str = "sd-v1", *, grey: bool = True) -> None:
        self.family = FAMILIES[model]
        self.temporal = 4 if self.family.video else 1
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.failures: list[Exception | None] = []
        self.seen: list[tuple[torch.Tensor, Scaling]] = []
        self.batches: list[int] = []
        self.tiles: list[int | None] = []
        self.grey = grey

    def prepare(self, latents: torch.Tensor, scaling: Scaling) -> torch.Tensor:
        """See `Decoder.prepare`."""
        self.seen.append((latents.clone(), scaling))
        return latents

    def run(self, inputs: torch.Tensor, tile: int | None = None) -> torch.Tensor:
        """See `Decoder.run`. Grey as the first value of each latent, so that callers can be told apart."""
        self.batches.append(len(inputs))
        self.tiles.append(tile)
        self.entered.release()
        assert self.gate.wait(PATIENCE_S)
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        batch, _, *frames, height, width = inputs.shape
        grown = [(count - 1) * self.temporal + 1 for count in frames]
        size = (batch, 3, *grown, height * self.spatial, width * self.spatial)
        return (
            torch.zeros(size)
            if self.grey
            else inputs.flatten(1)[:, :1].float().view((batch,) + (1,) * (len(size) - 1)).expand(size)
        )

    def encode(self, pixels: torch.Tensor, scaling: Scaling) -> torch.Tensor:
        """A fake has nothing to encode with."""
        raise NotImplementedError

    def until_entered(self) -> None:
        """Returns once one more decode has begun."""
        assert self.entered.acquire(timeout=PATIENCE_S)
