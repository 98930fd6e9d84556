"""How to decode within the memory there is: whole, in tiles, or not at all. Decided before it is tried."""

from dataclasses import dataclass
from math import floor

from vae_backend.limits import Size, what_fits

# Of the memory that is free, for what the estimate does not know: fragmentation, other streams.
USABLE = 0.9
# Sides of tiles in pixels, the fewest seams first.
TILES = (1024, 512, 256)
# The answer itself: three values a pixel, once in the tiles' pixels and once put together.
ANSWER_VALUES = 6


@dataclass(frozen=True)
class Budget:
    """free_bytes: on the device, None where nobody knows. bytes_per_pixel: of a whole decode at its peak.
    item_bytes: of one value in the decoder's dtype."""

    free_bytes: int | None
    bytes_per_pixel: float
    item_bytes: int
    can_tile: bool


@dataclass(frozen=True)
class Plan:
    """tile: side of the tiles, None for whole. fits: what would fit instead, where the request does not."""

    tile: int | None = None
    fits: str | None = None


def plan_decode(size: Size, budget: Budget, spatial: int, temporal: int) -> Plan:
    """Whole while the estimate allows it, else the largest tiles that fit; `fits` is set when none do."""
    if budget.free_bytes is None:
        return Plan()
    usable = budget.free_bytes * USABLE
    if size.pixels * budget.bytes_per_pixel <= usable:
        return Plan()
    frame = size.height * size.width
    answer = size.pixels * ANSWER_VALUES * budget.item_bytes
    if budget.can_tile:
        for side in TILES:
            tiled = size.batch * size.frames * side * side * budget.bytes_per_pixel
            if side * side < frame and answer + tiled <= usable:
                return Plan(tile=side)
    whole_pixels = floor(usable / budget.bytes_per_pixel)
    return Plan(fits=what_fits(size, max(whole_pixels, 1), spatial, temporal))


def batch_limit(size: Size, budget: Budget, capacity: int) -> int:
    """Pictures of this size that may be decoded together, at least those of one request."""
    if budget.free_bytes is None:
        return capacity
    per_picture = size.pixels / size.batch * budget.bytes_per_pixel
    return max(size.batch, min(capacity, floor(budget.free_bytes * USABLE / per_picture)))
