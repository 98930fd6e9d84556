"""What one measurement of a decode says, and tables of them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement. seconds: median of a batch, None where memory did not suffice. memory_gb: at the peak,
    weights included; None on a CPU, where nobody counts. tile: side of tiles in pixels, None for whole."""

    model: str
    dtype: str
    size: str
    batch: int
    tile: int | None
    compiled: bool
    seconds: float | None
    memory_gb: float | None
    megapixels_per_s: float | None

    @property
    def picture_ms(self) -> float | None:
        """Milliseconds of one picture of the batch."""
        return self.seconds * 1e3 / self.batch if self.seconds else None


def decode_table(rows: Sequence[Row], about: str) -> str:
    """Markdown, one table for each model: size, batch, time, memory, and the same in tiles or compiled."""
    lines = [about, ""]
    for model in dict.fromkeys(row.model for row in rows):
        lines += [f"### {model}", ""]
        lines.append("| size | dtype | batch | tiles | compiled | time | per picture | memory | Mpx/s |")
        lines.append("|---|---|---|---|---|---|---|---|---|")
        lines += [line(row) for row in rows if row.model == model]
        lines.append("")
    return "\n".join(lines)


def line(row: Row) -> str:
    """One line of a table."""
    memory = f"{row.memory_gb:.2f} GB" if row.memory_gb else "-"
    if row.seconds is None:
        times = "out of memory | -"
    else:
        times = f"{row.seconds * 1e3:.1f} ms | {row.picture_ms:.1f} ms"
    tiles, compiled = row.tile or "no", "yes" if row.compiled else "no"
    what = f"| {row.size} | {row.dtype} | {row.batch} | {tiles} | {compiled} "
    return f"{what}| {times} | {memory} | {row.megapixels_per_s or '-'} |"
