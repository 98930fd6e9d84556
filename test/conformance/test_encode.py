"""diffusers' remote_encode with a VAE of the full kind, straight at the backend and through the gateway."""

import torch
from diffusers.utils.remote_utils import remote_encode
from PIL import Image

from support.gateway import Gateway
from support.replica import Replica


def test_diffusers_encodes_a_picture_and_a_tensor_alike(
    replicas: dict[str, list[Replica]], gateway: Gateway
) -> None:
    url = replicas["sd3"][0].url
    picture = Image.effect_noise((64, 48), 60).convert("RGB")
    factors = {"scaling_factor": 1.5305, "shift_factor": 0.0609}
    latents = remote_encode(url, picture, **factors)
    assert latents.shape == (1, 16, 6, 8)
    pixels = torch.tensor(list(picture.tobytes())).view(1, 48, 64, 3).permute(0, 3, 1, 2) / 127.5 - 1
    assert torch.allclose(remote_encode(url, pixels.contiguous(), **factors), latents, atol=1e-4)
    for image in (picture, pixels.contiguous()):
        through = remote_encode(gateway.endpoint("sd3"), image, **factors)
        assert torch.allclose(through, latents, atol=1e-4)
