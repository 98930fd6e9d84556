"""diffusers' own remote_decode, unmodified, against the running server with a random tiny VAE."""

import numpy as np
import pytest
import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils.remote_utils import remote_decode
from diffusers.video_processor import VideoProcessor

from tests.support.fake import FakeDecoder
from tests.support.server import serving
from tests.support.vaes import CPU, random_tiny, save_hunyuan, save_tiny
from vae_backend.families import FAMILIES
from vae_backend.weights.load import load_decoder
from vae_backend.weights.locate import weights_at

LATENTS = torch.randn(1, 4, 12, 8, generator=torch.Generator().manual_seed(13)).half()


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = save_tiny(tmp_path_factory.mktemp("tiny"))
    with serving(load_decoder(weights_at(folder), FAMILIES["sd-v1"], CPU, "auto")) as url:
        yield url


@pytest.fixture(scope="module")
def expected():
    """`[1, 3, 96, 64]` in -1..1, decoded right here."""
    with torch.inference_mode():
        return random_tiny().decode(LATENTS.float()).sample


def pixels(signed: torch.Tensor) -> np.ndarray:
    return ((signed[0] * 0.5 + 0.5).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def decode(url: str, **wish):
    return remote_decode(url, LATENTS, scaling_factor=0.18215, **wish)


def test_pil_png_is_pixel_exact(url, expected):
    image = decode(url, output_type="pil", image_format="png")
    assert image.format == "png"
    assert np.abs(np.asarray(image).astype(int) - pixels(expected)).max() <= 1


def test_pil_jpg_is_a_jpeg_of_the_same_size(url):
    image = decode(url, output_type="pil", image_format="jpg")
    assert (image.format, image.size, image.mode) == ("jpeg", (64, 96), "RGB")


def test_pt_is_the_tensor_itself(url, expected):
    tensor = decode(url, output_type="pt", return_type="pt")
    assert torch.allclose(tensor, expected, atol=1e-5)


def test_pt_with_a_processor_becomes_a_picture(url, expected):
    image = decode(url, output_type="pt", return_type="pil", processor=VaeImageProcessor())
    assert np.abs(np.asarray(image).astype(int) - pixels(expected)).max() <= 1


def test_pt_with_partial_postprocess_becomes_a_picture_without_one(url, expected):
    image = decode(url, output_type="pt", return_type="pil", partial_postprocess=True)
    assert np.abs(np.asarray(image).astype(int) - pixels(expected)).max() <= 1


def test_pil_with_a_processor_becomes_a_list_of_pictures(url, expected):
    images = decode(url, output_type="pil", return_type="pil", processor=VaeImageProcessor())
    assert np.abs(np.asarray(images[0]).astype(int) - pixels(expected)).max() <= 1


@pytest.mark.filterwarnings("ignore:`do_scaling` is deprecated:FutureWarning")
def test_scaled_by_the_client_or_by_the_model_the_picture_is_the_same(url, expected):
    unscaled = remote_decode(
        url, LATENTS.float() / 0.18215, do_scaling=False, output_type="pt", return_type="pt"
    )
    assert torch.allclose(unscaled, expected, atol=1e-4)
    by_model = remote_decode(url, LATENTS, do_scaling=True, output_type="pt", return_type="pt")
    assert torch.allclose(by_model, expected, atol=1e-5)


def test_an_error_reaches_the_caller_as_the_object_it_is(url):
    with pytest.raises(RuntimeError, match="latent-shape-mismatch"):
        remote_decode(url, torch.zeros(1, 16, 8, 8), scaling_factor=1.0)


def test_packed_latents_decode_with_their_size():
    with serving(FakeDecoder("flux")) as url:
        packed = torch.zeros(1, 24, 64, dtype=torch.bfloat16)
        image = remote_decode(url, packed, height=64, width=96, scaling_factor=0.3611, shift_factor=0.1159)
        assert image.size == (96, 64)


def test_videos_come_as_frames_tensor_and_mp4(tmp_path):
    decoder = load_decoder(weights_at(save_hunyuan(tmp_path)), FAMILIES["hunyuan-video"], CPU, "auto")
    latents = torch.randn(1, 16, 3, 4, 6, generator=torch.Generator().manual_seed(13)).half()
    with serving(decoder) as url:
        one = {"scaling_factor": 0.476986}
        tensor = remote_decode(url, latents, output_type="pt", return_type="pt", **one)
        assert tensor.shape == (1, 3, 9, 32, 48)
        processor = VideoProcessor(vae_scale_factor=8)
        for wish in (
            {"output_type": "pt", "return_type": "pil", "processor": processor},
            {"output_type": "pil", "return_type": "pil", "processor": processor},
            {"output_type": "pt", "return_type": "pil", "partial_postprocess": True},
        ):
            frames = remote_decode(url, latents, **wish, **one)
            assert [frame.size for frame in frames] == [(48, 32)] * 9
        video = remote_decode(url, latents, output_type="mp4", return_type="mp4", **one)
        assert video[4:8] == b"ftyp"
        again = remote_decode(url, latents, output_type="mp4", return_type="mp4", **one)
        assert video == again
