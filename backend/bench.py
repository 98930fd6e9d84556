"""Time, memory and throughput of decodes: `python bench.py --help`.

    python bench.py decode --models sd-v1 sdxl --sizes 512 1024 --batches 1 4 --dtype float16 --tiled both
    python bench.py serve --model sd-v1 --weights weights/taesd --size 512 --requests 64

`decode` measures the network and the way to uint8 on the device: of real weights, else of random ones in the
true architecture, whose values change neither time nor memory. `serve` measures a running server: one client
that waits for each answer against many at once, and compares every picture.
"""

import argparse
import json
import platform
import statistics
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import requests
import torch

from vae_backend.decoders.vae import VaeDecoder
from vae_backend.device import choose_device, make_ready, make_repeatable
from vae_backend.families import FAMILIES, Family
from vae_backend.memory import free, is_out_of_memory
from vae_backend.options import Shot
from vae_backend.outputs import present
from vae_backend.scaling import UNSCALED
from vae_backend.serving.warmup import latent_shape, peak_bytes, settled_bytes
from vae_backend.weights.architectures import ARCHITECTURES, architecture_of, vae_class
from vae_backend.weights.load import load_decoder, place
from vae_backend.weights.locate import weights_at

TILE = 512
VIDEO_FRAMES = 17


@dataclass(frozen=True)
class Row:
    """One measurement. seconds: median of a batch, None where memory did not suffice. memory_gb: at the peak,
    weights included; None on a CPU, where nobody counts."""

    model: str
    size: str
    batch: int
    tiled: bool
    compiled: bool
    seconds: float | None
    memory_gb: float | None
    megapixels_per_s: float | None


def random_decoder(family: Family, device: torch.device, dtype: torch.dtype) -> VaeDecoder:
    """The family's true architecture with random weights."""
    name, config = architecture_of(family.name)
    torch.manual_seed(0)
    kind = vae_class(name)
    assert kind is not None
    vae = kind(**config).to(dtype)
    return VaeDecoder(place(vae, device), family, config, "random")


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


def bench_decode(options: argparse.Namespace) -> list[Row]:
    """Every combination that was asked for."""
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
        tilings = {"no": (None,), "yes": (TILE,), "both": (None, TILE)}[options.tiled]
        frames = VIDEO_FRAMES if family.video else 1
        for size in options.sizes:
            for batch in options.batches:
                for tile in tilings:
                    if tile and size <= tile:
                        continue
                    row = bench_one(decoder, Shot(frames, size, size), batch, tile, options)
                    print(json.dumps(asdict(row)), file=sys.stderr)  # noqa: T201
                    rows.append(row)
    return rows


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
        decoder.family.name,
        name,
        batch,
        tile is not None,
        options.compile,
        seconds,
        round(peak / 1e9, 2) if peak else None,
        round(pixels / 1e6 / seconds, 4) if seconds else None,
    )


def decode_table(rows: Sequence[Row], about: str) -> str:
    """Markdown, one table for each model: size, batch, time, memory, and the same in tiles."""
    lines = [about, ""]
    for model in dict.fromkeys(row.model for row in rows):
        lines += [f"### {model}", "", "| size | batch | tiled | time | per picture | memory | Mpx/s |"]
        lines.append("|---|---|---|---|---|---|---|")
        for row in (row for row in rows if row.model == model):
            memory = f"{row.memory_gb:.2f} GB" if row.memory_gb else "-"
            if row.seconds is None:
                times = "out of memory | -"
            else:
                times = f"{row.seconds * 1e3:.1f} ms | {row.seconds * 1e3 / row.batch:.1f} ms"
            tiled = "yes" if row.tiled else "no"
            rate = row.megapixels_per_s or "-"
            lines.append(f"| {row.size} | {row.batch} | {tiled} | {times} | {memory} | {rate} |")
        lines.append("")
    return "\n".join(lines)


