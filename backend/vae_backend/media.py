"""Which answer a request gets, from its output type and its Accept header, before anything is decoded.

The form of an answer is more than its media type: `tensor/binary` carries three different tensors.
"""

from dataclasses import dataclass
from typing import Final, Literal

from vae_backend.errors import Refused
from vae_backend.query import DecodeRequest

Form = Literal["jpeg", "png", "mp4", "signed", "unit", "uint8"]

BODY_TYPES: Final = ("tensor/binary", "application/octet-stream")
PICTURE_TYPES: Final = ("image/png", "image/jpeg", "image/webp", *BODY_TYPES)
TENSOR_TYPES: Final = ("tensor/binary", "application/octet-stream")
# text/plain is what the protocol's own client asks for when it wants an mp4.
MP4_TYPES: Final = ("video/mp4", "text/plain", "application/octet-stream")
IMAGE_FORMS: Final[dict[str, Form]] = {"image/jpeg": "jpeg", "image/png": "png"}
ALIASES: Final = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}


@dataclass(frozen=True)
class Answer:
    """media_type: the Content-Type of the answer. form, the bytes in it: a picture (`jpeg`, `png`), an
    `mp4`, or a tensor in -1..1 (`signed`), in 0..1 (`unit`) or of `uint8` with channels last."""

    media_type: str
    form: Form


def check_body_type(content_type: str | None, allowed: tuple[str, ...] = BODY_TYPES) -> None:
    """Raises Refused (415) unless the body is of an allowed type; none at all counts as one."""
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type and media_type not in allowed:
        raise Refused("content-type-unsupported", f"Expected a body of type {' or '.join(allowed)}.")


def choose_answer(request: DecodeRequest, accept: str | None, *, video: bool) -> Answer:
    """The best answer that the client takes.

    accept: the Accept header; absent or `*/*` leaves the choice to output_type and image_format.
    Raises Refused: 400 for an mp4 of a picture, 406 where nothing on offer is acceptable.
    """
    offers = offers_for(request, video=video)
    ranges = ranges_of(accept)
    unwanted = {name for quality, name in ranges if quality <= 0}
    for quality, wanted in ranges:
        for offer in offers:
            if quality > 0 and offer.media_type not in unwanted and matches(wanted, offer.media_type):
                return offer
    types = ", ".join(offer.media_type for offer in offers)
    raise Refused(
        "not-acceptable",
        f"Expected an Accept header that allows one of {types} (output_type={request.output_type}).",
    )


def offers_for(request: DecodeRequest, *, video: bool) -> list[Answer]:
    """Every answer there is for a request, the preferred one first."""
    if request.output_type == "mp4":
        if not video:
            raise Refused(
                "output-type-unsupported", "Expected output_type pil or pt: mp4 needs a video model."
            )
        return [Answer(media_type, "mp4") for media_type in MP4_TYPES]
    if request.output_type == "pt":
        form: Form = "uint8" if request.partial_postprocess else "signed"
        return [Answer(media_type, form) for media_type in TENSOR_TYPES]
    tensors = [Answer(media_type, "unit") for media_type in TENSOR_TYPES]
    if video:
        return tensors
    images = [Answer(media_type, form) for media_type, form in IMAGE_FORMS.items()]
    if request.image_format == "png":
        images.reverse()
    return images + tensors


def ranges_of(accept: str | None) -> list[tuple[float, str]]:
    """(q, media range) of an Accept header, best first: by q, then exact before wildcard, then as listed."""
    ranges: list[tuple[float, str]] = []
    for item in (accept or "*/*").lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        quality = next((quality_of(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        if name:
            ranges.append((quality, ALIASES.get(name, name)))
    return sorted(ranges, key=lambda entry: (-entry[0], entry[1].count("*")))


def quality_of(text: str) -> float:
    """A q value; one that is no number counts as 1, since the type was named after all."""
    try:
        return float(text)
    except ValueError:
        return 1.0


def matches(wanted: str, media_type: str) -> bool:
    """Whether the range `wanted` covers `media_type`."""
    kind, _, subtype = wanted.partition("/")
    return wanted in ("*/*", media_type) or (subtype == "*" and kind == media_type.partition("/")[0])
