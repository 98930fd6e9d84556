"""Time and memory of a decode and of the way to uint8, on the device alone."""

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import asdict
from time import perf_counter

import torch

from benchmarks.rows import Row
from vae_backend.decoders.vae import VaeDecoder
from vae_backend.device import choose_device, make_repeatable
from vae_backend.families import FAMILIES, Family
from vae_backend.memory import free, is_out_of_memory
from vae_backend.options import Shot
from vae_backend.outputs import present
from vae_backend.scaling import UNSCALED
from vae_backend.serving.warmup import latent_shape, peak_bytes, settled_bytes
from vae_backend.weights.architectures import architecture_of, vae_class
from vae_backend.weights.load import load_decoder, place
from vae_backend.weights.locate import weights_at

VIDEO_FRAMES = 17


def random_decoder(family: Family, device: torch.device, dtype: torch.dtype) -> VaeDecoder:
    """The family's true architecture with random weights, whose values change neither time nor memory."""
    name, config = architecture_of(family.name)
    torch.manual_seed(0)
    kind = vae_class(name)
    assert kind is not None
    vae = kind(**config).to(dtype)
    return VaeDecoder(place(vae, device), family, config, "random")


def bench_decode(options: argparse.Namespace) -> list[Row]:
    """Every combination that was asked for; told on stderr as it is measured."""
    device = choose_device(options.device)
    make_repeatable(options.threads, autotune=options.autotune)
    rows = []
    for model in options.models:
        family = FAMILIES[model]
        if options.weights:
            decoder = load_decoder(weights_at(options.weights), family, device, options.dtype)
        else:
            decoder = random_decoder(family, device, getattr(torch, options.dtype))
        if options.compile:
            decoder.compile()
        for shot, batch, tile in cases(options, family):
            row = bench_one(decoder, shot, batch, tile, options)
            print(json.dumps(asdict(row)), file=sys.stderr, flush=True)  # noqa: T201
            rows.append(row)
        del decoder
        free()
    return rows


def cases(options: argparse.Namespace, family: Family) -> Iterator[tuple[Shot, int, int | None]]:
    """(size, batch, tile) of each measurement; what fits into one tile is not measured in tiles."""
    frames = VIDEO_FRAMES if family.video else 1
    tilings = {"no": (None,), "yes": (options.tile,), "both": (None, options.tile)}[options.tiled]
    for size in options.sizes:
        for batch in options.batches:
            for tile in tilings:
                if tile is None or size > tile:
                    yield Shot(frames, size, size), batch, tile


def bench_one(
    decoder: VaeDecoder, shot: Shot, batch: int, tile: int | None, options: argparse.Namespace
) -> Row:
    """One row; a size that does not fit is a result too."""
    name = f"{shot.width}x{shot.height}" + (f"x{shot.frames}" if shot.frames > 1 else "")
    seconds = peak = None
    try:
        seconds, peak = measure(decoder, shot, batch, tile, options.repeats)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    if seconds is None:
        free()
    pixels = batch * shot.frames * shot.width * shot.height
    return Row(
        model=decoder.family.name,
        dtype=str(decoder.dtype).removeprefix("torch."),
        size=name,
        batch=batch,
        tile=tile,
        compiled=options.compile,
        seconds=seconds,
        memory_gb=round(peak / 1e9, 2) if peak else None,
        megapixels_per_s=round(pixels / 1e6 / seconds, 4) if seconds else None,
    )


def measure(decoder: VaeDecoder, shot: Shot, batch: int, tile: int | None, repeats: int) -> tuple[float, int]:
    """(median seconds of a batch, bytes at the peak) of decode and post-processing to uint8 on the device."""
    shape = latent_shape(decoder.family, shot, decoder.spatial, decoder.temporal, batch)
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(13))
    inputs = decoder.prepare(latents, UNSCALED)

    def once() -> float:
        began = perf_counter()
        with torch.inference_mode():
            present(decoder.run(inputs, tile), "uint8")
        if decoder.device.type == "cuda":
            torch.cuda.synchronize(decoder.device)
        return perf_counter() - began

    once()
    settled_bytes(decoder.device)
    seconds = [once() for _ in range(repeats)]
    return statistics.median(seconds), peak_bytes(decoder.device)
