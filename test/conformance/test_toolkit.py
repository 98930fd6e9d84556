"""Endpoints as they are in the wild: the toolkit likes little, and answers all else with 400."""

import io
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest
import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils.remote_utils import remote_decode
from diffusers.video_processor import VideoProcessor

from support.gateway import Gateway, start_gateway
from support.replica import FullReplica, ToolkitReplica, running
from support.weights import SCALING, TinyWeights, small_video_vae, unscale
from test_clients import as_bytes, latent_of, pack, same

PT = {"output_type": "pt", "return_type": "pt"}
BYTES = {"output_type": "pt", "partial_postprocess": True}


@pytest.fixture(scope="module")
def toolkits(weights: dict[str, TinyWeights], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """For sd-v1 one that is well and one that has no memory left, which comes first."""
    video = small_video_vae(tmp_path_factory.mktemp("video"))
    groups = {
        "sd-v1": [
            FullReplica("full", "sd-v1", weights["sd-v1"].folder),
            ToolkitReplica("sd", "sd-v1", weights["sd-v1"].folder),
        ],
        "flux": [ToolkitReplica("flux-1", "flux", weights["flux"].folder)],
        "hunyuan-video": [ToolkitReplica("video-1", "hunyuan-video", video)],
    }
    everyone = [replica for group in groups.values() for replica in group]
    folder = tmp_path_factory.mktemp("gateway")
    with running(everyone), start_gateway(groups, folder) as gateway:
        yield gateway


def test_memory_that_has_run_out_is_no_fault_of_the_client(
    toolkits: Gateway, weights: dict[str, TinyWeights]
) -> None:
    latent = latent_of("sd-v1", 16)
    before = len(toolkits.decodes())
    pictures = [
        remote_decode(toolkits.endpoint("sd-v1"), latent, **SCALING["sd-v1"], **BYTES) for _ in range(4)
    ]
    expected = as_bytes(weights["sd-v1"].decode(latent))[0]
    assert all(same(np.asarray(picture), expected) for picture in pictures)
    served = toolkits.wait_for_decodes(before + 4)[before:]
    assert [event["status"] for event in served] == [200] * 4
    assert {event["backend"] for event in served} == {"sd"}
    assert any(event["attempts"] > 1 for event in served), "the endpoint without memory was never asked"


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"image_format": "png"},
        {"height": 128, "width": 128},
        {"output_type": "pt", "processor": VaeImageProcessor()},
        BYTES,
    ],
    ids=["jpg", "png", "sizes", "pt-processor", "bytes"],
)
def test_every_way_to_ask_for_a_picture_gives_one(
    toolkits: Gateway, weights: dict[str, TinyWeights], wish: dict[str, Any], slash: str
) -> None:
    latent = latent_of("sd-v1", 16)
    picture = remote_decode(toolkits.endpoint("sd-v1") + slash, latent, **SCALING["sd-v1"], **wish)
    expected = as_bytes(weights["sd-v1"].decode(latent))[0]
    assert np.asarray(picture).shape == expected.shape
    if picture.format != "jpeg":
        assert same(np.asarray(picture), expected)


def test_a_picture_that_the_toolkit_cannot_write_as_a_tensor_is_refused_as_that(toolkits: Gateway) -> None:
    """It decodes to a picture, sees then that a tensor is accepted, and fails: so it does for each client."""
    with pytest.raises(RuntimeError, match="rejected-by-backend"):
        remote_decode(
            toolkits.endpoint("flux"),
            latent_of("flux", 16),
            processor=VaeImageProcessor(),
            **SCALING["flux"],
            output_type="pil",
        )


@pytest.mark.parametrize(
    ("dtype", "scaling"),
    [
        (torch.float16, {"scaling_factor": 0.18215}),
        (torch.float32, {"scaling_factor": 0.18215}),
        (torch.bfloat16, {"scaling_factor": 0.18215}),
        (torch.float16, {"do_scaling": True}),
        (torch.float32, {"do_scaling": False}),
    ],
)
def test_tensors_of_every_type_and_scaling_are_decoded(
    toolkits: Gateway, weights: dict[str, TinyWeights], dtype: torch.dtype, scaling: dict[str, Any]
) -> None:
    latent = latent_of("sd-v1", 16).to(dtype)
    expected = weights["sd-v1"].decode(latent)
    sent = unscale(latent, "sd-v1") if scaling.get("do_scaling") is False else latent
    tensor = remote_decode(toolkits.endpoint("sd-v1"), sent, **scaling, **PT)
    assert torch.allclose(tensor.float(), expected, atol=2e-2 if dtype == torch.bfloat16 else 5e-3)


def test_a_batch_is_kept(toolkits: Gateway, weights: dict[str, TinyWeights]) -> None:
    latent = latent_of("sd-v1", 16)
    batch = torch.cat([latent, latent.flip(-1)])
    pictures = remote_decode(toolkits.endpoint("sd-v1"), batch, **SCALING["sd-v1"], **BYTES)
    assert same(np.stack([np.asarray(p) for p in pictures]), as_bytes(weights["sd-v1"].decode(batch)))


@pytest.mark.parametrize("packed", [True, False])
def test_flux_latents_are_decoded_packed_or_not(
    toolkits: Gateway, weights: dict[str, TinyWeights], packed: bool
) -> None:
    latent = latent_of("flux")
    sent, size = (pack(latent), {"height": 192, "width": 192}) if packed else (latent, {})
    picture = remote_decode(toolkits.endpoint("flux"), sent, **SCALING["flux"], **BYTES, **size)
    assert same(np.asarray(picture), as_bytes(weights["flux"].decode(latent))[0])


def video_latent() -> torch.Tensor:
    return torch.randn([1, 16, 2, 8, 8], generator=torch.Generator().manual_seed(13), dtype=torch.float16)


def test_a_video_comes_as_mp4(toolkits: Gateway) -> None:
    video = remote_decode(
        toolkits.endpoint("hunyuan-video"), video_latent(), output_type="mp4", return_type="mp4"
    )
    with av.open(io.BytesIO(video)) as container:
        assert [(f.height, f.width) for f in container.decode(video=0)] == [(64, 64)] * 5


@pytest.mark.parametrize(
    "wish",
    [
        {"output_type": "pil", "processor": VideoProcessor()},
        {"output_type": "pt", "processor": VideoProcessor()},
        BYTES,
    ],
    ids=["pil-processor", "pt-processor", "bytes"],
)
def test_a_video_comes_as_frames(toolkits: Gateway, wish: dict[str, Any]) -> None:
    frames = remote_decode(toolkits.endpoint("hunyuan-video"), video_latent(), **wish)
    assert [frame.size for frame in frames] == [(64, 64)] * 5
