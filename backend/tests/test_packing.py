import pytest
import torch

from vae_backend.errors import Refused
from vae_backend.families import FAMILIES
from vae_backend.packing import Layout, arrange, lay_out, pack, unpack

FLUX, SD, VIDEO = FAMILIES["flux"], FAMILIES["sd-v1"], FAMILIES["hunyuan-video"]


@pytest.mark.parametrize(
    ("batch", "channels", "height", "width"), [(1, 16, 2, 2), (3, 16, 40, 56), (2, 4, 6, 2)]
)
def test_unpacking_undoes_packing(batch, channels, height, width):
    latents = torch.randn(batch, channels, height, width)
    packed = pack(latents)
    assert packed.shape == (batch, height * width // 4, channels * 4)
    assert torch.equal(unpack(packed, height, width), latents)


def test_a_row_holds_a_patch_channel_by_channel_and_a_channel_holds_its_patch_row_by_row():
    latents = torch.arange(16 * 6 * 4).view(1, 16, 6, 4)
    packed = pack(latents)
    for channel, y, x in [(0, 0, 0), (5, 3, 2), (15, 5, 3), (7, 2, 1)]:
        row, column = y // 2 * 2 + x // 2, channel * 4 + y % 2 * 2 + x % 2
        assert packed[0, row, column] == latents[0, channel, y, x]


@pytest.mark.parametrize(
    ("family", "shape", "pixels", "layout"),
    [
        (SD, (2, 4, 8, 6), None, Layout("BCHW", 2, 1, 8, 6)),
        # Sizes beside 4-D and 5-D latents are nonsense often enough to be ignored.
        (SD, (1, 4, 8, 6), (1, 99), Layout("BCHW", 1, 1, 8, 6)),
        (VIDEO, (1, 16, 3, 4, 6), (24, 32), Layout("BCTHW", 1, 3, 4, 6)),
        (FLUX, (1, 4096, 64), (1024, 1024), Layout("tokens", 1, 1, 128, 128)),
        (FLUX, (2, 24, 64), (64, 96), Layout("tokens", 2, 1, 8, 12)),
        # Pixels floor to what packing can hold: 1208 is 1200 = 16 * 75.
        (FLUX, (1, 64 * 75, 64), (1024, 1208), Layout("tokens", 1, 1, 128, 150)),
        (FLUX, (16, 8, 12), (64, 96), Layout("CHW", 1, 1, 8, 12)),
        (FLUX, (16, 8, 64), (64, 512), Layout("CHW", 1, 1, 8, 64)),
        # A batch of sixteen packed latents is not one picture of sixteen channels.
        (FLUX, (16, 16, 64), (64, 64), Layout("tokens", 16, 1, 8, 8)),
        (SD, (4, 8, 6), None, Layout("CHW", 1, 1, 8, 6)),
        (SD, (4, 8, 6), (1, 1), Layout("CHW", 1, 1, 8, 6)),
        (SD, (1, 12, 16), (64, 48), Layout("tokens", 1, 1, 8, 6)),
        (FAMILIES["svd"], (1, 3, 4, 8, 6), None, Layout("BTCHW", 1, 3, 8, 6)),
        (FAMILIES["cogvideox"], (2, 5, 16, 8, 6), None, Layout("BTCHW", 2, 5, 8, 6)),
        # Where both orders could be meant, the one its pipelines write counts.
        (FAMILIES["cogvideox"], (1, 16, 16, 8, 6), None, Layout("BTCHW", 1, 16, 8, 6)),
        (FAMILIES["cogvideox"], (1, 16, 5, 8, 6), None, Layout("BCTHW", 1, 5, 8, 6)),
        (FAMILIES["kandinsky5-video"], (1, 3, 8, 6, 16), None, Layout("BTHWC", 1, 3, 8, 6)),
        (FAMILIES["kandinsky5-image"], (2, 1, 8, 6, 16), None, Layout("BTHWC", 2, 1, 8, 6)),
        (FAMILIES["qwen-image"], (1, 16, 1, 8, 6), None, Layout("BCTHW", 1, 1, 8, 6)),
        (FAMILIES["qwen-image"], (1, 12, 64), (64, 48), Layout("tokens", 1, 1, 8, 6)),
        (FAMILIES["flux2"], (1, 128, 4, 3), None, Layout("patches", 1, 1, 8, 6)),
        (FAMILIES["flux2"], (1, 12, 128), (64, 48), Layout("tokens", 1, 1, 8, 6)),
    ],
)
def test_layout_follows_from_shape_and_for_three_dimensions_from_pixels(family, shape, pixels, layout):
    assert lay_out(shape, family, 8, pixels) == layout
    arranged = arrange(torch.zeros(shape), layout, video=family.video)
    frames = (layout.frames,) if family.video else ()
    assert arranged.shape == (layout.batch, family.latent_channels, *frames, layout.height, layout.width)


@pytest.mark.parametrize(
    ("family", "shape", "pixels", "code"),
    [
        (SD, (1, 16, 8, 8), None, "latent-shape-mismatch"),
        (SD, (1, 4, 2, 8, 8), None, "latent-shape-mismatch"),
        (SD, (8, 8), None, "latent-shape-mismatch"),
        (SD, (3, 8, 8), None, "latent-shape-mismatch"),
        (VIDEO, (1, 16, 8, 8), None, "latent-shape-mismatch"),
        (FLUX, (1, 4096, 64), (512, 512), "latent-shape-mismatch"),
        (FLUX, (1, 4096, 64), (8, 8), "latent-shape-mismatch"),
        (FLUX, (16, 8, 12), (64, 64), "latent-shape-mismatch"),
        (FLUX, (1, 4096, 64), None, "size-missing"),
        (FAMILIES["qwen-image"], (1, 16, 2, 8, 6), None, "latent-shape-mismatch"),
        (FAMILIES["svd"], (1, 4, 3, 8, 6), None, "latent-shape-mismatch"),
        (FAMILIES["ltx-video"], (1, 24, 128), None, "size-missing"),
    ],
)
def test_latents_of_another_model_or_size_are_refused(family, shape, pixels, code):
    with pytest.raises(Refused) as caught:
        lay_out(shape, family, 8, pixels)
    assert (caught.value.status, caught.value.code) == (400, code)


def test_ltx_tokens_tell_their_frames_by_their_number():
    ltx = FAMILIES["ltx-video"]
    layout = lay_out((1, 2 * 3 * 4, 128), ltx, 32, (96, 128))
    assert layout == Layout("flat", 1, 2, 3, 4)
    latents = torch.randn(1, 128, 2, 3, 4)
    tokens = latents.permute(0, 2, 3, 4, 1).flatten(1, 3)
    assert torch.equal(arrange(tokens, layout, video=True), latents)
