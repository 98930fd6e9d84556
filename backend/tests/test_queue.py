"""One decode at a time, a bounded line, and what happens to those in it."""

import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import pytest
import requests
import torch

from tests.support.fake import FakeDecoder
from tests.support.server import PATIENCE_S, TENSOR, gauges, serving, until_gauges
from vae_backend.exchange import Settings
from vae_backend.memory import is_out_of_memory
from vae_backend.serving.metrics import Metrics

BODY = bytes(4 * 8 * 8 * 2)
QUERY = {"shape": [1, 4, 8, 8], "dtype": "float16", "output_type": "pt"}


def post(url: str, first: float = 0.0) -> requests.Response:
    """Posts latents whose first value can tell requests apart."""
    body = torch.tensor([first], dtype=torch.float16).numpy().tobytes() + BODY[2:]
    return requests.post(url, data=body, params=QUERY, headers=TENSOR, timeout=PATIENCE_S)


@pytest.fixture
def clients():
    with ThreadPoolExecutor(8) as pool:
        yield pool


def test_a_full_queue_is_busy_while_those_in_it_succeed(clients):
    decoder = FakeDecoder()
    with serving(decoder, Settings(queue_slots=2)) as url:
        decoder.gate.clear()
        accepted = [clients.submit(post, url)]
        decoder.until_entered()
        accepted += [clients.submit(post, url) for _ in range(2)]
        until_gauges(url, (1, 2))

        refused = post(url)
        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert int(refused.headers["retry-after"]) >= 1
        assert requests.get(url, timeout=PATIENCE_S).text == "Ok"

        decoder.gate.set()
        assert [answer.result().status_code for answer in accepted] == [200, 200, 200]
        assert gauges(url) == (0, 0)
        assert post(url).status_code == 200


def test_a_queue_of_zero_serves_one_at_a_time(clients):
    decoder = FakeDecoder()
    with serving(decoder, Settings(queue_slots=0)) as url:
        decoder.gate.clear()
        running = clients.submit(post, url)
        decoder.until_entered()
        assert post(url).status_code == 503
        decoder.gate.set()
        assert running.result().status_code == 200
        assert len(decoder.seen) == 1


def test_requests_are_decoded_in_order_of_arrival(clients):
    decoder = FakeDecoder()
    with serving(decoder) as url:
        decoder.gate.clear()
        answers = []
        for number in range(4):
            answers.append(clients.submit(post, url, float(number)))
            until_gauges(url, (1, number))
        decoder.gate.set()
        assert all(answer.result().status_code == 200 for answer in answers)
    assert [latents.flatten()[0].item() for latents, _ in decoder.seen] == [0, 1, 2, 3]


def test_time_in_the_queue_and_time_at_work_are_told_apart(clients):
    decoder = FakeDecoder()
    with serving(decoder) as url:
        decoder.gate.clear()
        first = clients.submit(post, url)
        decoder.until_entered()
        second = clients.submit(post, url)
        until_gauges(url, (1, 1))
        # A place counts as waiting from before its body is read; these round trips see that to its end.
        for _ in range(5):
            assert gauges(url) == (1, 1)
        held_from = perf_counter()
        for _ in range(20):
            assert gauges(url) == (1, 1)
        # Headers are rounded to a tenth.
        held_ms = (perf_counter() - held_from) * 1e3 - 0.1
        decoder.gate.set()
        assert float(second.result().headers["x-queue-ms"]) >= held_ms
        assert float(first.result().headers["x-compute-ms"]) >= held_ms


@pytest.mark.parametrize(
    "failure",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_running_out_of_memory_is_retryable_and_the_next_request_works(failure, caplog):
    decoder = FakeDecoder()
    decoder.failures = [failure]
    with serving(decoder) as url:
        refused = post(url)
        assert (refused.status_code, refused.json()["code"]) == (503, "out-of-memory")
        assert int(refused.headers["retry-after"]) >= 1
        assert post(url).status_code == 200
        assert gauges(url) == (0, 0)
    assert "GiB" not in caplog.text


def test_other_failures_are_internal_and_keep_their_text_to_themselves(caplog):
    decoder = FakeDecoder()
    decoder.failures = [ValueError("secret payload")]
    with serving(decoder) as url, caplog.at_level(logging.DEBUG):
        failed = post(url)
        assert (failed.status_code, failed.json()["code"]) == (500, "internal")
        assert post(url).status_code == 200
    assert "secret" not in failed.text + caplog.text
    assert "ValueError at fake.py:" in caplog.text


def test_only_memory_errors_are_taken_for_memory_errors():
    assert is_out_of_memory(RuntimeError("CUDA error: out of memory"))
    assert not is_out_of_memory(RuntimeError("expected 4 channels"))
    assert not is_out_of_memory(ValueError("out of memory"))


def test_a_client_that_leaves_while_waiting_is_dropped_before_it_starts(clients):
    decoder = FakeDecoder()
    with serving(decoder) as url:
        decoder.gate.clear()
        running = clients.submit(post, url)
        decoder.until_entered()

        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as leaver:
            head = (
                f"POST /?shape=1,4,8,8&dtype=float16 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 512\r\n\r\n"
            )
            leaver.sendall(head.encode() + BODY)
            until_gauges(url, (1, 1))
        until_gauges(url, (1, 0))

        last = clients.submit(post, url)
        until_gauges(url, (1, 1))
        decoder.gate.set()
        assert [answer.result().status_code for answer in (running, last)] == [200, 200]
    assert len(decoder.seen) == 2


def test_a_client_that_leaves_during_its_upload_frees_its_place():
    decoder = FakeDecoder()
    with serving(decoder, Settings(queue_slots=0)) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as leaver:
            head = (
                f"POST /?shape=1,4,8,8&dtype=float16 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 512\r\n\r\n"
            )
            leaver.sendall(head.encode() + BODY[:100])
            until_gauges(url, (0, 1))
            assert post(url).status_code == 503
        until_gauges(url, (0, 0))
        assert post(url).status_code == 200


def test_a_client_that_leaves_during_its_decode_does_no_harm():
    decoder = FakeDecoder()
    with serving(decoder) as url:
        decoder.gate.clear()
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as leaver:
            head = (
                f"POST /?shape=1,4,8,8&dtype=float16 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 512\r\n\r\n"
            )
            leaver.sendall(head.encode() + BODY)
            decoder.until_entered()
        decoder.gate.set()
        assert post(url).status_code == 200
        until_gauges(url, (0, 0))


def test_retry_after_grows_with_the_queue_and_the_mean_decode():
    metrics = Metrics()
    assert metrics.retry_after_s() == 1
    for _ in range(20):
        metrics.decoded(2.5)
    metrics.running, metrics.waiting = 1, 3
    assert metrics.retry_after_s() == 10
    metrics.waiting = 1000
    assert metrics.retry_after_s() == 120
