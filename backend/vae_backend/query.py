"""The query string of a decode request, parsed once into a frozen value.

Lenient where clients differ (repeated or listed `shape`, `True` in any case, parameters nobody here
knows), strict where a guess would cost a decode (numbers, dtype, output type).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Final, Literal, TypeVar

from vae_backend.errors import Refused
from vae_backend.scaling import UNSCALED, Scaling
from vae_backend.tensors import LATENT_DTYPES

T = TypeVar("T")
OutputType = Literal["pil", "pt", "mp4"]
ImageFormat = Literal["jpg", "png"]

IMAGE_FORMATS: Final[dict[str, ImageFormat]] = {"jpg": "jpg", "jpeg": "jpg", "png": "png"}
MAX_DIGITS: Final = 9


@dataclass(frozen=True)
class DecodeRequest:
    """What the client wants. Height and width are pixels, and None unless both were given."""

    shape: tuple[int, ...]
    dtype: str
    output_type: OutputType = "pil"
    image_format: ImageFormat = "jpg"
    partial_postprocess: bool = False
    scaling: Scaling = UNSCALED
    height: int | None = None
    width: int | None = None


def parse_query(pairs: Iterable[tuple[str, str]]) -> DecodeRequest:
    """Parses decoded query pairs in their order of arrival. Raises Refused (400) for what cannot be meant."""
    values = collect(pairs)
    height, width = parse_size(values, "height"), parse_size(values, "width")
    both = height is not None and width is not None
    return DecodeRequest(
        shape=parse_shape(values.get("shape", [])),
        dtype=parse_dtype(single(values, "dtype")),
        output_type=parse_choice(values, "output_type", {"pil": "pil", "pt": "pt", "mp4": "mp4"}, "pil"),
        image_format=parse_choice(values, "image_format", IMAGE_FORMATS, "jpg"),
        partial_postprocess=parse_flag(values, "partial_postprocess"),
        scaling=parse_scaling(values),
        height=height if both else None,
        width=width if both else None,
    )


def collect(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The values of each key, those that were given."""
    values: dict[str, list[str]] = {}
    for key, value in pairs:
        # Clients that format None themselves mean "not given", as requests does by dropping it.
        if value not in ("", "None"):
            values.setdefault(key, []).append(value)
    return values


def parse_shape(values: list[str]) -> tuple[int, ...]:
    """`shape=1&shape=4&...`, `shape=[1,4,64,64]` or `shape=1,4,64,64`."""
    if not values:
        raise Refused(
            "shape-missing",
            "Expected the latents' shape in the query, for example shape=1&shape=4&shape=64&shape=64.",
        )
    parts = [part.strip() for value in values for part in value.strip("[]() ").split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) <= MAX_DIGITS for part in parts):
        raise Refused("shape-invalid", "Expected shape to be whole numbers, for example shape=1&shape=4.")
    shape = tuple(int(part) for part in parts)
    if 0 in shape:
        raise Refused("shape-invalid", "Expected every dimension of shape to be at least 1.")
    return shape


def parse_dtype(value: str | None) -> str:
    """A dtype of latents; `torch.float16` is taken for `float16`."""
    known = ", ".join(LATENT_DTYPES)
    if value is None:
        raise Refused("dtype-missing", f"Expected the latents' dtype in the query, one of {known}.")
    name = value.removeprefix("torch.")
    if name not in LATENT_DTYPES:
        raise Refused("dtype-unsupported", f"Expected dtype to be one of {known}.")
    return name


def parse_scaling(values: dict[str, list[str]]) -> Scaling:
    """scaling_factor decides where it is given; without it only `do_scaling=True` scales at all."""
    factor, shift = parse_number(values, "scaling_factor"), parse_number(values, "shift_factor")
    if factor == 0:
        raise Refused("query-invalid", "Expected scaling_factor to differ from 0.")
    if factor is not None:
        return Scaling(factor=factor, shift=shift or 0.0)
    return Scaling(model=parse_flag(values, "do_scaling"))


def parse_choice(values: dict[str, list[str]], key: str, known: dict[str, T], default: T) -> T:
    """One of the keys of `known`, in any case."""
    value = single(values, key)
    if value is None:
        return default
    if value.lower() not in known:
        raise Refused("query-invalid", f"Expected {key} to be one of {', '.join(known)}.")
    return known[value.lower()]


def parse_flag(values: dict[str, list[str]], key: str) -> bool:
    """`True` or `False` in any case; absent is False."""
    return parse_choice(values, key, {"true": True, "false": False}, False)


def parse_number(values: dict[str, list[str]], key: str) -> float | None:
    """A finite number as Python prints it (`0.18215`, `1e-05`)."""
    value = single(values, key)
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise Refused("query-invalid", f"Expected {key} to be a finite number.")
    return number


def parse_size(values: dict[str, list[str]], key: str) -> int | None:
    """A number of pixels, else None: only packed latents need it, and the others may carry nonsense here."""
    value = values.get(key, [""])[-1]
    plausible = value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS
    return int(value) or None if plausible else None


def single(values: dict[str, list[str]], key: str) -> str | None:
    """The one value of `key`; repeating it with another value is a contradiction, not a choice."""
    given = values.get(key)
    if given is None:
        return None
    if len(set(given)) > 1:
        raise Refused("query-invalid", f"Expected {key} once, it was given with different values.")
    return given[0]
