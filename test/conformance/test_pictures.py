"""Pictures of the documentation, made by the project itself. Only when asked: SCREENSHOTS=docs/images."""

import os
from pathlib import Path

import pytest
from diffusers.utils.remote_utils import remote_decode
from PIL import Image

from support.data import DATA, ROOT, SAMPLES, read_latent
from support.gateway import start_gateway
from support.replica import start_replicas
from support.weights import SCALING, weights_for

FOLDER = os.environ.get("SCREENSHOTS")
SIDE, GAP = 400, 12


@pytest.mark.skipif(FOLDER is None or DATA is None, reason="needs SCREENSHOTS and real weights")
def test_the_same_latent_by_the_preview_and_by_a_decoder(tmp_path: Path) -> None:
    latent = read_latent(SAMPLES / "sd-v1.astronaut.1x4x64x64.f16.bin", [1, 4, 64, 64])
    both = Image.new("RGB", (2 * SIDE + GAP, SIDE), "white")
    with start_replicas({"sd-v1": weights_for("sd-v1", tmp_path).folder}, copies=1) as replicas:
        for index, decoders in enumerate(({}, replicas)):
            with start_gateway(decoders, tmp_path) as gateway:
                endpoint = gateway.endpoint("sd-v1")
                picture = remote_decode(endpoint, latent, **SCALING["sd-v1"], image_format="png")
            both.paste(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (index * (SIDE + GAP), 0))
    both.save(ROOT / FOLDER / "astronaut.jpg", quality=85)
