"""The two key styles of tiny VAE weights, brought to the one of diffusers.

The published files number the layers of an nn.Sequential whose first entry is the clamp that bounds
latents; diffusers keeps that clamp outside of its list, so every index is one less there.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from vae_backend.errors import StartupError

T = TypeVar("T")
SEQUENTIAL: Final = re.compile(r"(\d+)\.(.+)")
FIRST_LAYER: Final = "layers.0.weight"


def decoder_state(weights: Mapping[str, T]) -> dict[str, T]:
    """The decoder's entries of `weights`, keyed as in diffusers' `DecoderTiny` (`layers.N...`).

    Takes `N...` and `layers.N...`, each with or without `decoder.` before it; an encoder in the same file
    is left out. Raises StartupError for anything else, so that no weight is dropped unnoticed.
    """
    ours = {
        key.removeprefix("decoder."): value
        for key, value in weights.items()
        if not key.startswith("encoder.")
    }
    if ours and all(key.startswith("layers.") for key in ours):
        return ours
    renamed = {}
    for key, value in ours.items():
        match = SEQUENTIAL.fullmatch(key)
        if match is None or match[1] == "0":
            raise StartupError(f"the weights hold {key!r}, which no tiny VAE decoder has")
        renamed[f"layers.{int(match[1]) - 1}.{match[2]}"] = value
    if FIRST_LAYER not in renamed:
        raise StartupError("the weights hold no tiny VAE decoder (expected 1.weight or layers.0.weight)")
    return renamed
