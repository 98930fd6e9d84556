import pytest
import torch

from vae_backend.families import FAMILIES
from vae_backend.scaling import IDENTITY, Affine, Scaling, model_to_raw, request_to_diffusion, request_to_raw

FLUX = FAMILIES["flux"]
FLUX_RAW = model_to_raw(FLUX, {})
LATENTS = torch.randn(2, 16, 3, 5, generator=torch.Generator().manual_seed(1))


def test_factor_and_shift_of_the_request_divide_and_add():
    raw = request_to_raw(Scaling(factor=0.5, shift=0.25), FLUX_RAW).apply(LATENTS)
    assert torch.allclose(raw, LATENTS / 0.5 + 0.25)


def test_the_models_own_scaling_is_used_only_when_asked_for():
    assert torch.allclose(
        request_to_raw(Scaling(model=True), FLUX_RAW).apply(LATENTS), LATENTS / 0.3611 + 0.1159, atol=1e-6
    )
    assert torch.equal(request_to_raw(Scaling(), FLUX_RAW).apply(LATENTS), LATENTS)


def test_the_vaes_own_config_wins_over_the_family():
    own = model_to_raw(FLUX, {"scaling_factor": 2.0, "shift_factor": 0.5})
    assert torch.allclose(own.apply(LATENTS), LATENTS / 2 + 0.5)


def test_mean_and_std_apply_to_each_channel():
    mean, std = [float(c) for c in range(16)], [1.0 + c for c in range(16)]
    own = model_to_raw(FAMILIES["wan-2.1"], {"latents_mean": mean, "latents_std": std})
    expected = LATENTS * torch.tensor(std).view(1, -1, 1, 1) + torch.tensor(mean).view(1, -1, 1, 1)
    assert torch.allclose(own.apply(LATENTS), expected)
    assert torch.allclose(own.then(own.inverse()).apply(LATENTS), LATENTS, atol=1e-5)
    video = LATENTS.unsqueeze(2)
    assert torch.equal(own.apply(video).squeeze(2), own.apply(LATENTS))


@pytest.mark.parametrize("scaling", [Scaling(model=True), Scaling(factor=0.3611, shift=0.1159)])
def test_a_tiny_vae_gets_diffusion_latents_bit_for_bit(scaling):
    assert request_to_diffusion(scaling, FLUX_RAW) == IDENTITY


def test_a_tiny_vae_gets_raw_latents_scaled_back():
    raw = LATENTS / 0.3611 + 0.1159
    assert torch.allclose(request_to_diffusion(Scaling(), FLUX_RAW).apply(raw), LATENTS, atol=1e-5)


def test_a_tiny_vae_goes_wrong_as_the_full_one_with_another_models_factor():
    sd, sdxl_factor = model_to_raw(FAMILIES["sd-v1"], {}), Scaling(factor=0.13025)
    wrong = request_to_diffusion(sdxl_factor, sd).apply(LATENTS)
    assert torch.allclose(wrong, LATENTS * (0.18215 / 0.13025), atol=1e-5)
    forgotten_shift = request_to_diffusion(Scaling(factor=0.3611), FLUX_RAW).apply(LATENTS)
    assert torch.allclose(forgotten_shift, LATENTS - 0.1159 * 0.3611, atol=1e-5)


def test_scaling_is_computed_in_float32():
    half = torch.full((1, 1, 1, 1), 2048.0, dtype=torch.float16)
    assert Affine((1.0,), (0.25,)).apply(half).item() == 2048.25
