"""A replica dies and comes back; nobody who waits for a picture notices."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np
from diffusers.utils.remote_utils import remote_decode

from support.gateway import Gateway
from support.replica import Replica, kill_at_work
from support.weights import SCALING, TinyWeights
from test_clients import as_bytes, latent_of, same

DECODES = 300
DIFFERENT = 30
CONCURRENCY = 8
KILL_AT = 50
RESTART_AT = 150


def test_300_decodes_survive_the_death_and_return_of_a_replica(
    gateway: Gateway, replicas: dict[str, list[Replica]], weights: dict[str, TinyWeights]
) -> None:
    base = latent_of("sd-v1", 16)
    latents = [base.roll(shifts=n % 16, dims=-1) * (1 - n / 100) for n in range(DIFFERENT)]
    expected = [as_bytes(weights["sd-v1"].decode(latent))[0] for latent in latents]

    def decode(n: int) -> tuple[int, np.ndarray]:
        latent = latents[n % DIFFERENT]
        picture = remote_decode(
            gateway.endpoint("sd-v1"), latent, **SCALING["sd-v1"], output_type="pt", partial_postprocess=True
        )
        return n, np.asarray(picture)

    victim = replicas["sd-v1"][0]
    seen = len(gateway.decodes())
    correct = 0
    try:
        with ThreadPoolExecutor(CONCURRENCY) as pool:
            futures = [pool.submit(decode, n) for n in range(DECODES)]
            for done, future in enumerate(as_completed(futures), start=1):
                n, picture = future.result()
                correct += same(picture, expected[n % DIFFERENT])
                if done == KILL_AT:
                    victim = kill_at_work(replicas["sd-v1"])
                if done == RESTART_AT:
                    victim.start()
    finally:
        victim.ready()
    assert correct == DECODES

    served = gateway.wait_for_decodes(seen + DECODES)[seen:]
    assert len(served) == DECODES
    assert all(event["status"] == 200 for event in served)
    assert any(event["attempts"] > 1 for event in served), "the death went by without a retry"
    assert serves_again(victim, gateway, decode)


def serves_again(victim: Replica, gateway: Gateway, decode: Callable[[int], object]) -> bool:
    """Whether a replica that came back is given work again, and soon, when there is more than one can do."""
    for _ in range(20):
        before = len(gateway.decodes())
        with ThreadPoolExecutor(CONCURRENCY) as pool:
            list(pool.map(decode, range(CONCURRENCY)))
        served = gateway.wait_for_decodes(before + CONCURRENCY)[before:]
        if any(event["backend"] == victim.name for event in served):
            return True
    return False
