"""One client against many on one server, and what cores and processes they kept busy meanwhile."""

import argparse
import io
import os
import resource
import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import requests
import torch
from PIL import Image

from benchmarks.plain import plain_server
from tests.support.server import PATIENCE_S, serving
from vae_backend.device import choose_device, make_repeatable
from vae_backend.exchange import Settings
from vae_backend.families import FAMILIES
from vae_backend.weights.load import TINY, load_decoder
from vae_backend.weights.locate import weights_at

Picture = tuple[bytes, int]


@dataclass(frozen=True)
class Round:
    """Requests by one client or by all: seconds, CPU seconds of the server's process (with the clients where
    they share one), and (file, size of its batch) of each."""

    seconds: float
    cpu_s: float
    pictures: list[Picture]


def bench_serve(options: argparse.Namespace) -> dict[str, object]:
    """Requests a second of one client after the other and of all at once, on one server, in turn; medians of
    the rounds. With `--plain` also of all at once on a plain server.
    """
    make_repeatable(options.threads)
    family = FAMILIES[options.model]
    weights = weights_at(options.weights)
    decoder = load_decoder(weights, family, choose_device(options.device), options.dtype)
    side = options.size // decoder.spatial
    shape = (options.requests, 1, family.latent_channels, side, side)
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(13)).half()
    query = {"shape": list(shape[1:]), "dtype": "float16", "do_scaling": "True", "output_type": "pil"}
    settings = Settings(
        queue_slots=options.requests, capacity=options.batch, encoders=options.encoders, linger_s=0.003
    )

    def call(url: str, number: int) -> Picture:
        answer = requests.post(
            url,
            data=latents[number].numpy().tobytes(),
            params=query,
            headers={"content-type": "tensor/binary", "accept": f"image/{options.image}"},
            timeout=10 * PATIENCE_S,
        )
        answer.raise_for_status()
        return answer.content, int(answer.headers["x-batch-size"])

    def rounds(url: str, clients: int, cpu: Callable[[], float]) -> Round:
        with ThreadPoolExecutor(clients) as pool:
            began, cpu_began = perf_counter(), cpu()
            pictures = list(pool.map(lambda number: call(url, number), range(options.requests)))
            return Round(perf_counter() - began, cpu() - cpu_began, pictures)

    alone: list[Round] = []
    together: list[Round] = []
    plain: list[Round] = []
    with ExitStack() as servers:
        url = servers.enter_context(serving(decoder, settings))
        call(url, 0)
        if options.plain:
            if decoder.kind != TINY or weights.path.is_dir():
                raise SystemExit("--plain takes the file of a tiny VAE")
            server = plain_server(weights.path, shape[1:], options.image, torch.get_num_threads())
            plain_url, plain_id = servers.enter_context(server)
            call(plain_url, 0)
        for _ in range(options.rounds):
            if options.plain:
                plain.append(rounds(plain_url, options.requests, lambda: cpu_seconds(plain_id)))
            alone.append(rounds(url, 1, process_time))
            together.append(rounds(url, options.requests, process_time))
    return report(options.requests, alone, together, plain)


def report(
    requests_: int, alone: list[Round], together: list[Round], plain: list[Round]
) -> dict[str, object]:
    """Medians over the rounds; every picture of all of them is compared with that of the first client."""

    def per_s(rounds: list[Round]) -> float:
        return round(requests_ / statistics.median(one.seconds for one in rounds), 3)

    def cpu(rounds: list[Round]) -> float:
        return round(statistics.median(one.cpu_s for one in rounds) / requests_, 3)

    first = alone[0].pictures
    others = [picture for one in (*alone[1:], *together) for picture in zip(first, one.pictures, strict=True)]
    busy = statistics.median(one.cpu_s / one.seconds for one in alone)
    cores = len(os.sched_getaffinity(0))
    against = {}
    if plain:
        pairs = [pair for one in plain for pair in zip(first, one.pictures, strict=True)]
        against = {
            "plain_per_s": per_s(plain),
            "plain_cpu_s": cpu(plain),
            "gain_over_plain": round(per_s(together) / per_s(plain), 2),
            "largest_difference_to_plain": max(difference(one, other) for (one, _), (other, _) in pairs),
        }
    return {
        "requests": requests_,
        "rounds": len(alone),
        "one_at_a_time_per_s": per_s(alone),
        "one_at_a_time_cpu_s": cpu(alone),
        "concurrent_per_s": per_s(together),
        "concurrent_cpu_s": cpu(together),
        "gain": round(per_s(together) / per_s(alone), 2),
        "cores": cores,
        "cores_busy_with_one_client": round(busy, 2),
        "largest_batch": max(batch for one in together for _, batch in one.pictures),
        "identical": sum(one == other for (one, _), (other, _) in others),
        "compared": len(others),
        "largest_difference": max(difference(one, other) for (one, _), (other, _) in others),
        "memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        **against,
    }


def difference(one: bytes, other: bytes) -> int:
    """Of two picture files, the largest of any value, 0..255."""
    if one == other:
        return 0
    first, second = (np.asarray(Image.open(io.BytesIO(file))).astype(int) for file in (one, other))
    return int(np.abs(first - second).max())


def cpu_seconds(process_id: int) -> float:
    """User and system time of another process, on Linux."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
