"""Photographs encoded and decoded again through the gateway, by unmodified diffusers."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from diffusers.utils.remote_utils import remote_decode, remote_encode
from PIL import Image

from support.data import DATA, photographs, psnr_db
from support.gateway import Gateway, start_gateway
from support.pooled import PublishedFlux2, as_safetensors
from support.replica import start_replicas
from support.weights import CHANNELS, ROUND_TRIP_SCALING, published_vae

CLOSE_DB = 0.3

pytestmark = pytest.mark.skipif(DATA is None, reason="needs real weights and photographs (VAE_GATEWAY_DATA)")


@pytest.fixture(scope="module")
def encoding_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    assert DATA is not None
    weights = {model: DATA / "vae" / model for model in ROUND_TRIP_SCALING}
    weights["flux2"] = as_safetensors(weights["flux2"], tmp_path_factory.mktemp("flux2"))
    with (
        start_replicas(weights, copies=1) as replicas,
        start_gateway(replicas, tmp_path_factory.mktemp("encoding")) as gateway,
    ):
        yield gateway


@torch.inference_mode()
def own_psnr(model: str, picture: np.ndarray) -> float:
    """What the network reaches by itself, in float32."""
    assert DATA is not None
    pixels = pixels_of(picture)
    if model == "flux2":
        decoded = PublishedFlux2(DATA / "vae" / model)(pixels * 0.5 + 0.5)
    else:
        vae = published_vae(model)
        decoded = vae.decode(vae.encode(pixels).latents).sample * 0.5 + 0.5
    steps = (decoded[0].clamp(0, 1) * 255).round().byte()
    return psnr_db(steps.permute(1, 2, 0).numpy(), picture)


def photograph() -> np.ndarray:
    """The smallest, for CPUs are slow."""
    return min((each.picture for each in photographs(("sd-v1",))), key=lambda picture: picture.size)


def pixels_of(picture: np.ndarray) -> torch.Tensor:
    """[1, 3, H, W] in -1..1. diffusers sends what is left of a tensor that it copies: not this."""
    return (torch.from_numpy(picture.copy()).permute(2, 0, 1).unsqueeze(0) / 127.5 - 1).contiguous()


@pytest.mark.parametrize("model", ROUND_TRIP_SCALING)
def test_a_photograph_survives_encode_and_decode(encoding_gateway: Gateway, model: str) -> None:
    picture = photograph()
    endpoint, scaling = encoding_gateway.endpoint(model), ROUND_TRIP_SCALING[model]
    height, width, _ = picture.shape
    latent = remote_encode(endpoint, Image.fromarray(picture), **scaling)
    assert latent.shape == (1, CHANNELS[model], height // 8, width // 8)
    decoded = remote_decode(endpoint, tensor=latent, output_type="pt", partial_postprocess=True, **scaling)
    assert abs(psnr_db(np.asarray(decoded), picture) - own_psnr(model, picture)) <= CLOSE_DB


def test_a_tensor_is_encoded_as_the_picture_that_it_is(encoding_gateway: Gateway) -> None:
    picture = photograph()[:192, :256]
    endpoint, scaling = encoding_gateway.endpoint("sd-v1"), ROUND_TRIP_SCALING["sd-v1"]
    of_file = remote_encode(endpoint, Image.fromarray(picture), **scaling)
    assert torch.allclose(remote_encode(endpoint, pixels_of(picture), **scaling), of_file, atol=1e-3)


def test_pictures_of_every_mode_are_encoded_as_what_they_show(encoding_gateway: Gateway) -> None:
    grey = Image.effect_noise((64, 48), 60)
    endpoint, scaling = encoding_gateway.endpoint("sd-v1"), ROUND_TRIP_SCALING["sd-v1"]
    latent = remote_encode(endpoint, grey.convert("RGB"), **scaling)
    for mode in ("L", "RGBA", "P"):
        assert torch.allclose(remote_encode(endpoint, grey.convert(mode), **scaling), latent, atol=0.05)


def test_a_model_that_only_previews_serve_is_said_not_to_be_encoded(encoding_gateway: Gateway) -> None:
    picture = Image.effect_noise((64, 48), 60).convert("RGB")
    with pytest.raises(RuntimeError, match="encode-unsupported"):
        remote_encode(encoding_gateway.endpoint("auraflow"), picture)
