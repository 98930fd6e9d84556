import io

import av
import numpy as np
import pytest
import torch
from PIL import Image

from vae_backend.outputs import Encoding, encode, present
from vae_backend.tensors import bytes_of, tensor_from_bytes

RAMP = torch.linspace(-1.5, 1.5, 2 * 3 * 4 * 5).view(2, 3, 4, 5)


def test_signed_pixels_are_answered_untouched():
    assert torch.equal(present(RAMP, "signed"), RAMP)


def test_unit_pixels_are_denormalised_and_clamped_in_the_decoders_dtype():
    unit = present(RAMP.bfloat16(), "unit")
    assert unit.dtype == torch.bfloat16
    assert torch.equal(unit, (RAMP.bfloat16().float() * 0.5 + 0.5).clamp(0, 1).bfloat16())


def test_uint8_pixels_are_rounded_and_channels_last():
    pixels = present(RAMP, "uint8")
    assert (pixels.shape, pixels.dtype) == ((2, 4, 5, 3), torch.uint8)
    assert torch.equal(pixels, ((RAMP * 0.5 + 0.5).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1))


def test_a_video_keeps_its_batch_axis_only_where_the_protocol_has_one():
    video = torch.zeros(2, 3, 9, 16, 8)
    assert present(video, "signed").shape == (2, 3, 9, 16, 8)
    assert present(video, "unit").shape == (9, 3, 16, 8)
    assert present(video, "uint8").shape == (9, 16, 8, 3)


def test_what_is_not_a_number_becomes_black():
    assert present(torch.full((1, 3, 2, 2), float("nan")), "uint8").max() == 0


def test_tensors_carry_their_shape_and_dtype_without_spaces():
    answer = encode(present(RAMP, "uint8"), "uint8", Encoding())
    assert answer.headers == {"shape": "[2,4,5,3]", "dtype": "uint8"}
    assert len(answer.body) == 120


@pytest.mark.parametrize("dtype", ["float16", "float32", "bfloat16"])
def test_bytes_survive_the_way_into_a_tensor_and_back(dtype):
    body = bytearray(np.arange(24, dtype=np.uint8).tobytes())
    shape = (24 // getattr(torch, dtype).itemsize,)
    assert bytes_of(tensor_from_bytes(body, shape, dtype)) == body


def test_bytes_are_in_c_order_whatever_the_strides():
    tensor = torch.arange(6, dtype=torch.float32).view(2, 3).t()
    assert bytes_of(tensor) == tensor.contiguous().numpy().tobytes()


@pytest.mark.parametrize(("form", "file_format"), [("png", "PNG"), ("jpeg", "JPEG")])
def test_a_picture_is_the_first_of_its_batch(form, file_format):
    pixels = present(torch.stack([torch.ones(3, 8, 16), -torch.ones(3, 8, 16)]), form)
    picture = Image.open(io.BytesIO(encode(pixels, form, Encoding()).body))
    assert (picture.format, picture.size, picture.getpixel((0, 0))) == (file_format, (16, 8), (255, 255, 255))


def test_jpeg_quality_is_the_operators():
    noise = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    low, high = (len(encode(present(noise, "jpeg"), "jpeg", Encoding(jpeg_quality=q)).body) for q in (30, 95))
    assert low < high / 2


def test_an_mp4_holds_every_frame_at_the_asked_rate_and_close_colours():
    video = torch.empty(1, 3, 9, 32, 48)
    video[:, 0], video[:, 1], video[:, 2] = 0.6, -0.4, 0.0
    body = b"".join(encode(present(video, "mp4"), "mp4", Encoding(fps=16)).body)
    with av.open(io.BytesIO(body)) as container:
        stream = container.streams.video[0]
        assert (stream.codec.name, stream.pix_fmt, stream.average_rate) == ("h264", "yuv420p", 16)
        assert int(stream.codec_context.colorspace) == 1
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert [frame.shape for frame in frames] == [(32, 48, 3)] * 9
    assert np.abs(frames[4].astype(int) - [204, 76, 128]).max() < 6


def test_the_same_frames_give_the_same_mp4():
    video = torch.rand(1, 3, 5, 32, 48, generator=torch.Generator().manual_seed(2)) * 2 - 1
    one, other = (b"".join(encode(present(video, "mp4"), "mp4", Encoding()).body) for _ in range(2))
    assert one == other
