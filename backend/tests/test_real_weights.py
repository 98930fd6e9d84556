"""Real latents through the real server: the pictures must be as good as the weights can make them."""

import io
import json
from contextlib import ExitStack

import numpy as np
import pytest
import requests
import torch
from PIL import Image

from tests.support.data import DATA, Sample, needs_data, psnr_db, samples
from tests.support.server import PATIENCE_S, serving
from tests.support.vaes import CPU
from vae_backend.families import FAMILIES
from vae_backend.weights.load import load_decoder
from vae_backend.weights.locate import weights_at

pytestmark = needs_data
SAMPLES = samples()
# Decoding each latent again for each form of answer would take minutes on a CPU, so a network runs once for
# the same input. Parsing, scaling, unpacking and encoding still run every time.


class Remembering(torch.nn.Module):
    """A network that recalls what it answered to the very same input."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network
        self.answers: dict[bytes, torch.Tensor] = {}

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        key = str(latents.shape).encode() + latents.contiguous().numpy().tobytes()
        if key not in self.answers:
            self.answers[key] = self.network(latents)
        return self.answers[key]


@pytest.fixture(scope="module")
def urls():
    """Model name to URL, one server each."""
    with ExitStack() as servers:
        urls = {}
        for model in {sample.model for sample in SAMPLES}:
            decoder = load_decoder(weights_at(DATA / "vae" / model), FAMILIES[model], CPU, "auto")
            decoder.adapter.vae.decoder = Remembering(decoder.adapter.vae.decoder)
            urls[model] = servers.enter_context(serving(decoder))
        yield urls


def answer(url: str, sample: Sample, accept: str, body: bytes | None = None, **query) -> requests.Response:
    response = requests.post(
        url,
        data=sample.body if body is None else body,
        params=sample.query | query,
        headers={"content-type": "tensor/binary", "accept": accept},
        timeout=PATIENCE_S,
    )
    assert response.status_code == 200, response.text
    return response


def own_factors(model: str) -> dict[str, float]:
    """What clients send for a model: its scaling factor, and its shift where it has one."""
    family = FAMILIES[model]
    shift = {"shift_factor": family.shift_factor} if family.shift_factor else {}
    return {"scaling_factor": family.scaling_factor, **shift}


def picture(response: requests.Response) -> np.ndarray:
    """Any answer as `[H, W, 3]` uint8, read the way a client would."""
    if response.headers["content-type"].startswith("image/"):
        return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB"))
    shape = json.loads(response.headers["shape"])
    values = np.frombuffer(response.content, response.headers["dtype"]).reshape(shape)[0]
    if values.dtype == np.uint8:
        return values
    return ((values * 0.5 + 0.5).clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_every_form_of_answer_is_as_close_to_the_photograph_as_the_weights_allow(urls, sample):
    url, factors, photograph = urls[sample.model], own_factors(sample.model), sample.photograph()
    forms = {
        "png": (0.3, "image/png", {"output_type": "pil", "image_format": "png"}),
        "jpg": (1.5, "image/jpeg", {"output_type": "pil", "image_format": "jpg"}),
        "pt": (0.3, "tensor/binary", {"output_type": "pt"}),
        "pt-uint8": (0.3, "tensor/binary", {"output_type": "pt", "partial_postprocess": "True"}),
        "own-scaling": (0.3, "image/png", {"output_type": "pil", "do_scaling": "True"}),
    }
    for name, (tolerance_db, accept, query) in forms.items():
        scaling = {} if "do_scaling" in query else factors
        shown = picture(answer(url, sample, accept, **query, **scaling))
        assert psnr_db(shown, photograph) == pytest.approx(sample.psnr_db, abs=tolerance_db), name


@pytest.mark.parametrize(
    "sample",
    [sample for sample in SAMPLES if "chelsea" in sample.file],
    ids=lambda sample: sample.file,
)
def test_latents_the_client_already_unscaled_give_the_same_picture(urls, sample):
    family = FAMILIES[sample.model]
    scaled = np.frombuffer(sample.body, np.float16).astype(np.float32)
    raw = scaled / np.float32(family.scaling_factor) + np.float32(family.shift_factor)
    query = {"output_type": "pil", "image_format": "png", "dtype": "float32", "do_scaling": "False"}
    shown = picture(answer(urls[sample.model], sample, "image/png", raw.astype("<f4").tobytes(), **query))
    expected = picture(answer(urls[sample.model], sample, "image/png", do_scaling="True"))
    assert np.abs(shown.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("model", ["sd-v1", "flux"])
def test_bfloat16_on_a_cpu_shows_what_float32_shows(urls, model):
    sample = next(sample for sample in SAMPLES if sample.file.startswith(f"{model}.chelsea"))
    query = {"output_type": "pil", "image_format": "png", "do_scaling": "True"}
    exact = picture(answer(urls[model], sample, "image/png", **query))
    decoder = load_decoder(weights_at(DATA / "vae" / model), FAMILIES[model], CPU, "bfloat16")
    with serving(decoder) as url:
        shown = picture(answer(url, sample, "image/png", **query))
    assert not np.array_equal(shown, exact)
    assert psnr_db(shown, exact) > 48


def test_raw_latents_scaled_once_more_do_not_pass_for_a_good_picture(urls):
    sample = next(sample for sample in SAMPLES if sample.file.startswith("sd-v1.chelsea"))
    raw = (np.frombuffer(sample.body, np.float16).astype(np.float32) / 0.18215).astype("<f4").tobytes()
    shown = picture(answer(urls["sd-v1"], sample, "image/png", raw, dtype="float32", do_scaling="True"))
    assert psnr_db(shown, sample.photograph()) < sample.psnr_db - 6
