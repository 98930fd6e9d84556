"""Decodes before the first request, so that nobody waits for kernels to be chosen, compiled or recorded."""

from collections.abc import Sequence

import torch

from vae_backend.decoders.vae import VaeDecoder
from vae_backend.errors import StartupError
from vae_backend.families import Family
from vae_backend.memory import is_out_of_memory
from vae_backend.options import Shot
from vae_backend.scaling import UNSCALED
from vae_backend.serving.engine import Engine

# What the largest decode took, and a tenth for others that are not quite like it.
MARGIN = 1.1


def latent_shape(family: Family, shot: Shot, spatial: int, temporal: int, batch: int) -> tuple[int, ...]:
    """The latents of `batch` pictures or videos of a size, frames rounded up to what latents can hold."""
    height, width = max(shot.height // spatial, 1), max(shot.width // spatial, 1)
    assert family.latent_channels is not None
    if not family.video:
        return (batch, family.latent_channels, height, width)
    first = 0 if family.frames == "uniform" else 1
    frames = first + -(-(shot.frames - first) // temporal)
    return (batch, family.latent_channels, frames, height, width)


def warm_up(engine: Engine, shots: Sequence[Shot], *, compiled: bool, graphs: bool) -> None:
    """Decodes zeros of each size, one and as many as run together.

    On a GPU the estimate of memory gives way to what was really taken. Raises StartupError for what the
    machine cannot do.
    """
    decoder = engine.decoder
    assert isinstance(decoder, VaeDecoder)
    if graphs and decoder.device.type != "cuda":
        raise StartupError("--graphs needs a CUDA device")
    if (graphs or compiled) and not shots:
        raise StartupError("--compile and --graphs need --warmup sizes to be ready for")
    if compiled:
        decoder.compile()
    for shot in shots:
        for batch in sorted({1, engine.capacity}):
            shape = latent_shape(decoder.family, shot, decoder.spatial, decoder.temporal, batch)
            try:
                warm_for(decoder, shape, graphs=graphs)
            except Exception as error:
                if is_out_of_memory(error):
                    raise StartupError(
                        f"not enough memory for --warmup {shot} and --batch {batch}"
                    ) from error
                raise
    if compiled:
        compile_no_more()


def compile_no_more() -> None:
    """Has shapes that were not compiled run as they are: a request must not wait minutes for a compiler."""
    if hasattr(torch.compiler, "set_stance"):
        torch.compiler.set_stance("eager_on_recompile")


def warm_for(decoder: VaeDecoder, shape: tuple[int, ...], *, graphs: bool) -> None:
    """One shape; twice, because the first decode also takes what it needs only once."""
    for _ in range(2):
        before = settled_bytes(decoder.device)
        pixels = decoder.run(decoder.prepare(torch.zeros(shape), UNSCALED))
        taken = peak_bytes(decoder.device) - before
    if taken > 0:
        decoder.bytes_per_pixel = MARGIN * taken * 3 / pixels.numel()
    if graphs:
        decoder.record(shape)


def settled_bytes(device: torch.device) -> int:
    """Bytes allocated now, from where the next peak is measured; 0 on a CPU, where nobody counts."""
    if device.type != "cuda":
        return 0
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    return torch.cuda.memory_allocated(device)


def peak_bytes(device: torch.device) -> int:
    """The highest number of bytes since `settled_bytes`."""
    if device.type != "cuda":
        return 0
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device)
