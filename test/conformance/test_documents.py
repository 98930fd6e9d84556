"""The Python of the documentation, as a reader runs it: with a gateway, a key and a latent of their own."""

import re
from pathlib import Path

import pytest
import torch
from PIL import Image

from support.data import ROOT, SAMPLES, read_latent
from support.gateway import Gateway

FENCE = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def python_blocks() -> list[tuple[str, str]]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [(name_of(page, match), match[1]) for page in pages for match in FENCE.finditer(page.read_text())]


def name_of(page: Path, match: re.Match) -> str:
    return f"{page.relative_to(ROOT)}:{page.read_text()[: match.start()].count(chr(10)) + 1}"


BLOCKS = python_blocks()


@pytest.mark.parametrize("code", [code for _, code in BLOCKS], ids=[name for name, _ in BLOCKS])
def test_a_block_of_python_does_what_it_says(
    code: str, gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = {"latent": latent(), "picture": Image.effect_noise((64, 48), 60).convert("RGB")}
    exec(fill_in(code, gateway), own)
    if "image =" in code:
        assert isinstance(own["image"], Image.Image)


def latent() -> torch.Tensor:
    """A corner of the sample for sdxl, as a pipeline gives it."""
    whole = read_latent(SAMPLES / "sdxl.chelsea.1x4x40x56.f16.bin", [1, 4, 40, 56])
    return whole[:, :, :24, :24].contiguous()


def fill_in(code: str, gateway: Gateway) -> str:
    """What stands for the reader's own, as CONTRIBUTING.md says it is written."""
    here = gateway.url.removeprefix("http://")
    return (
        code.replace("https://x:KEY@HOST", f"http://x:{gateway.key}@{here}")
        .replace("https://HOST", gateway.url)
        .replace("KEY", gateway.key)
    )


def test_there_are_blocks_of_python() -> None:
    assert BLOCKS
