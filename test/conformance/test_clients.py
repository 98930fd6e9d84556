"""Clients in the wild, byte for byte, with any weights: what comes back is what the network says."""

import base64
import io
import json
import urllib.request

import numpy as np
import pytest
import requests
import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils.remote_utils import remote_decode
from PIL import Image

from support.data import SAMPLES, read_latent
from support.gateway import Gateway
from support.replica import Replica
from support.weights import SCALING, TinyWeights, unscale

SAMPLE = {
    "sd-v1": ("sd-v1.astronaut.1x4x64x64.f16.bin", [1, 4, 64, 64]),
    "sdxl": ("sdxl.chelsea.1x4x40x56.f16.bin", [1, 4, 40, 56]),
}


def latent_of(model: str, side: int = 24) -> torch.Tensor:
    """A corner of a real latent, small enough to be quick."""
    if model == "flux":
        return flux_latent()[:, :, :side, :side].contiguous()
    name, shape = SAMPLE[model]
    return read_latent(SAMPLES / name, shape)[:, :, :side, :side].contiguous()


def flux_latent() -> torch.Tensor:
    """The packed sample as [1, 16, 64, 96]."""
    packed = read_latent(SAMPLES / "flux-packed.coffee.1x1536x64.f16.bin", [1, 1536, 64])
    return packed.view(1, 32, 48, 16, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(1, 16, 64, 96)


def pack(latent: torch.Tensor) -> torch.Tensor:
    """As diffusers' Flux pipeline packs: [B, C, h, w] to [B, hw/4, 4C]."""
    batch, channels, height, width = latent.shape
    patches = latent.view(batch, channels, height // 2, 2, width // 2, 2).permute(0, 2, 4, 1, 3, 5)
    return patches.reshape(batch, height * width // 4, channels * 4)


def as_bytes(decoded: torch.Tensor) -> np.ndarray:
    """[N, 3, H, W] in -1..1 to uint8 [N, H, W, 3]."""
    unit = (decoded * 0.5 + 0.5).clamp(0, 1)
    return (unit * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def same(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Equal but for a rounding: another process may split its sums over threads in another way."""
    return ours.shape == theirs.shape and int(np.abs(ours.astype(int) - theirs.astype(int)).max()) <= 1


@pytest.mark.parametrize("model", ["sd-v1", "sdxl", "flux"])
def test_diffusers_gets_the_network_s_own_tensor(
    gateway: Gateway, weights: dict[str, TinyWeights], model: str
) -> None:
    latent = latent_of(model)
    tensor = remote_decode(
        gateway.endpoint(model), latent, **SCALING[model], output_type="pt", return_type="pt"
    )
    assert torch.allclose(tensor.float(), weights[model].decode(latent), atol=2e-3)


def test_diffusers_sends_packed_flux_latents(gateway: Gateway, weights: dict[str, TinyWeights]) -> None:
    latent = latent_of("flux")
    picture = remote_decode(
        gateway.endpoint("flux"),
        pack(latent),
        **SCALING["flux"],
        height=192,
        width=192,
        output_type="pt",
        partial_postprocess=True,
    )
    assert same(np.asarray(picture), as_bytes(weights["flux"].decode(latent))[0])


def test_diffusers_keeps_a_batch(gateway: Gateway, weights: dict[str, TinyWeights]) -> None:
    latent = latent_of("sd-v1", 16)
    batch = torch.cat([latent, latent.flip(-1), latent.flip(-2)])
    pictures = remote_decode(
        gateway.endpoint("sd-v1"), batch, **SCALING["sd-v1"], output_type="pt", partial_postprocess=True
    )
    assert same(np.stack([np.asarray(p) for p in pictures]), as_bytes(weights["sd-v1"].decode(batch)))


def test_a_batch_in_two_parts_is_the_batch_of_one_replica(
    gateway: Gateway, replicas: dict[str, list[Replica]]
) -> None:
    latent = latent_of("sd-v1", 32)
    batch = torch.cat([latent.roll(n, -1) for n in range(8)])
    options = {**SCALING["sd-v1"], "output_type": "pt", "return_type": "pt"}
    seen = len(gateway.decodes())
    spread = remote_decode(gateway.endpoint("sd-v1"), batch, **options)
    [event] = gateway.wait_for_decodes(seen + 1)[seen:]
    alone = remote_decode(replicas["sd-v1"][0].url, batch, **options)
    assert event["attempts"] == 2, "both replicas were idle"
    assert spread.dtype == alone.dtype
    assert torch.equal(spread, alone)


def test_diffusers_with_a_processor_and_pil_gets_unit_floats(
    gateway: Gateway, weights: dict[str, TinyWeights]
) -> None:
    latent = latent_of("sd-v1", 16)
    pictures = remote_decode(
        gateway.endpoint("sd-v1"),
        latent,
        processor=VaeImageProcessor(),
        **SCALING["sd-v1"],
        output_type="pil",
    )
    assert same(np.asarray(pictures[0]), as_bytes(weights["sd-v1"].decode(latent))[0])


def test_diffusers_finds_the_model_by_the_latent(gateway: Gateway, weights: dict[str, TinyWeights]) -> None:
    latent = latent_of("sdxl", 16)
    picture = remote_decode(
        gateway.endpoint(""), latent, **SCALING["sdxl"], output_type="pt", partial_postprocess=True
    )
    assert same(np.asarray(picture), as_bytes(weights["sdxl"].decode(latent))[0])


def test_diffusers_raises_what_the_problem_says(gateway: Gateway) -> None:
    with pytest.raises(RuntimeError, match="unsupported-shape"):
        remote_decode(gateway.endpoint("sdxl"), torch.zeros(1, 16, 8, 8), scaling_factor=0.13025)
    with pytest.raises(RuntimeError, match="unauthorized"):
        remote_decode(f"{gateway.url}/sdxl", torch.zeros(1, 4, 8, 8), scaling_factor=0.13025)


def test_comfyui_hfremotevae_gets_its_float32_latents_decoded(
    gateway: Gateway, weights: dict[str, TinyWeights]
) -> None:
    """Un-scaled float32, do_scaling=False, height and width always, no image_format."""
    latent = latent_of("sdxl", 16)
    raw = unscale(latent, "sdxl")
    response = requests.post(
        f"{gateway.url}/k/{gateway.key}/sdxl",
        data=raw.numpy().tobytes(),
        params={
            "do_scaling": False,
            "output_type": "pt",
            "partial_postprocess": False,
            "shape": list(raw.shape),
            "dtype": "float32",
            "height": 128,
            "width": 128,
        },
        headers={"Content-Type": "tensor/binary", "Accept": "tensor/binary"},
    )
    assert response.status_code == 200, response.text
    dtype = getattr(torch, response.headers["dtype"])
    tensor = torch.frombuffer(bytearray(response.content), dtype=dtype)
    tensor = tensor.reshape(json.loads(response.headers["shape"]))
    assert torch.allclose(tensor.float(), weights["sdxl"].decode(latent), atol=5e-3)


@pytest.mark.parametrize("image_format", ["jpg", "png"])
def test_sdnext_gets_its_pictures(
    gateway: Gateway, weights: dict[str, TinyWeights], image_format: str
) -> None:
    """Extra parameters, width before height, an unpacked Flux latent as three axes."""
    latent = latent_of("flux", 16)
    media_type = {"jpg": "image/jpeg", "png": "image/png"}[image_format]
    response = requests.post(
        f"{gateway.url}/k/{gateway.key}/flux",
        data=latent[0].numpy().tobytes(),
        params={
            "input_tensor_type": "binary",
            "shape": list(latent.shape[1:]),
            "dtype": "float16",
            "scaling_factor": 0.3611,
            "shift_factor": 0.1159,
            "image_format": image_format,
            "output_type": "pil",
            "width": 128,
            "height": 128,
        },
        headers={"Content-Type": "tensor/binary", "Accept": media_type},
        timeout=300,
    )
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == media_type
    picture = np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB"))
    expected = as_bytes(weights["flux"].decode(latent))[0]
    if image_format == "png":
        assert same(picture, expected)
    assert picture.shape == expected.shape


def test_urllib_clients_need_exactly_200_and_get_it(gateway: Gateway) -> None:
    latent = latent_of("sd-v1", 16)
    shape = "&".join(f"shape={size}" for size in latent.shape)
    query = f"do_scaling=True&output_type=pt&partial_postprocess=False&dtype=float16&{shape}"
    request = urllib.request.Request(
        f"{gateway.url}/k/{gateway.key}/sd-v1?{query}",
        data=latent.numpy().tobytes(),
        headers={"Content-Type": "tensor/binary", "Accept": "tensor/binary", "Accept-Encoding": "identity"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.status == 200
        assert json.loads(response.headers["shape"]) == [1, 3, 128, 128]


def test_a_page_gets_its_picture_in_json(gateway: Gateway, weights: dict[str, TinyWeights]) -> None:
    latent = latent_of("sd-v1", 16)
    response = requests.post(
        f"{gateway.url}/k/{gateway.key}/sd-v1",
        json={
            "inputs": base64.b64encode(latent.numpy().tobytes()).decode(),
            "parameters": {"shape": list(latent.shape), "dtype": "float16", "image_format": "png"},
        },
        headers={"Accept": "application/json"},
    )
    answer = response.json()
    assert answer["parameters"] == {"media_type": "image/png"}
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["inputs"]))).convert("RGB"))
    assert same(picture, as_bytes(weights["sd-v1"].decode(latent))[0])


def test_a_latent_that_is_scaled_twice_is_named(gateway: Gateway) -> None:
    raw = unscale(latent_of("sd-v1", 16), "sd-v1").to(torch.float16)
    shape = "&".join(f"shape={size}" for size in raw.shape)
    query = f"scaling_factor=0.18215&output_type=pil&dtype=float16&{shape}"
    url = f"{gateway.url}/k/{gateway.key}/sd-v1?{query}"
    response = requests.post(url, data=raw.numpy().tobytes(), headers={"Content-Type": "tensor/binary"})
    assert response.headers["x-vae-warning"].startswith("latent-scaled-twice;")
    strict = requests.post(f"{url}&strict=true", data=raw.numpy().tobytes())
    assert (strict.status_code, strict.json()["code"]) == (422, "latent-suspicious")


def test_a_large_upload_that_is_refused_still_reads_the_reason(gateway: Gateway) -> None:
    """Clients send all of the body before they read; a connection closed on them would hide the problem."""
    response = requests.post(f"{gateway.url}/sdxl?output_type=pil", data=bytes(16_000_000))
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")


def test_the_backend_and_the_gateway_know_the_same_constants(gateway: Gateway) -> None:
    from vae_backend.families import FAMILIES

    models = {model["id"]: model for model in requests.get(f"{gateway.url}/v1/models").json()["models"]}
    for name, family in FAMILIES.items():
        scaling = models[name]["scaling"]
        assert family.latent_channels == models[name]["channels"]
        if scaling["kind"] == "factor":
            assert (family.scaling_factor, family.shift_factor) == (scaling["factor"], scaling["shift"])
