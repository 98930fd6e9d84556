"""A video latent to an MP4, decoded by a real video VAE and written while it is sent."""

import io

import av
import torch
from diffusers.utils.remote_utils import remote_decode

from support.gateway import Gateway


def test_hunyuan_video_mp4_has_nine_frames_of_512x320(gateway: Gateway) -> None:
    latent = torch.randn([1, 16, 3, 40, 64], generator=torch.Generator().manual_seed(13), dtype=torch.float16)
    video = remote_decode(gateway.endpoint("hunyuan-video"), latent, output_type="mp4", return_type="mp4")
    with av.open(io.BytesIO(video)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [frame.shape for frame in frames] == [(320, 512, 3)] * 9
    served = gateway.wait_for_decodes(1)[-1]
    assert served["backend"] == "hunyuan-video-1"
