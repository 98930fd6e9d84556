"""The queueing example of the announcement: a thread decodes while the next latent is being made."""

import queue
import threading

import numpy as np
import torch
from diffusers.utils.remote_utils import remote_decode
from PIL import Image

from support.data import SAMPLES, psnr_db, read_latent
from support.gateway import Gateway
from support.weights import TinyWeights


def latents(count: int) -> list[torch.Tensor]:
    """Corners of a real latent that look different from each other."""
    whole = read_latent(SAMPLES / "sd-v1.astronaut.1x4x64x64.f16.bin", [1, 4, 64, 64])
    return [whole[:, :, 8 * i : 8 * i + 16, 40 - 8 * i : 56 - 8 * i].contiguous() for i in range(count)]


def test_pictures_of_the_queue_are_right_and_in_order(
    gateway: Gateway, weights: dict[str, TinyWeights]
) -> None:
    shown: list[Image.Image] = []

    def decode_worker(q: queue.Queue) -> None:
        while True:
            item = q.get()
            if item is None:
                break
            image = remote_decode(endpoint=gateway.endpoint("sd-v1"), tensor=item, scaling_factor=0.18215)
            shown.append(image)
            q.task_done()

    q: queue.Queue = queue.Queue()
    thread = threading.Thread(target=decode_worker, args=(q,), daemon=True)
    thread.start()
    made = latents(6)
    for latent in made:
        q.put(latent)
    q.put(None)
    thread.join(timeout=120)

    expected = [weights["sd-v1"].decode(latent)[0] for latent in made]
    pictures = [((e * 0.5 + 0.5).clamp(0, 1) * 255).round().permute(1, 2, 0).numpy() for e in expected]
    assert len(shown) == len(made)
    likeness = [[psnr_db(np.asarray(image), picture) for picture in pictures] for image in shown]
    assert [int(np.argmax(row)) for row in likeness] == list(range(len(made)))
    # What a JPEG takes away, and no more.
    assert min(row[i] for i, row in enumerate(likeness)) > 25