def bench_serve(options: argparse.Namespace) -> dict[str, object]:
    """Requests a second of one client after the other against all at once, on one server."""
    from tests.support.server import PATIENCE_S, serving
    from vae_backend.exchange import Settings

    make_repeatable(options.threads)
    family = FAMILIES[options.model]
    decoder = load_decoder(weights_at(options.weights), family, choose_device(options.device), options.dtype)
    side = options.size // decoder.spatial
    shape = (options.requests, 1, family.latent_channels, side, side)
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(13)).half()
    query = {"shape": list(shape[1:]), "dtype": "float16", "do_scaling": "True", "output_type": "pil"}
    settings = Settings(
        queue_slots=options.requests, capacity=options.batch, encoders=options.encoders, linger_s=0.003
    )
    with serving(decoder, settings) as url:

        def call(number: int) -> tuple[bytes, int]:
            answer = requests.post(
                url,
                data=latents[number].numpy().tobytes(),
                params=query,
                headers={"content-type": "tensor/binary", "accept": f"image/{options.image}"},
                timeout=10 * PATIENCE_S,
            )
            answer.raise_for_status()
            return answer.content, int(answer.headers["x-batch-size"])

        call(0)
        began = perf_counter()
        alone = [call(number) for number in range(options.requests)]
        alone_s = perf_counter() - began
        with ThreadPoolExecutor(options.requests) as clients:
            began = perf_counter()
            together = list(clients.map(call, range(options.requests)))
            together_s = perf_counter() - began
    return {
        "requests": options.requests,
        "size": options.size,
        "one_at_a_time_per_s": round(options.requests / alone_s, 2),
        "concurrent_per_s": round(options.requests / together_s, 2),
        "gain": round(alone_s / together_s, 2),
        "largest_batch": max(batch for _, batch in together),
        "identical": sum(one == other for (one, _), (other, _) in zip(alone, together, strict=True)),
        "largest_difference": max(
            difference(one, other) for (one, _), (other, _) in zip(alone, together, strict=True)
        ),
    }


def difference(one: bytes, other: bytes) -> int:
    """Of two picture files, the largest of any value, 0..255."""
    import io

    import numpy as np
    from PIL import Image

    first, second = (np.asarray(Image.open(io.BytesIO(file))).astype(int) for file in (one, other))
    return int(np.abs(first - second).max())


def describe(device: torch.device) -> str:
    """The machine in a line."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    return f"{name or platform.machine()}, torch {torch.__version__}, {torch.get_num_threads()} CPU threads"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Benchmarks of the decoder.")
    modes = parser.add_subparsers(dest="mode", required=True)
    for mode in ("decode", "serve"):
        sub = modes.add_parser(mode)
        add = sub.add_argument
        add("--weights", default=None, help="as vae-backend --weights")
        add("--device", default="auto")
        add("--threads", type=int, default=None)
        add("--out", type=Path, default=None, help="folder for the results as JSON and Markdown")
        if mode == "decode":
            add("--models", nargs="+", default=["sd-v1"], choices=list(ARCHITECTURES))
            add("--sizes", nargs="+", type=int, default=[512, 1024, 2048])
            add("--batches", nargs="+", type=int, default=[1])
            add("--tiled", choices=("no", "yes", "both"), default="no")
            add("--dtype", default="float32", choices=("float32", "float16", "bfloat16"))
            add("--repeats", type=int, default=5)
            add("--compile", action="store_true")
            add("--autotune", action="store_true")
        else:
            add("--model", default="sd-v1", choices=list(FAMILIES))
            add("--size", type=int, default=512)
            add("--requests", type=int, default=64)
            add("--batch", type=int, default=4)
            add("--encoders", type=int, default=2)
            add("--image", choices=("jpeg", "png"), default="png")
            add("--dtype", default="auto")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the Markdown (decode) or JSON (serve); writes both with --out."""
    options = parse(arguments)
    make_ready(choose_device(options.device))
    about = describe(choose_device(options.device))
    if options.mode == "decode":
        rows = bench_decode(options)
        result: object = {"about": about, "dtype": options.dtype, "rows": [asdict(row) for row in rows]}
        text = decode_table(rows, f"{about}, {options.dtype}")
    else:
        result = {"about": about, **bench_serve(options)}
        text = json.dumps(result, indent=2)
    print(text)  # noqa: T201
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / f"{options.mode}.json").write_text(json.dumps(result, indent=2) + "\n")
        (options.out / f"{options.mode}.md").write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
