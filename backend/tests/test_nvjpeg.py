"""Who writes JPEG files: the GPU where it can, else the CPU."""

import io

import numpy as np
import pytest
import requests
import torch
from PIL import Image, features

from tests.support.fake import FakeDecoder
from tests.support.server import PATIENCE_S, serving
from tests.support.vaes import CPU
from vae_backend.exchange import Settings
from vae_backend.nvjpeg import GpuJpeg, gpu_jpeg
from vae_backend.outputs import Encoding, encode
from vae_backend.serving.engine import Engine

GPU = torch.device("cuda")


def encode_jpeg(pixels, quality):
    """As torchvision's: `[3, H, W]` to bytes in a tensor."""
    file = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy()).save(file, format="JPEG", quality=quality)
    return torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8)


def chosen(monkeypatch, load, stream=None):
    """`gpu_jpeg` on a machine whose GPU is its CPU."""
    zeros = torch.zeros
    monkeypatch.setattr(torch, "zeros", lambda *shape, **kind: zeros(*shape, dtype=kind["dtype"]))
    return gpu_jpeg(GPU, load, lambda _: stream)


def test_a_gpu_with_torchvision_writes_its_own_files(monkeypatch):
    encoder = chosen(monkeypatch, lambda: encode_jpeg)
    picture = torch.full((8, 24, 3), 200, dtype=torch.uint8)
    shown = np.asarray(Image.open(io.BytesIO(encoder(picture, 90))))
    assert shown.shape == (8, 24, 3)
    assert np.abs(shown.astype(int) - 200).max() <= 1


def absent():
    raise ImportError


def for_another_torch():
    raise RuntimeError("operator torchvision::nms does not exist")


def broken(*_, **__):
    raise RuntimeError("nvjpegCreateSimple failed")


@pytest.mark.parametrize(
    "load", [absent, for_another_torch, lambda: broken, lambda: lambda *_, **__: torch.ones(4)]
)
def test_without_a_working_encoder_the_cpu_writes_them(load, monkeypatch):
    assert chosen(monkeypatch, load) is None


def test_without_a_gpu_nobody_looks_for_its_encoder():
    def load():
        raise AssertionError

    assert gpu_jpeg(CPU, load) is None


def test_a_file_that_the_gpu_fails_at_is_written_by_the_cpu():
    picture = torch.full((1, 8, 24, 3), 200, dtype=torch.uint8)
    encoded = encode(picture, "jpeg", Encoding(gpu_jpeg=GpuJpeg(broken, None)))
    assert Image.open(io.BytesIO(encoded.body)).size == (24, 8)


@pytest.mark.parametrize(("accept", "stays"), [("image/jpeg", True), ("image/png", False)])
def test_only_pixels_of_jpeg_files_stay_on_the_device(accept, stays, monkeypatch):
    decoder = FakeDecoder()
    engine = Engine(decoder, jpeg_stays=True)
    kept = []
    stay = engine._link.stay
    monkeypatch.setattr(engine._link, "stay", lambda tensor: kept.append(tensor) or stay(tensor))
    settings = Settings(encoding=Encoding(gpu_jpeg=GpuJpeg(encode_jpeg, None)))
    with serving(decoder, settings, engine) as url:
        answer = requests.post(
            url,
            data=bytes(512),
            params={"shape": [1, 4, 8, 8], "dtype": "float16", "output_type": "pil"},
            headers={"content-type": "tensor/binary", "accept": accept},
            timeout=PATIENCE_S,
        )
    assert answer.headers["content-type"] == accept
    assert Image.open(io.BytesIO(answer.content)).size == (64, 64)
    assert bool(kept) is stays


def test_pillow_writes_jpeg_with_libjpeg_turbo():
    assert features.check_feature("libjpeg_turbo")
