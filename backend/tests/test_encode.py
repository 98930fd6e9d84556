"""Encode on the same URL, by diffusers' own client and by hand."""

import io

import numpy as np
import pytest
import requests
import torch
from diffusers.utils.remote_utils import remote_decode, remote_encode
from PIL import Image

from tests.support.data import DATA, needs_data, psnr_db, samples
from tests.support.fake import FakeDecoder
from tests.support.server import PATIENCE_S, serving
from tests.support.vaes import CPU, save_kl, save_tiny
from vae_backend.encoding import parse_encode
from vae_backend.exchange import Settings
from vae_backend.families import FAMILIES
from vae_backend.weights.load import load_decoder
from vae_backend.weights.locate import weights_at

PIXELS = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(3)) * 2 - 1


@pytest.fixture(scope="module")
def kl(tmp_path_factory):
    folder = save_kl(tmp_path_factory.mktemp("kl"), scaling_factor=0.5)
    return load_decoder(weights_at(folder), FAMILIES["sd-v1"], CPU, "auto")


@pytest.fixture(scope="module")
def url(kl):
    with serving(kl, Settings(max_megapixels=0.05)) as url:
        yield url


def test_a_tensor_becomes_the_mode_of_its_latents(url, kl):
    with torch.inference_mode():
        raw = kl.adapter.vae.encode(PIXELS).latent_dist.mode()
    assert torch.allclose(remote_encode(url, PIXELS), raw, atol=1e-5)
    scaled = remote_encode(url, PIXELS, scaling_factor=0.5, shift_factor=0.25)
    assert torch.allclose(scaled, (raw - 0.25) * 0.5, atol=1e-5)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_a_picture_of_any_mode_is_encoded_cut_to_what_latents_can_hold(url, mode):
    picture = Image.effect_noise((53, 39), 80).convert("RGB").convert(mode)
    latents = remote_encode(url, picture, scaling_factor=0.18215)
    assert latents.shape == (1, 4, 4, 6)
    cut = picture.convert("RGB").crop((0, 0, 48, 32))
    assert torch.equal(latents, remote_encode(url, cut, scaling_factor=0.18215))


def refused(url, body, query=None, headers=None):
    answer = requests.post(url, data=body, params=query, headers=headers, timeout=PATIENCE_S)
    return answer.status_code, answer.json()["code"]


def png(width, height):
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return file.getvalue()


def test_what_is_no_picture_or_too_large_is_refused(url):
    assert refused(url, b"no picture at all") == (400, "picture-invalid")
    assert refused(url, png(64, 64)[:-30]) == (400, "picture-invalid")
    assert refused(url, png(4, 64)) == (400, "picture-invalid")
    assert refused(url, png(512, 512)) == (422, "decode-too-large")
    assert refused(url, b"x", {"shape": [1, 3, 8, 8], "dtype": "float32"}) == (400, "body-length")
    assert refused(url, b"x", headers={"content-type": "text/html"}) == (415, "content-type-unsupported")


def test_a_backend_without_an_encoder_says_so(tmp_path):
    decoder = load_decoder(weights_at(save_tiny(tmp_path)), FAMILIES["sd-v1"], CPU, "auto")
    with serving(decoder) as url:
        assert refused(url, png(64, 64)) == (422, "encode-unsupported")
    with serving(FakeDecoder()) as url:
        assert refused(url, png(64, 64)) == (422, "encode-unsupported")


@pytest.mark.parametrize(
    ("query", "encodes"),
    [
        ([], True),
        ([("scaling_factor", "0.5")], True),
        ([("shape", "1,3,64,64"), ("dtype", "float32")], True),
        ([("shape", "1,3,9,64,64"), ("dtype", "float16")], True),
        ([("output_type", "pil")], False),
        ([("shape", "1,3,64,64"), ("dtype", "float32"), ("output_type", "pt")], False),
        ([("shape", "1,4,64,64"), ("dtype", "float16")], False),
        ([("dtype", "float16")], False),
    ],
)
def test_an_encode_is_told_from_a_decode_by_its_query(query, encodes):
    assert (parse_encode(query) is not None) == encodes


@needs_data
@pytest.mark.parametrize("model", ["sd-v1", "sdxl", "sd3", "flux"])
def test_encode_and_decode_give_the_photograph_back(model):
    sample = next(s for s in samples() if s.model == model and "chelsea" in s.file and "packed" not in s.file)
    family = FAMILIES[model]
    factors = {"scaling_factor": family.scaling_factor, "shift_factor": family.shift_factor}
    photograph = sample.photograph()
    decoder = load_decoder(weights_at(DATA / "vae" / model), family, CPU, "auto")
    with serving(decoder) as url:
        latents = remote_encode(url, Image.fromarray(photograph), **factors)
        picture = remote_decode(url, latents, image_format="png", **factors)
    assert psnr_db(np.asarray(picture.convert("RGB")), photograph) == pytest.approx(sample.psnr_db, abs=0.3)
