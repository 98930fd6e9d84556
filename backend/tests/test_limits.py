import pytest

from vae_backend.errors import Refused
from vae_backend.limits import Size, check_size, max_body_bytes, output_size
from vae_backend.packing import Layout


def test_frames_are_four_for_each_latent_frame_but_the_first():
    assert output_size(Layout("BCTHW", 1, 3, 40, 64), 8, 4, "causal") == Size(1, 9, 320, 512)
    assert output_size(Layout("BCHW", 2, 1, 64, 96), 8, 1, "still") == Size(2, 1, 512, 768)


@pytest.mark.parametrize(
    ("rule", "latent_frames", "frames"),
    [("causal", 5, 17), ("uniform", 5, 20), ("parity", 5, 17), ("parity", 6, 24), ("parity", 1, 1)],
)
def test_frames_follow_the_rule_of_the_family(rule, latent_frames, frames):
    assert output_size(Layout("BCTHW", 1, latent_frames, 2, 2), 8, 4, rule).frames == frames


def test_what_is_within_the_limit_passes():
    check_size(Size(1, 1, 4096, 4096), 16.8, 8, 1)


@pytest.mark.parametrize(
    ("size", "megapixels", "fits"),
    [
        (Size(1, 1, 8192, 8192), 16.8, "4096x4096"),
        (Size(1, 1, 512, 4096), 1.0, "2824x352"),
        (Size(20, 1, 1024, 1024), 16.8, "A batch of 16"),
        (Size(1, 129, 720, 1280), 16.8, "17 frames of 1280x720"),
        (Size(1, 1, 8, 8), 0.00001, "8x8"),
    ],
)
def test_what_is_too_large_is_told_what_would_fit(size, megapixels, fits):
    with pytest.raises(Refused) as caught:
        check_size(size, megapixels, 8, 4)
    assert (caught.value.status, caught.value.code) == (422, "decode-too-large")
    assert f"{fits} would fit" in caught.value.sentence


def test_the_body_limit_leaves_room_for_the_largest_decode_in_float32():
    assert max_body_bytes(16.8, 16, 8) >= 4 * 16 * 512 * 512
