"""What happens before the first request."""

from functools import partial

import pytest
import torch

from tests.support.vaes import CPU, save_tiny
from vae_backend.errors import StartupError
from vae_backend.families import FAMILIES
from vae_backend.options import Shot
from vae_backend.serving.engine import Engine
from vae_backend.serving.warmup import warm_up
from vae_backend.weights.load import load_decoder
from vae_backend.weights.locate import weights_at

SMALL = Shot(1, 32, 32)


@pytest.fixture
def decoder(tmp_path):
    return load_decoder(weights_at(save_tiny(tmp_path)), FAMILIES["sd-v1"], CPU, "auto")


@pytest.fixture
def compilations(monkeypatch, decoder):
    """Grows by one with each graph that torch would compile."""
    made = []

    def count(graph, _):
        made.append(graph)
        return graph.forward

    monkeypatch.setattr(decoder, "compile", partial(decoder.compile, count))
    yield made
    torch.compiler.set_stance("default")
    torch.compiler.reset()


def test_only_sizes_that_were_warmed_up_are_compiled_and_others_decode_all_the_same(decoder, compilations):
    latents = torch.randn(1, 4, 6, 6, generator=torch.Generator().manual_seed(3))
    expected = decoder.run(latents)
    warm_up(Engine(decoder, capacity=2), [SMALL], compiled=True, graphs=False)
    made = len(compilations)
    assert made >= 1
    assert torch.allclose(decoder.run(latents), expected, atol=1e-5)
    decoder.run(torch.zeros(1, 4, 4, 4))
    assert len(compilations) == made


@pytest.mark.parametrize(
    ("shots", "compiled", "graphs", "says"),
    [([SMALL], False, True, "CUDA device"), ([], True, False, "--warmup sizes")],
)
def test_what_the_machine_cannot_do_is_told_at_start(shots, compiled, graphs, says, decoder):
    with pytest.raises(StartupError, match=says):
        warm_up(Engine(decoder), shots, compiled=compiled, graphs=graphs)


def test_a_size_that_does_not_fit_is_told_at_start(decoder, monkeypatch):
    def short(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(decoder, "run", short)
    with pytest.raises(StartupError, match="not enough memory for --warmup"):
        warm_up(Engine(decoder), [SMALL], compiled=False, graphs=False)
