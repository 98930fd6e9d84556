"""How each kind of VAE in diffusers is called: one adapter for each that differs from the others.

An adapter takes and gives what all have in common: latents `[N, C, h, w]` or `[N, C, T, h, w]` and pixels in
-1..1 with the same axes.
"""

import torch

from vae_backend.decoders.adapters.base import Adapter
from vae_backend.decoders.adapters.pictures import Flux2, OneFrame, Paella, Tiny
from vae_backend.decoders.adapters.videos import (
    AlwaysTiled,
    FrameByFrame,
    Lightricks,
    Lightricks2,
    TemporalDecoder,
)
from vae_backend.families import Family

ADAPTERS = {
    "AutoencoderTiny": Tiny,
    "AutoencoderKLTemporalDecoder": TemporalDecoder,
    "AutoencoderKLAllegro": AlwaysTiled,
    "AutoencoderKLLTXVideo": Lightricks,
    "AutoencoderKLLTX2Video": Lightricks2,
    "AutoencoderKLFlux2": Flux2,
    "PaellaVQModel": Paella,
}
# Classes that take a frame axis.
VIDEO_CLASSES = ("AutoencoderKLQwenImage", "AutoencoderKLWan", "AutoencoderKLHunyuanVideo")


def adapt(vae: torch.nn.Module, family: Family) -> Adapter:
    """The adapter for a VAE that serves `family`."""
    kind = type(vae).__name__
    if kind in ADAPTERS:
        return ADAPTERS[kind](vae)
    if family.video:
        each = kind == "AutoencoderKL" and family.frames == "uniform"
        return FrameByFrame(vae) if each else Adapter(vae)
    return OneFrame(vae) if kind in VIDEO_CLASSES else Adapter(vae)
