"""Batches on a CPU: which cores decode which picture, and that nobody can see it."""

import threading

import pytest
import torch

from tests.support.vaes import CPU, save_kl, save_tiny
from vae_backend.decoders.side_by_side import SideBySide, shares, use_cores
from vae_backend.families import FAMILIES
from vae_backend.weights.load import load_decoder
from vae_backend.weights.locate import weights_at


@pytest.mark.parametrize(
    ("pictures", "cores", "rounds"),
    [
        (1, 2, [(1, 2)]),
        (4, 2, [(4, 1)]),
        (5, 2, [(4, 1), (1, 2)]),
        (3, 16, [(3, 5)]),
        (3, 1, [(3, 1)]),
    ],
)
def test_no_core_is_idle_that_a_picture_could_use(pictures, cores, rounds):
    assert shares(pictures, cores) == rounds


@pytest.fixture(autouse=True)
def two_cores():
    use_cores(2)
    yield
    use_cores(1)


@pytest.mark.parametrize(("save", "tolerance"), [(save_tiny, 0), (save_kl, 1e-4)])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_picture_is_the_same_whatever_its_company(save, tolerance, count, tmp_path):
    decoder = load_decoder(weights_at(save(tmp_path)), FAMILIES["sd-v1"], CPU, "auto")
    latents = torch.randn(count, 4, 16, 12, generator=torch.Generator().manual_seed(3))
    alone = torch.cat([decoder.run(one) for one in latents.split(1)])
    assert torch.allclose(decoder.run(latents), alone, rtol=0, atol=tolerance)
    with torch.inference_mode():
        together = decoder.adapter.decode(latents, None)
    assert torch.allclose(alone, together, atol=1e-5)


def test_pictures_run_at_the_same_time_on_one_core_each():
    both, cores = threading.Barrier(2), []

    def run(one):
        both.wait(60)
        cores.append(torch.get_num_threads())
        return one

    inputs = torch.arange(4.0).view(4, 1)
    assert torch.equal(SideBySide().run(run, inputs), inputs)
    assert cores == [1] * 4
    # The thread that asked has all of them again.
    assert torch.get_num_threads() == 2


def test_what_one_picture_raises_is_raised_when_none_runs_any_more():
    ended = []

    def run(one):
        if one.item() == 0:
            raise MemoryError
        ended.append(one.item())
        return one

    with pytest.raises(MemoryError):
        SideBySide().run(run, torch.arange(4.0).view(4, 1))
    assert sorted(ended) == [1, 2, 3]
