"""Real photographs, their latents and the PSNR that a decode must reach, where they are present."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "samples"


def find_data() -> Path | None:
    """The folder named by VAE_GATEWAY_DATA, or ../shared/data beside the project."""
    folder = Path(os.environ.get("VAE_GATEWAY_DATA", ROOT.parent / "shared" / "data"))
    return folder if (folder / "latents" / "index.json").is_file() else None


DATA = find_data()


@dataclass(frozen=True)
class Photograph:
    """A latent in diffusion space, [1, C, h, w] or packed [1, n, 4C], and the picture it was made from."""

    name: str
    model: str
    latent: torch.Tensor
    packed: bool
    picture: np.ndarray
    psnr_db: float

    @property
    def size(self) -> dict[str, int]:
        """What remote_decode must be told of a packed latent."""
        height, width, _ = self.picture.shape
        return {"height": height, "width": width} if self.packed else {}


def photographs(models: tuple[str, ...]) -> list[Photograph]:
    if DATA is None:
        return []
    index = json.loads((DATA / "latents" / "index.json").read_text())
    return [load(entry) for entry in index if entry["model"] in models]


def load(entry: dict) -> Photograph:
    latent = read_latent(DATA / "latents" / entry["file"], entry["shape"])
    picture = cover(Image.open(DATA / entry["image"]).convert("RGB"), entry["width"], entry["height"])
    name = entry["file"].removesuffix(".f16.bin")
    packed = entry.get("packed", False)
    return Photograph(name, entry["model"], latent, packed, np.asarray(picture), entry["decodedPsnrDb"])


def cover(picture: Image.Image, width: int, height: int) -> Image.Image:
    """As the latents were made: scaled until it covers the size, then cropped around the centre."""
    scale = max(width / picture.width, height / picture.height)
    size = (round(picture.width * scale), round(picture.height * scale))
    scaled = picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return scaled.crop((left, top, left + width, top + height))


def read_latent(path: Path, shape: list[int]) -> torch.Tensor:
    return torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.float16).reshape(shape)


def psnr_db(picture: np.ndarray, reference: np.ndarray) -> float:
    """Both uint8 [H, W, 3]."""
    error = np.mean((picture.astype(np.float64) - reference.astype(np.float64)) ** 2)
    return float(10 * np.log10(255**2 / error))
