"""The custom handler, made and called as the toolkit does it."""

import base64
import importlib.util
import io
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from tests.support.vaes import random_tiny, save_hunyuan, save_kl, save_tiny

HANDLER = Path(__file__).parents[1] / "huggingface" / "handler.py"
LATENTS = torch.randn(1, 4, 8, 6, generator=torch.Generator().manual_seed(3)).half()


def make(monkeypatch, folder, **environment):
    """As the toolkit does: the file is loaded by its path and given the repository's folder."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("handler", HANDLER)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "handler", module)
    spec.loader.exec_module(module)
    return module.EndpointHandler(str(folder))


@pytest.fixture(scope="module")
def handler(tmp_path_factory):
    folder = save_tiny(tmp_path_factory.mktemp("weights"))
    with pytest.MonkeyPatch.context() as patch:
        return make(patch, folder, VAE_MODEL="sd-v1", VAE_DEVICE="cpu", VAE_WARMUP="64x48")


def expected():
    with torch.inference_mode():
        return random_tiny().decode(LATENTS.float()).sample


def test_a_tensor_with_query_parameters_becomes_a_tensor(handler):
    # Whole numbers and booleans arrive converted, decimals as text, and the shape as the tensor's own.
    parameters = {"output_type": "pt", "partial_postprocess": False, "scaling_factor": "0.18215"}
    answer = handler({"inputs": LATENTS, "parameters": {**parameters, "shape": [1, 4, 8, 6]}})
    assert torch.allclose(answer, expected(), atol=1e-5)
    shown = handler({"inputs": LATENTS, "parameters": {**parameters, "partial_postprocess": True}})
    assert (shown.dtype, shown.shape) == (torch.uint8, (1, 64, 48, 3))


def test_the_json_pilot_gets_a_scaled_picture(handler):
    body = base64.b64encode(LATENTS.numpy().tobytes()).decode()
    answer = handler({"inputs": body, "parameters": {"shape": [1, 4, 8, 6], "dtype": "float16"}})
    assert isinstance(answer, Image.Image)
    pixels = ((expected()[0] * 0.5 + 0.5).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    assert np.abs(np.asarray(answer).astype(int) - pixels).max() <= 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"inputs": LATENTS[:, :3], "parameters": {"output_type": "pt"}}, "latent-shape-mismatch"),
        ({"inputs": LATENTS, "parameters": {"output_type": "mp4"}}, "output-type-unsupported"),
        ({"inputs": "AAAA", "parameters": {"shape": [1, 4, 8, 6], "dtype": "float16"}}, "body-length"),
        ({"inputs": "??", "parameters": {"shape": [1, 4, 8, 6], "dtype": "float16"}}, "body-length"),
        ({"inputs": torch.zeros(1, 4, 600, 600), "parameters": {"output_type": "pt"}}, "decode-too-large"),
    ],
)
def test_what_is_refused_is_a_sentence_with_its_code(handler, data, says):
    with pytest.raises(ValueError, match=says):
        handler(data)


def test_a_picture_is_encoded(monkeypatch, tmp_path):
    handler = make(monkeypatch, save_kl(tmp_path), VAE_MODEL="sd-v1", VAE_DEVICE="cpu")
    latents = handler({"inputs": Image.new("RGBA", (53, 39)), "parameters": {"scaling_factor": "0.18215"}})
    assert latents.shape == (1, 4, 4, 6)


def test_a_video_becomes_an_mp4(monkeypatch, tmp_path):
    folder = save_hunyuan(tmp_path)
    handler = make(monkeypatch, folder, VAE_MODEL="hunyuan-video", VAE_DEVICE="cpu", VAE_FPS="16")
    latents = torch.zeros(1, 16, 3, 4, 6)
    body = handler({"inputs": latents, "parameters": {"output_type": "mp4", "do_scaling": True}})
    with av.open(io.BytesIO(body)) as container:
        assert len(list(container.decode(video=0))) == 9
        assert container.streams.video[0].average_rate == 16
