"""Jobs that run together: who is chosen, who gets which picture, and what happens when memory is short."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests
import torch

from tests.support.fake import FakeDecoder
from tests.support.server import PATIENCE_S, TENSOR, gauges, serving, until_gauges
from tests.support.vaes import CPU, random_tiny, save_tiny
from vae_backend.exchange import Settings
from vae_backend.families import FAMILIES
from vae_backend.limits import Size
from vae_backend.scaling import UNSCALED
from vae_backend.serving.batching import Choice, Waiting, choose
from vae_backend.serving.budget import Budget, Plan, batch_limit, plan_decode
from vae_backend.serving.engine import Engine
from vae_backend.serving.tasks import DecodeTask
from vae_backend.weights.load import load_decoder
from vae_backend.weights.locate import weights_at

CALLERS = 200
QUERY = {"shape": [1, 4, 8, 8], "dtype": "float16", "output_type": "pt"}


def job(key, pictures=1, arrived=0.0, limit=4):
    return Waiting(key, pictures, arrived, limit)


@pytest.mark.parametrize(
    ("line", "more_coming", "choice"),
    [
        ([], False, Choice()),
        ([job("a")], False, Choice(run=(0,))),
        ([job("a"), job("b"), job("a")], False, Choice(run=(0, 2))),
        ([job("a")] * 6, False, Choice(run=(0, 1, 2, 3))),
        ([job("a", 3), job("a", 2), job("a", 1)], False, Choice(run=(0, 2))),
        ([job("a", 9), job("a")], False, Choice(run=(0,))),
        ([job(None), job(None)], True, Choice(run=(0,))),
        ([job("a")] * 4, True, Choice(run=(0, 1, 2, 3))),
        ([job("a"), job("a")], True, Choice(wait_s=pytest.approx(0.002))),
        ([job("a", limit=1)], True, Choice(run=(0,))),
    ],
)
def test_a_batch_is_the_oldest_job_and_those_like_it(line, more_coming, choice):
    assert choose(line, 0.001, 0.003, more_coming=more_coming) == choice


def test_a_batch_waits_no_longer_than_its_oldest_job_may():
    assert choose([job("a", arrived=1.0)], 1.004, 0.003, more_coming=True) == Choice(run=(0,))


def post(url, value, query=None):
    latents = torch.full((1, 4, 8, 8), value, dtype=torch.float16)
    return requests.post(
        url, data=latents.numpy().tobytes(), params=QUERY | (query or {}), headers=TENSOR, timeout=PATIENCE_S
    )


def grey_of(response):
    assert response.status_code == 200, response.text
    dtype = response.headers["dtype"]
    values = np.frombuffer(response.content, dtype)
    assert (values == values[0]).all()
    return float(values[0])


def test_200_callers_at_once_get_each_their_own_picture_out_of_batches():
    decoder = FakeDecoder(grey=False)
    settings = Settings(queue_slots=CALLERS, capacity=8)
    with serving(decoder, settings) as url, ThreadPoolExecutor(CALLERS) as callers:
        decoder.gate.clear()
        start = threading.Barrier(CALLERS)

        def call(number):
            start.wait(PATIENCE_S)
            return grey_of(post(url, number / 256))

        answers = [callers.submit(call, number) for number in range(CALLERS)]
        decoder.until_entered()
        decoder.gate.set()
        assert [answer.result() for answer in answers] == [number / 256 for number in range(CALLERS)]
    assert sum(decoder.batches) == CALLERS
    assert max(decoder.batches) > 1
    assert max(decoder.batches) <= 8


def test_200_callers_of_a_real_network_get_the_very_bytes_that_each_gets_alone(tmp_path):
    decoder = load_decoder(weights_at(save_tiny(tmp_path)), FAMILIES["sd-v1"], CPU, "auto")
    latents = torch.randn(CALLERS, 1, 4, 4, 4, generator=torch.Generator().manual_seed(3)).half()
    alone = [decoder.run(decoder.prepare(one, UNSCALED)).numpy().tobytes() for one in latents]
    assert len(set(alone)) == CALLERS

    def call(url, number):
        query = QUERY | {"shape": [1, 4, 4, 4]}
        body = latents[number].numpy().tobytes()
        return requests.post(url, data=body, params=query, headers=TENSOR, timeout=PATIENCE_S)

    settings = Settings(queue_slots=CALLERS, capacity=8)
    with serving(decoder, settings) as url, ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(lambda number: call(url, number), range(CALLERS)))
    assert [answer.content for answer in answers] == alone
    assert any(int(answer.headers["x-batch-size"]) > 1 for answer in answers)


@pytest.fixture
def clients():
    with ThreadPoolExecutor(8) as pool:
        yield pool


def in_line(clients, decoder, url, calls):
    """Answers of calls that all waited while one before them ran."""
    decoder.gate.clear()
    first = clients.submit(post, url, 0.0)
    decoder.until_entered()
    answers = []
    for number, call in enumerate(calls, start=1):
        answers.append(clients.submit(call))
        until_gauges(url, (1, number))
    # Their bodies are here too: each question was asked after they were sent.
    for _ in range(5):
        gauges(url)
    decoder.gate.set()
    assert first.result().status_code == 200
    return [answer.result() for answer in answers]


def test_jobs_of_another_shape_wait_for_a_batch_of_their_own_and_forms_may_differ(clients):
    decoder = FakeDecoder(grey=False)
    with serving(decoder, Settings(capacity=8)) as url:
        wide = {"shape": [1, 4, 4, 16]}
        answers = in_line(
            clients,
            decoder,
            url,
            [
                lambda: post(url, 0.25),
                lambda: post(url, 0.5, wide),
                lambda: post(url, 0.75, {"partial_postprocess": "True"}),
            ],
        )
    assert [grey_of(answer) for answer in answers] == [0.25, 0.5, 223.0]
    assert [answer.headers["x-batch-size"] for answer in answers] == ["2", "1", "2"]
    assert answers[0].headers["x-batch-capacity"] == "8"
    assert decoder.batches == [1, 2, 1]


def test_a_batch_that_is_short_of_memory_is_tried_one_by_one(clients):
    decoder = FakeDecoder(grey=False)
    decoder.failures = [None, torch.OutOfMemoryError("CUDA out of memory")]
    with serving(decoder, Settings(capacity=8)) as url:
        answers = in_line(clients, decoder, url, [lambda: post(url, 0.25), lambda: post(url, 0.5)])
    assert [grey_of(answer) for answer in answers] == [0.25, 0.5]
    assert decoder.batches == [1, 2, 1, 1]


def test_memory_that_a_batch_lacks_fails_only_whom_it_cannot_serve_alone():
    decoder = FakeDecoder(grey=False)
    engine = Engine(decoder, capacity=4)
    tasks = [
        DecodeTask(torch.full((1, 4, 8, 8), value), UNSCALED, "signed", Size(1, 1, 64, 64))
        for value in (0.25, 0.5)
    ]
    memory = torch.OutOfMemoryError("CUDA out of memory")
    decoder.failures = [memory, memory]
    first, second = engine.decode(tasks)
    assert decoder.batches == [2, 1, 1]
    assert isinstance(first, Exception)
    assert "would fit" in str(first)
    assert second.wait().unique().item() == 0.5


MEGA = 1_000_000


@pytest.mark.parametrize(
    ("free", "plan"),
    [
        (None, Plan()),
        (5000 * MEGA, Plan()),
        (3500 * MEGA, Plan(tile=1024)),
        (600 * MEGA, Plan(tile=512)),
        (200 * MEGA, Plan(tile=256)),
        (60 * MEGA, Plan(fits="232x232")),
    ],
)
def test_tiles_are_as_large_as_the_memory_allows_and_only_where_it_must_be(free, plan):
    budget = Budget(free, bytes_per_pixel=1000, item_bytes=2, can_tile=True)
    assert plan_decode(Size(1, 1, 2048, 2048), budget, 8, 1) == plan


def test_a_network_without_tiles_says_what_would_fit_whole():
    budget = Budget(1000 * MEGA, bytes_per_pixel=1000, item_bytes=2, can_tile=False)
    assert plan_decode(Size(1, 1, 2048, 2048), budget, 8, 1) == Plan(fits="944x944")
    assert plan_decode(Size(4, 1, 512, 1024), budget, 8, 1) == Plan(fits="A batch of 1")


def test_fewer_pictures_run_together_where_memory_is_short():
    budget = Budget(1000 * MEGA, bytes_per_pixel=1000, item_bytes=2, can_tile=True)
    assert batch_limit(Size(1, 1, 512, 512), budget, 8) == 3
    assert batch_limit(Size(1, 1, 256, 256), budget, 8) == 8
    assert batch_limit(Size(5, 1, 512, 512), budget, 8) == 5


def test_what_fits_in_tiles_only_is_decoded_in_tiles_and_says_so():
    decoder = FakeDecoder()
    decoder.bytes_per_pixel = 1000.0
    big = {"shape": [1, 4, 64, 64], "dtype": "float16", "output_type": "pt"}
    with serving(decoder, engine=Engine(decoder, memory=lambda: 120 * MEGA)) as url:
        body = bytes(2 * 4 * 64 * 64)
        answer = requests.post(url, data=body, params=big, headers=TENSOR, timeout=PATIENCE_S)
        assert (answer.status_code, answer.headers["x-vae-tiled"]) == (200, "256")
        assert "x-vae-tiled" not in post(url, 0.5).headers
    assert decoder.tiles == [256, None]


def test_what_cannot_fit_is_refused_with_the_size_that_would():
    decoder = FakeDecoder()
    decoder.bytes_per_pixel = 1000.0
    with serving(decoder, engine=Engine(decoder, memory=lambda: 3 * MEGA)) as url:
        refused = post(url, 0.5)
        assert (refused.status_code, refused.json()["code"]) == (503, "out-of-memory")
        assert "48x48 would fit" in refused.json()["error"]
        assert int(refused.headers["retry-after"]) >= 1
    assert decoder.batches == []


def test_tiles_of_the_real_network_give_nearly_the_same_picture(tmp_path):
    decoder = load_decoder(weights_at(save_tiny(tmp_path)), FAMILIES["sd-v1"], CPU, "auto")
    latents = torch.randn(1, 4, 24, 40, generator=torch.Generator().manual_seed(3))
    whole, tiled = decoder.run(latents), decoder.run(latents, 128)
    assert tiled.shape == whole.shape
    assert not torch.equal(tiled, whole)
    assert (tiled - whole).abs().mean() < 0.05
    assert torch.equal(decoder.run(latents), whole)


def test_a_batch_of_the_real_network_is_its_pictures_one_by_one(tmp_path):
    decoder = load_decoder(weights_at(save_tiny(tmp_path)), FAMILIES["sd-v1"], CPU, "auto")
    latents = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        theirs = random_tiny().decode(latents).sample
    assert torch.allclose(decoder.run(latents), theirs, atol=1e-5)
    assert torch.allclose(torch.cat([decoder.run(one) for one in latents.split(1)]), theirs, atol=1e-5)
