"""diffusers' pipelines without a VAE of their own hand their latents to remote_decode."""

import queue
import threading

import numpy as np
import pytest
import requests
import torch
from diffusers import FluxPipeline
from diffusers.utils.remote_utils import remote_decode
from PIL import Image

from support.data import psnr_db
from support.gateway import Gateway
from support.pipelines import TinyFlux, TinyStableDiffusion
from support.weights import SCALING, TinyWeights
from test_clients import as_bytes, same

HEIGHT, WIDTH = 64, 96


@pytest.fixture(scope="module")
def stable_diffusion() -> TinyStableDiffusion:
    return TinyStableDiffusion()


def test_stable_diffusion_feeds_remote_decode(
    gateway: Gateway, weights: dict[str, TinyWeights], stable_diffusion: TinyStableDiffusion
) -> None:
    latent = stable_diffusion("a cat", HEIGHT, WIDTH)
    picture = remote_decode(
        gateway.endpoint("sd-v1"), latent, **SCALING["sd-v1"], output_type="pt", partial_postprocess=True
    )
    assert same(np.asarray(picture), as_bytes(weights["sd-v1"].decode(latent))[0])


def test_flux_feeds_remote_decode(gateway: Gateway, weights: dict[str, TinyWeights]) -> None:
    latent = TinyFlux()("a cat", HEIGHT, WIDTH)
    picture = remote_decode(
        gateway.endpoint("flux"),
        latent,
        **SCALING["flux"],
        height=HEIGHT,
        width=WIDTH,
        output_type="pt",
        partial_postprocess=True,
    )
    unpacked = FluxPipeline._unpack_latents(latent, HEIGHT, WIDTH, 8)
    assert same(np.asarray(picture), as_bytes(weights["flux"].decode(unpacked))[0])


@pytest.mark.parametrize("model", ["sd-v1", "flux"])
def test_the_call_that_v1_models_gives_can_be_pasted(
    gateway: Gateway, weights: dict[str, TinyWeights], model: str
) -> None:
    """But for the size of a packed latent, which it gives as an example."""
    pipeline = TinyFlux() if model == "flux" else TinyStableDiffusion()
    latent = pipeline("a cat", HEIGHT, WIDTH)
    line = requests.get(f"{gateway.url}/v1/models/{model}").json()["remoteDecode"]
    pasted = line.replace("KEY", gateway.key).replace(
        "height=1024, width=1024", f"height={HEIGHT}, width={WIDTH}"
    )
    picture = eval(pasted, {"remote_decode": remote_decode, "latent": latent})
    assert (picture.format, picture.size) == ("jpeg", (WIDTH, HEIGHT))
    unpacked = FluxPipeline._unpack_latents(latent, HEIGHT, WIDTH, 8) if model == "flux" else latent
    assert psnr_db(np.asarray(picture), as_bytes(weights[model].decode(unpacked))[0]) > 25


def test_one_latent_is_decoded_while_the_next_is_made(
    gateway: Gateway, weights: dict[str, TinyWeights], stable_diffusion: TinyStableDiffusion
) -> None:
    """The queueing example of the announcement: only the endpoint, the pipeline and `display` are others."""
    shown: list[Image.Image] = []
    display = shown.append

    def decode_worker(q: queue.Queue) -> None:
        while True:
            item = q.get()
            if item is None:
                break
            image = remote_decode(
                endpoint=gateway.endpoint("sd-v1"),
                tensor=item,
                scaling_factor=0.18215,
            )
            display(image)
            q.task_done()

    q: queue.Queue = queue.Queue()
    thread = threading.Thread(target=decode_worker, args=(q,), daemon=True)
    thread.start()

    def decode(latent: torch.Tensor) -> None:
        q.put(latent)

    prompts = [
        "Blueberry ice cream",
        "Lemonade in a glass",
        "A cup of coffee",
        "A slice of bread",
        "An apple",
    ]
    made = []
    for prompt in prompts:
        latent = stable_diffusion(prompt, HEIGHT, WIDTH)
        made.append(latent)
        decode(latent)
    q.put(None)
    thread.join(timeout=120)

    expected = [as_bytes(weights["sd-v1"].decode(latent))[0] for latent in made]
    assert len(shown) == len(prompts)
    likeness = [[psnr_db(np.asarray(image), picture) for picture in expected] for image in shown]
    assert [int(np.argmax(row)) for row in likeness] == list(range(len(prompts)))
    assert min(row[i] for i, row in enumerate(likeness)) > 25
