"""Real weights, latents and photographs, where this checkout has them next to it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("VAE_GATEWAY_DATA") or REPOSITORY / ".." / "shared" / "data").resolve()
INDEX = DATA / "latents" / "index.json"

needs_data = pytest.mark.skipif(
    not INDEX.is_file(),
    reason=f"real weights and latents skipped: no latents/index.json in {DATA} (set VAE_GATEWAY_DATA)",
)


@dataclass(frozen=True)
class Sample:
    """One real latent with the photograph it was made from."""

    model: str
    file: str
    image: str
    width: int
    height: int
    shape: tuple[int, ...]
    dtype: str
    psnr_db: float

    @property
    def body(self) -> bytes:
        """The latent's raw bytes."""
        return (DATA / "latents" / self.file).read_bytes()

    @property
    def query(self) -> dict[str, object]:
        """Query parameters that every request for it needs."""
        return {"shape": self.shape, "dtype": self.dtype, "height": self.height, "width": self.width}

    def photograph(self) -> np.ndarray:
        """`[H, W, 3]` uint8: the photograph scaled to cover the size and cropped around its centre."""
        photo = Image.open(DATA / self.image).convert("RGB")
        scale = max(self.width / photo.width, self.height / photo.height)
        covering = (round(photo.width * scale), round(photo.height * scale))
        if covering != photo.size:
            photo = photo.resize(covering, Image.Resampling.LANCZOS)
        left, top = (covering[0] - self.width) // 2, (covering[1] - self.height) // 2
        return np.asarray(photo.crop((left, top, left + self.width, top + self.height)))


def samples() -> list[Sample]:
    """Every latent of the index; none where there is no data."""
    if not INDEX.is_file():
        return []
    return [
        Sample(
            model=entry["model"],
            file=entry["file"],
            image=entry["image"],
            width=entry["width"],
            height=entry["height"],
            shape=tuple(entry["shape"]),
            dtype=entry["dtype"],
            psnr_db=entry["decodedPsnrDb"],
        )
        for entry in json.loads(INDEX.read_text())
    ]


def psnr_db(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures."""
    error = np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2)
    return float(10 * np.log10(255**2 / error))
