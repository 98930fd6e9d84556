"""Finding the weights an operator points at, before seconds are spent on importing what loads them.

Only local safetensors files: nothing is downloaded, and no pickle (which can run code) is opened.
"""

from pathlib import Path

from vae_backend.errors import StartupError


def weights_at(path: Path) -> Path:
    """The VAE folder or decoder file that `path` stands for. Raises StartupError if there is none."""
    if not path.exists():
        raise StartupError(f"no weights at {path} (a local folder or file; nothing is downloaded)")
    if path.is_file():
        if path.suffix != ".safetensors":
            raise StartupError(f"expected a .safetensors file, got {path}")
        return path
    for found in (path / "config.json", path / "decoder.safetensors"):
        if found.is_file():
            return path if found.name == "config.json" else found
    raise StartupError(f"no weights in {path} (expected config.json or decoder.safetensors there)")
