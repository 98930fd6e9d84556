"""The two key styles of tiny VAE weights, brought to the one of diffusers.

The published files number the layers of an nn.Sequential. That of a decoder begins with the clamp that bounds
latents; diffusers keeps that clamp outside of its list, so every index is one less there.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeVar

from vae_backend.errors import StartupError

T = TypeVar("T")
SEQUENTIAL: Final = re.compile(r"(\d+)\.(.+)")
FIRST_LAYER: Final = "layers.0.weight"
# Layers that come before those of diffusers' list.
BEFORE: Final = {"decoder": 1, "encoder": 0}


def network_state(weights: Mapping[str, T], part: Literal["decoder", "encoder"]) -> dict[str, T]:
    """The entries of one part of `weights`, keyed as in diffusers' `DecoderTiny` (`layers.N...`).

    Takes `N...` and `layers.N...`, each with or without the part's name before it (an encoder's always with);
    the other part is left out. Raises StartupError for anything else, so that no weight is dropped unnoticed.
    """
    other = "encoder." if part == "decoder" else "decoder."
    ours = {
        key.removeprefix(f"{part}."): value
        for key, value in weights.items()
        if not key.startswith(other) and (part == "decoder" or key.startswith(f"{part}."))
    }
    if ours and all(key.startswith("layers.") for key in ours):
        return ours
    renamed = {}
    for key, value in ours.items():
        match = SEQUENTIAL.fullmatch(key)
        if match is None or int(match[1]) < BEFORE[part]:
            raise StartupError(f"the weights hold {key!r}, which no tiny VAE {part} has")
        renamed[f"layers.{int(match[1]) - BEFORE[part]}.{match[2]}"] = value
    if part == "decoder" and FIRST_LAYER not in renamed:
        raise StartupError("the weights hold no tiny VAE decoder (expected 1.weight or layers.0.weight)")
    return renamed
