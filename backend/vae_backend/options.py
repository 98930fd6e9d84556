"""The command line as a checked, frozen value. Free of torch, so that mistakes are reported at once."""

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from vae_backend.errors import StartupError
from vae_backend.families import FAMILIES, Family, family_named

# One 4096x4096 picture; 129 frames of 1280x720 with room to spare.
MAX_MEGAPIXELS_PICTURE = 16.8
MAX_MEGAPIXELS_VIDEO = 160.0
DTYPES = ("auto", "float32", "float16", "bfloat16")


@dataclass(frozen=True)
class Shot:
    """A size to be warmed up for, in pixels; a picture has one frame."""

    frames: int
    height: int
    width: int


@dataclass(frozen=True)
class Options:
    """Everything an operator decides."""

    family: Family
    weights: str
    host: str
    port: int
    device: str
    dtype: str
    queue: int
    max_megapixels: float
    threads: int | None
    jpeg_quality: int
    fps: int
    batch: int
    linger_ms: float
    encoders: int
    warmup: tuple[Shot, ...]
    compile: bool
    graphs: bool
    autotune: bool


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


def shots(text: str) -> tuple[Shot, ...]:
    """`512x512,9x512x320`: sizes as [frames x] width x height, for argparse."""
    parsed = []
    for item in text.split(","):
        match = re.fullmatch(r"(?:(\d{1,4})x)?(\d{1,5})x(\d{1,5})", item.strip())
        if match is None:
            raise argparse.ArgumentTypeError(f"expected sizes like 512x512,9x512x320, got {text!r}")
        parsed.append(Shot(int(match[1] or 1), int(match[3]), int(match[2])))
    return tuple(parsed)


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
    add("--weights", required=True, metavar="PATH", help="VAE folder, .safetensors file or hub:owner/name")
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
    add(
        "--batch", default=4, type=number(int, 1, 256), help="pictures decoded together (default %(default)s)"
    )
    add(
        "--linger-ms",
        default=3,
        type=number(float, 0, 1000),
        help="longest wait for a batch's company (default %(default)s)",
    )
    add(
        "--encoders",
        default=2,
        type=number(int, 1, 256),
        help="threads that write files (default %(default)s)",
    )
    add(
        "--warmup",
        default=(),
        type=shots,
        metavar="SIZES",
        help="sizes to decode once first: 512x512,9x512x320",
    )
    add("--compile", action="store_true", help="torch.compile; each --warmup size is compiled before serving")
    add("--graphs", action="store_true", help="CUDA graphs for the --warmup sizes")
    add(
        "--autotune",
        action="store_true",
        help="let cuDNN choose kernels by timing: faster, last bits may differ",
    )
    return parser


def parse_options(arguments: Sequence[str]) -> Options:
    """Raises StartupError, its text one line, for anything that cannot be meant."""
    values = vars(make_parser().parse_args(arguments))
    family = family_named(values.pop("model"))
    if values["max_megapixels"] is None:
        values["max_megapixels"] = MAX_MEGAPIXELS_VIDEO if family.video else MAX_MEGAPIXELS_PICTURE
    return Options(family=family, **values)
