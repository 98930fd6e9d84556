"""How much one request may ask for, decided from its shape before a byte of it is read."""

from dataclasses import dataclass
from math import sqrt

from vae_backend.errors import Refused
from vae_backend.families import Frames
from vae_backend.packing import Layout

# A latent in the widest dtype. The body limit follows from the pixel limit, so that no request that may
# be decoded is too long to be read.
WIDEST_ITEM_BYTES = 4


@dataclass(frozen=True)
class Size:
    """The size of an answer in pixels; an image has one frame."""

    batch: int
    frames: int
    height: int
    width: int

    @property
    def pixels(self) -> int:
        """Pixels of all frames of all pictures: what memory and time grow with."""
        return self.batch * self.frames * self.height * self.width


def output_size(layout: Layout, spatial: int, temporal: int, rule: Frames) -> Size:
    """The size that decoding gives: `spatial` pixels a position; frames by the family's rule."""
    causal = rule == "causal" or (rule == "parity" and layout.frames % 2 == 1) or rule == "still"
    frames = (layout.frames - 1) * temporal + 1 if causal else layout.frames * temporal
    return Size(layout.batch, frames, layout.height * spatial, layout.width * spatial)


def max_body_bytes(max_megapixels: float, channels: int, spatial: int) -> int:
    """Bytes of the largest latents that `max_megapixels` can come from."""
    return int(max_megapixels * 1e6 / spatial**2) * channels * WIDEST_ITEM_BYTES


def check_size(size: Size, max_megapixels: float, spatial: int, temporal: int) -> None:
    """Raises Refused (422) for more than `max_megapixels`, with what would fit instead."""
    budget = int(max_megapixels * 1e6)
    if size.pixels > budget:
        raise Refused(
            "decode-too-large",
            f"Expected at most {max_megapixels:g} megapixels a request, these latents decode to"
            f" {size.pixels / 1e6:.1f}. {what_fits(size, budget, spatial, temporal)} would fit.",
        )


def what_fits(size: Size, budget: int, spatial: int, temporal: int) -> str:
    """The largest part of the request that fits: fewer pictures, else fewer frames, else smaller ones."""
    frame = size.height * size.width
    if size.batch > 1 and (batch := budget // (frame * size.frames)):
        return f"A batch of {batch}"
    if size.frames > 1 and (frames := budget // frame):
        return f"{(frames - 1) // temporal * temporal + 1} frames of {size.width}x{size.height}"
    shrink = sqrt(budget / frame)
    width, height = (max(int(side * shrink) // spatial, 1) * spatial for side in (size.width, size.height))
    return f"{width}x{height}"
