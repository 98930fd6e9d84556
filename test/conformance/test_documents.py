"""The Python of the documentation, as a reader runs it: with a gateway, a key and a latent of their own."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import diffusers
import pytest
import torch
from PIL import Image

from support.data import ROOT, SAMPLES, read_latent
from support.gateway import Gateway
from support.pipelines import TinyFlux, TinyStableDiffusionXL

FENCE = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def python_blocks() -> list[tuple[str, str]]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [(name_of(page, match), match[1]) for page in pages for match in FENCE.finditer(page.read_text())]


def name_of(page: Path, match: re.Match) -> str:
    return f"{page.relative_to(ROOT)}:{page.read_text()[: match.start()].count(chr(10)) + 1}"


BLOCKS = python_blocks()


@pytest.mark.parametrize("code", [code for _, code in BLOCKS], ids=[name for name, _ in BLOCKS])
def test_a_block_of_python_does_what_it_says(
    code: str, gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "samples").symlink_to(SAMPLES)
    monkeypatch.chdir(tmp_path)
    for name, small in PIPELINES.items():
        monkeypatch.setattr(getattr(diffusers, name), "from_pretrained", download(small))
    own = {
        "latent": latent(),
        "latents": [latent(), latent() / 2],
        "video_latent": torch.randn(1, 16, 3, 8, 8, generator=torch.Generator().manual_seed(1)).half(),
        "picture": Image.effect_noise((64, 48), 60).convert("RGB"),
    }
    exec(fill_in(code, gateway), own)
    if "image =" in code:
        assert isinstance(own["image"], Image.Image)
    if "images =" in code:
        assert [image.size for image in own["images"]] == [(192, 192)] * 2
    if "video =" in code:
        assert own["video"][4:8] == b"ftyp"
    if "encoded =" in code:
        assert own["encoded"].shape == (1, 4, 6, 8)


PIPELINES = {"StableDiffusionXLPipeline": TinyStableDiffusionXL, "FluxPipeline": TinyFlux}


def download(small: type) -> Callable[..., "Placed"]:
    """`from_pretrained` of a pipeline of many gigabytes, which gives a small one."""

    def from_pretrained(name: str, *, vae: None, torch_dtype: torch.dtype) -> Placed:
        assert "/" in name
        assert vae is None
        return Placed(small(), torch_dtype)

    return from_pretrained


class Placed:
    """A small pipeline, called as the large one."""

    def __init__(self, make: Callable[[str, int, int], torch.Tensor], dtype: torch.dtype) -> None:
        self._make, self._dtype = make, dtype

    def to(self, device: str) -> "Placed":
        assert device == "cuda"
        return self

    def enable_model_cpu_offload(self) -> None:
        pass

    def __call__(
        self, prompt: str, *, output_type: str, height: int = 64, width: int = 96
    ) -> SimpleNamespace:
        assert output_type == "latent"
        return SimpleNamespace(images=self._make(prompt, height, width).to(self._dtype))


def latent() -> torch.Tensor:
    """A corner of the sample for sdxl, as a pipeline gives it."""
    whole = read_latent(SAMPLES / "sdxl.chelsea.1x4x40x56.f16.bin", [1, 4, 40, 56])
    return whole[:, :, :24, :24].contiguous()


def fill_in(code: str, gateway: Gateway) -> str:
    """What stands for the reader's own, as CONTRIBUTING.md says it is written."""
    here = gateway.url.removeprefix("http://")
    return (
        code.replace("https://x:KEY@HOST", f"http://x:{gateway.key}@{here}")
        .replace("127.0.0.1:8787", here)
        .replace("https://HOST", gateway.url)
        .replace("KEY", gateway.key)
    )


def test_there_are_blocks_of_python() -> None:
    assert BLOCKS
