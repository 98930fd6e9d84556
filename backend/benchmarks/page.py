"""docs/gpu-benchmark.md: which decodes its tables hold, and writing them between its marks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from benchmarks.rows import Row, decode_table

PAGE: Final = Path(__file__).parents[2] / "docs" / "gpu-benchmark.md"
# (model, dtype, size): milliseconds of a picture at batch 1, on a GPU of the H200's class.
TARGETS: Final[dict[tuple[str, str, str], float]] = {
    ("sd-v1", "float16", "512x512"): 8,
    ("sd-v1", "float16", "1024x1024"): 30,
    ("sdxl", "bfloat16", "1024x1024"): 30,
}
GPU: Final = (
    *(
        line
        for dtype in ("float16", "bfloat16")
        for line in (
            f"--models sd-v1 --sizes 512 1024 2048 --batches 1 4 8 --tiled both --dtype {dtype}",
            f"--models sd-v1 --sizes 512 1024 --batches 1 4 --dtype {dtype} --compile",
        )
    ),
    "--models sdxl --sizes 512 1024 2048 --batches 1 4 --tiled both --dtype bfloat16",
    "--models sdxl --sizes 512 1024 --batches 1 4 --dtype bfloat16 --compile",
)
CPU: Final = (
    "--models sd-v1 --sizes 128 256 --batches 1 2 --tiled both --tile 128 --repeats 3",
    "--models sd-v1 sdxl --sizes 512 --tiled both --tile 256 --repeats 1",
)


def runs_for(device: torch.device) -> list[list[str]]:
    """The command lines of `decode` whose rows the page holds; a CPU's are small."""
    lines = [f"{line} --autotune" for line in GPU] if device.type == "cuda" else CPU
    return [["decode", "--device", str(device), *line.split()] for line in lines]


def write_page(page: Path, device: torch.device, about: str, rows: Sequence[Row]) -> None:
    """Puts the tables where the page has the marks of this kind of device; the rest of it stays."""
    kind = device.type
    begin, end = f"<!-- {kind}: written by bench.py page -->", f"<!-- /{kind} -->"
    before, _, rest = page.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{page} has no place for the tables of a {kind}: {begin} ... {end}")
    tables = decode_table(rows, about).rstrip()
    verdicts = targets_of(rows) if kind == "cuda" else []
    text = "\n\n".join([begin, tables, *(["\n".join(verdicts)] if verdicts else []), end])
    page.write_text(before + text + after)


def targets_of(rows: Sequence[Row]) -> list[str]:
    """For each target, the fastest whole decode of one picture and whether it reaches it."""
    lines = []
    for (model, dtype, size), target in TARGETS.items():
        times = [
            row.picture_ms
            for row in rows
            if (row.model, row.dtype, row.size, row.batch, row.tile) == (model, dtype, size, 1, None)
            and row.picture_ms is not None
        ]
        if times:
            verdict = "reached" if min(times) <= target else "missed"
            lines.append(f"- {model} {size} {dtype}: {min(times):.1f} ms, target {target:g} ms: {verdict}")
    return lines
