"""The command line of the benchmarks."""

import argparse
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from benchmarks.decode import bench_decode
from benchmarks.page import PAGE, runs_for, write_page
from benchmarks.rows import decode_table
from vae_backend.device import choose_device, make_ready
from vae_backend.families import FAMILIES
from vae_backend.weights.architectures import ARCHITECTURES


def add_decode(add: "argparse._ActionsContainer") -> None:
    """Options of `decode`."""
    add.add_argument("--models", nargs="+", default=["sd-v1"], choices=list(ARCHITECTURES))
    add.add_argument("--sizes", nargs="+", type=int, default=[512, 1024, 2048])
    add.add_argument("--batches", nargs="+", type=int, default=[1])
    add.add_argument("--tiled", choices=("no", "yes", "both"), default="no")
    add.add_argument("--tile", type=int, default=512, help="side of the tiles in pixels")
    add.add_argument("--dtype", default="float32", choices=("float32", "float16", "bfloat16"))
    add.add_argument("--repeats", type=int, default=5)
    add.add_argument("--compile", action="store_true")
    add.add_argument("--autotune", action="store_true")


def add_serve(add: "argparse._ActionsContainer") -> None:
    """Options of `serve`."""
    add.add_argument("--model", default="sd-v1", choices=list(FAMILIES))
    add.add_argument("--size", type=int, default=512)
    add.add_argument("--requests", type=int, default=64)
    add.add_argument("--rounds", type=int, default=1, help="of each, in turn; medians are reported")
    add.add_argument("--batch", type=int, default=4)
    add.add_argument("--encoders", type=int, default=2)
    add.add_argument("--image", choices=("jpeg", "png"), default="png")
    add.add_argument("--dtype", default="auto")
    add.add_argument("--plain", action="store_true", help="measure a plain server beside; tiny VAEs only")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Benchmarks of the decoder.")
    modes = parser.add_subparsers(dest="mode", required=True)
    decode = modes.add_parser("decode", help="time, memory and pixels a second of decodes")
    serve = modes.add_parser("serve", help="one client against many on one server")
    for mode, sub in (("decode", decode), ("serve", serve)):
        sub.add_argument("--weights", default=None, required=mode == "serve", help="as vae-backend --weights")
        sub.add_argument("--device", default="auto")
        sub.add_argument("--threads", type=int, default=None)
        sub.add_argument("--out", type=Path, default=None, help="folder for the results as JSON and Markdown")
    add_decode(decode)
    add_serve(serve)
    page = modes.add_parser("page", help="every table of docs/gpu-benchmark.md, on the GPU of this machine")
    page.add_argument("--device", default="auto")
    page.add_argument("--file", type=Path, default=PAGE)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the Markdown (decode) or JSON (serve); writes both with --out. Fills the page (page)."""
    options = parse(arguments)
    device = choose_device(options.device)
    make_ready(device)
    if options.mode == "page":
        runs = [parse(run) for run in runs_for(device)]
        rows = [row for run in runs for row in bench_decode(run)]
        write_page(options.file, device, describe(device), rows)
        return 0
    if options.mode == "decode":
        rows = bench_decode(options)
        about = describe(device)
        result: object = {"about": about, "rows": [asdict(row) for row in rows]}
        text = decode_table(rows, about)
    else:
        # The tests' server, and what it needs, only where it is used.
        from benchmarks.serve import bench_serve

        served = bench_serve(options)
        result = {"about": describe(device), "size": options.size, **served}
        text = json.dumps(result, indent=2)
    print(text)  # noqa: T201
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / f"{options.mode}.json").write_text(json.dumps(result, indent=2) + "\n")
        (options.out / f"{options.mode}.md").write_text(text + "\n")
    return 0


def describe(device: torch.device) -> str:
    """The machine in a line."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
    return f"{name or platform.machine()}, torch {torch.__version__}, {torch.get_num_threads()} CPU threads"


def cpu_name() -> str:
    """The processor as Linux names it, else as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())
