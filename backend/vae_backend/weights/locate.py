"""Finding the weights an operator points at, before seconds are spent on importing what loads them.

Only safetensors files: no pickle (which can run code) is opened. Nothing is downloaded but what is called
`hub:...`, so that a mistyped path never turns into a download.
"""

from dataclasses import dataclass
from pathlib import Path

from vae_backend.errors import StartupError
from vae_backend.weights.hub import HUB, fetch


@dataclass(frozen=True)
class Weights:
    """path: a VAE folder with config.json, or a file of a decoder or of a whole VAE. name: for people to
    read.
    """

    path: Path
    name: str


def weights_at(reference: str | Path) -> Weights:
    """The weights that `reference` stands for: a path, or `hub:owner/name[/folder][@revision]`.

    Raises StartupError if there are none.
    """
    if str(reference).startswith(HUB):
        folder = fetch(str(reference))
        return Weights(inside(folder), str(reference).removeprefix(HUB))
    path = Path(reference)
    if not path.exists():
        raise StartupError(f"no weights at {path} (a local folder or file; nothing is downloaded)")
    # `vae` tells nobody which.
    parts = path.resolve().parts[-2:] if path.name == "vae" else (path.resolve().name,)
    if path.is_file():
        if path.suffix != ".safetensors":
            raise StartupError(f"expected a .safetensors file, got {path}")
        return Weights(path, path.stem)
    return Weights(inside(path), "/".join(parts))


def inside(folder: Path) -> Path:
    """The folder itself where it is a VAE of diffusers, else the tiny decoder in it."""
    for found in (folder / "config.json", folder / "decoder.safetensors"):
        if found.is_file():
            return folder if found.name == "config.json" else found
    raise StartupError(f"no weights in {folder} (expected config.json or decoder.safetensors there)")
