"""The command line as a checked, frozen value. Free of torch, so that mistakes are reported at once."""

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from vae_backend.errors import StartupError
from vae_backend.families import FAMILIES, Family, family_named

# One 4096x4096 picture; 129 frames of 1280x720 with room to spare.
MAX_MEGAPIXELS_PICTURE = 16.8
MAX_MEGAPIXELS_VIDEO = 160.0
DTYPES = ("auto", "float32", "float16", "bfloat16")


@dataclass(frozen=True)
class Options:
    """Everything an operator decides."""

    family: Family
    weights: Path
    host: str
    port: int
    device: str
    dtype: str
    queue: int
    max_megapixels: float
    threads: int | None
    jpeg_quality: int
    fps: int


class OneLineParser(argparse.ArgumentParser):
    """Raises instead of printing the usage above each mistake."""

    def error(self, message: str) -> NoReturn:
        raise StartupError(message)


def number(kind: type, lowest: float, highest: float) -> Callable[[str], float]:
    """A parser of numbers within bounds, for argparse."""

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not lowest <= value <= highest:
            raise argparse.ArgumentTypeError(
                f"expected a number from {lowest:g} to {highest:g}, got {text!r}"
            )
        return value

    return parse


def device_name(text: str) -> str:
    """The form of a device's name; whether it exists only torch can tell."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d{1,3})?", text):
        raise argparse.ArgumentTypeError(f"expected auto, cpu, cuda or cuda:N, got {text!r}")
    return text


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = OneLineParser(prog="vae-backend", description="Decodes VAE latents for remote_decode clients.")
    add = parser.add_argument
    add("--model", required=True, metavar="NAME", help=f"family of the latents: {', '.join(FAMILIES)}")
    add("--weights", required=True, type=Path, metavar="PATH", help="VAE folder or tiny decoder file")
    add("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    add("--port", default=8000, type=number(int, 0, 65535), help="0 picks a free one (default %(default)s)")
    add("--device", default="auto", type=device_name, help="auto, cpu, cuda or cuda:N (default %(default)s)")
    add("--dtype", default="auto", choices=DTYPES, help="of the weights on the device (default %(default)s)")
    add("--queue", default=8, type=number(int, 0, 10_000), help="waiting requests (default %(default)s)")
    add(
        "--max-megapixels",
        type=number(float, 0.01, 100_000),
        help="most pixels of one request, all frames together"
        f" (default {MAX_MEGAPIXELS_PICTURE:g}, videos {MAX_MEGAPIXELS_VIDEO:g})",
    )
    add("--threads", type=number(int, 1, 1024), help="CPU threads of a decode (default: torch's choice)")
    add("--jpeg-quality", default=90, type=number(int, 1, 95), help="(default %(default)s)")
    add("--fps", default=24, type=number(int, 1, 240), help="frames a second of an mp4 (default %(default)s)")
    return parser


def parse_options(arguments: Sequence[str]) -> Options:
    """Raises StartupError, its text one line, for anything that cannot be meant."""
    values = vars(make_parser().parse_args(arguments))
    family = family_named(values.pop("model"))
    if values["max_megapixels"] is None:
        values["max_megapixels"] = MAX_MEGAPIXELS_VIDEO if family.video else MAX_MEGAPIXELS_PICTURE
    return Options(family=family, **values)
