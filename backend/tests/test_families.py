"""Every family of the registry, from what its clients send to pixels, as diffusers' pipelines do it."""

import pytest
import torch

from tests.support.families import build, lightricks
from tests.support.pipelines import CASES
from tests.support.vaes import CPU
from vae_backend.families import FAMILIES
from vae_backend.limits import output_size
from vae_backend.packing import arrange, lay_out
from vae_backend.scaling import UNSCALED, Scaling
from vae_backend.weights.load import load_decoder
from vae_backend.weights.locate import weights_at

OWN = Scaling(model=True)


def load(model, folder):
    build(model).save_pretrained(folder)
    return load_decoder(weights_at(folder), FAMILIES[model], CPU, "auto")


def pixel_size(model, shape):
    """What clients say of tokens, which are 64x48 pixels here and 64x96 for LTX."""
    if len(shape) != 3:
        return None
    return (64, 96) if model == "ltx-video" else (64, 48)


def test_every_family_is_compared():
    assert set(CASES) == set(FAMILIES)


@pytest.mark.parametrize("model", CASES)
def test_a_decode_is_that_of_the_pipelines(model, tmp_path):
    shape, pipeline = CASES[model]
    decoder = load(model, tmp_path)
    sent = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    layout = lay_out(shape, decoder.family, decoder.spatial, pixel_size(model, shape))
    latents = arrange(sent, layout, video=decoder.family.video)

    ours = decoder.run(decoder.prepare(latents, OWN))

    with torch.inference_mode():
        theirs = pipeline(build(model), sent)
    assert ours.std() > 0
    assert torch.allclose(ours.float(), theirs.float(), atol=2e-4), (ours - theirs).abs().max()
    size = output_size(layout, decoder.spatial, decoder.temporal, decoder.family.frames)
    frames = (size.frames,) if decoder.family.video else ()
    assert ours.shape == (size.batch, 3, *frames, size.height, size.width)


# One for each adapter.
ENCODING = (
    "sd3",
    "svd",
    "latte",
    "flux2",
    "hunyuan-video",
    "wan-2.1",
    "qwen-image",
    "ltx-video",
    "cogvideox",
)


@pytest.mark.parametrize("model", ENCODING)
def test_latents_of_an_encode_are_scaled_as_a_decode_expects_them(model, tmp_path):
    decoder = load(model, tmp_path)
    family = decoder.family
    frames = {"causal": 2 * decoder.temporal + 1, "parity": 9, "uniform": 4 * decoder.temporal}.get(
        family.frames
    )
    side = 4 * decoder.spatial
    shape = (1, 3, *((frames,) if frames else ()), side, side)
    pixels = torch.rand(shape, generator=torch.Generator().manual_seed(5)) * 2 - 1
    raw, scaled = decoder.encode(pixels, UNSCALED), decoder.encode(pixels, OWN)
    assert raw.shape[1] == family.latent_channels
    assert raw.shape[-1] == 4
    # Both are the same picture to the network.
    assert torch.allclose(decoder.prepare(scaled, OWN), decoder.prepare(raw, UNSCALED), atol=1e-4)


def test_allegro_leaves_nothing_black_of_a_size_that_its_tiles_do_not_cover(tmp_path):
    decoder = load("allegro", tmp_path)
    latents = torch.randn(1, 4, 2, 5, 7, generator=torch.Generator().manual_seed(3))
    pixels = decoder.run(decoder.prepare(latents, OWN))
    assert pixels.shape == (1, 3, 8, 40, 56)
    assert (pixels.abs() > 0).all()


def test_ltx_with_timestep_conditioning_decodes_at_timestep_zero(tmp_path):
    torch.manual_seed(7)
    vae = lightricks(timestep_conditioning=True).eval()
    vae.save_pretrained(tmp_path)
    decoder = load_decoder(weights_at(tmp_path), FAMILIES["ltx-video"], CPU, "auto")
    latents = torch.randn(1, 128, 2, 2, 3, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        theirs = vae.decode(latents, torch.zeros(1), return_dict=False)[0]
    assert torch.allclose(decoder.run(decoder.prepare(latents, UNSCALED)), theirs, atol=1e-5)
