"""The wire, through the front door, with a decoder that is a fake: routes, headers, statuses."""

import json
import socket

import numpy as np
import pytest
import requests
import torch

from tests.support.fake import FakeDecoder
from tests.support.server import PATIENCE_S, TENSOR, serving
from vae_backend.exchange import Settings
from vae_backend.scaling import Scaling

LATENTS = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)).half()
BODY = LATENTS.numpy().tobytes()
QUERY = {"shape": [1, 4, 8, 8], "dtype": "float16", "scaling_factor": 0.18215, "output_type": "pt"}


@pytest.fixture(scope="module")
def pictures():
    with serving(FakeDecoder("sd-v1"), Settings(max_megapixels=0.02, body_timeout_s=PATIENCE_S)) as url:
        yield url


@pytest.fixture(scope="module")
def videos():
    with serving(FakeDecoder("hunyuan-video")) as url:
        yield url


def post(url: str, body: bytes = BODY, query: dict | None = None, headers: dict | None = None):
    return requests.post(
        url, data=body, params=QUERY | (query or {}), headers=TENSOR | (headers or {}), timeout=PATIENCE_S
    )


def chunked(body: bytes, size: int = 100):
    """Sent without a Content-Length."""
    return (body[start : start + size] for start in range(0, len(body), size))


def check_error(response: requests.Response, status: int, code: str) -> str:
    """Every error is a JSON object with a sentence and a code."""
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    answer = response.json()
    assert set(answer) == {"error", "code"}
    assert answer["code"] == code
    assert answer["error"].endswith(".")
    return answer["error"]


@pytest.mark.parametrize("path", ["/", "/health"])
def test_health_is_ok_in_plain_text(pictures, path):
    response = requests.get(pictures + path, timeout=PATIENCE_S)
    assert (response.status_code, response.text, response.headers["content-type"]) == (
        200,
        "Ok",
        "text/plain",
    )


def test_metrics_are_the_two_gauges(pictures):
    response = requests.get(f"{pictures}/metrics", timeout=PATIENCE_S)
    assert response.text.startswith("inf_batch_current_size 0\ninf_queue_size 0\n")
    assert response.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("path", ["", "/", "/predict"])
def test_decodes_are_posted_to_the_root_or_predict(pictures, path):
    assert post(pictures + path).status_code == 200


def test_a_tensor_answer_describes_itself(pictures):
    response = post(pictures)
    assert response.headers["shape"] == "[1,3,64,64]"
    assert response.headers["dtype"] == "float32"
    assert response.headers["content-type"] == "tensor/binary"
    assert int(response.headers["content-length"]) == len(response.content) == 3 * 64 * 64 * 4
    assert response.headers["x-vae-model"] == "sd-v1"
    assert float(response.headers["x-compute-ms"]) >= 0
    assert float(response.headers["x-queue-ms"]) >= 0


@pytest.mark.parametrize(
    ("query", "accept", "shape", "dtype", "value"),
    [
        ({"output_type": "pt"}, "tensor/binary", [2, 3, 64, 64], "float32", 0.0),
        ({"output_type": "pt", "partial_postprocess": "True"}, "tensor/binary", [2, 64, 64, 3], "uint8", 128),
        ({"output_type": "pil"}, "tensor/binary", [2, 3, 64, 64], "float32", 0.5),
    ],
)
def test_tensors_of_pictures_keep_the_batch(pictures, query, accept, shape, dtype, value):
    response = post(pictures, BODY * 2, {"shape": [2, 4, 8, 8], **query}, {"accept": accept})
    assert (json.loads(response.headers["shape"]), response.headers["dtype"]) == (shape, dtype)
    pixels = np.frombuffer(response.content, dtype).reshape(shape)
    assert (pixels == value).all()


@pytest.mark.parametrize(
    ("query", "accept", "shape", "dtype"),
    [
        ({"output_type": "pt"}, "tensor/binary", [1, 3, 9, 32, 48], "float32"),
        ({"output_type": "pt", "partial_postprocess": "True"}, "tensor/binary", [9, 32, 48, 3], "uint8"),
        ({"output_type": "pil"}, "tensor/binary", [9, 3, 32, 48], "float32"),
    ],
)
def test_tensors_of_videos_have_the_protocols_shapes(videos, query, accept, shape, dtype):
    latents = {"shape": [1, 16, 3, 4, 6], "dtype": "float32", "height": 24, "width": 32}
    response = post(videos, bytes(16 * 3 * 4 * 6 * 4), latents | query, {"accept": accept})
    assert (json.loads(response.headers["shape"]), response.headers["dtype"]) == (shape, dtype)
    assert len(response.content) == np.prod(shape) * np.dtype(dtype).itemsize


@pytest.mark.parametrize("accept", ["text/plain", "video/mp4"])
def test_an_mp4_comes_under_the_type_that_was_asked_for(videos, accept):
    latents = {"shape": [1, 16, 3, 4, 6], "dtype": "float32", "output_type": "mp4"}
    response = post(videos, bytes(16 * 3 * 4 * 6 * 4), latents, {"accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, accept)
    assert response.content[4:8] == b"ftyp"
    assert "shape" not in response.headers


def test_pictures_carry_no_tensor_headers(pictures):
    response = post(pictures, query={"output_type": "pil"}, headers={"accept": "image/png"})
    assert response.headers["content-type"] == "image/png"
    assert int(response.headers["content-length"]) == len(response.content)
    assert "shape" not in response.headers
    assert "dtype" not in response.headers


def test_latents_and_scaling_reach_the_decoder_as_sent():
    decoder = FakeDecoder()
    with serving(decoder) as url:
        post(url)
        post(url, chunked(BODY))
    for latents, scaling in decoder.seen:
        assert torch.equal(latents, LATENTS)
        assert scaling == Scaling(factor=0.18215)
    assert len(decoder.seen) == 2


@pytest.mark.parametrize("content_type", [None, "application/octet-stream"])
def test_a_body_without_or_with_a_generic_type_is_raw(pictures, content_type):
    assert post(pictures, headers={"content-type": content_type}).status_code == 200


@pytest.mark.parametrize(
    ("attempt", "echoed"), [("a1_-Z", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("", False)]
)
def test_a_well_formed_attempt_id_is_echoed(pictures, attempt, echoed):
    for response in (
        post(pictures, headers={"x-attempt-id": attempt}),
        post(pictures, b"", headers={"x-attempt-id": attempt}),
    ):
        assert response.headers.get("x-attempt-id") == (attempt if echoed else None)


@pytest.mark.parametrize(
    ("query", "headers", "status", "code"),
    [
        ({"shape": None}, {}, 400, "shape-missing"),
        ({"shape": "x"}, {}, 400, "shape-invalid"),
        ({"dtype": None}, {}, 400, "dtype-missing"),
        ({"dtype": "float64"}, {}, 400, "dtype-unsupported"),
        ({"scaling_factor": "big"}, {}, 400, "query-invalid"),
        ({"output_type": "mp4"}, {}, 400, "output-type-unsupported"),
        ({"shape": [1, 16, 8, 8]}, {}, 400, "latent-shape-mismatch"),
        ({"shape": [1, 4, 8, 9]}, {}, 400, "body-length"),
        ({}, {"content-type": "application/json"}, 415, "content-type-unsupported"),
        ({}, {"accept": "image/png"}, 406, "not-acceptable"),
        ({"shape": [1, 4, 64, 64]}, {}, 422, "decode-too-large"),
    ],
)
def test_each_mistake_of_the_caller_has_its_status_and_code(pictures, query, headers, status, code):
    check_error(post(pictures, query=query, headers=headers), status, code)


def test_nothing_is_decoded_for_an_accept_that_cannot_be_met():
    decoder = FakeDecoder()
    with serving(decoder) as url:
        check_error(post(url, headers={"accept": "application/json"}), 406, "not-acceptable")
    assert decoder.seen == []


@pytest.mark.parametrize("send", [bytes, chunked])
def test_a_wrong_length_is_told_with_both_numbers(pictures, send):
    for body in (BODY[:-1], BODY + b"x", b"x"):
        sentence = check_error(post(pictures, send(body)), 400, "body-length")
        assert "512 bytes" in sentence
        assert f"{len(body)} bytes" in sentence


@pytest.mark.parametrize("send", [bytes, lambda body: chunked(body, 65_536)])
def test_a_body_beyond_any_decode_is_too_large(pictures, send):
    # Far more than a socket buffers: the answer arrives because the rest is read and thrown away.
    check_error(post(pictures, send(bytes(8_000_000))), 413, "body-too-large")


def test_too_large_a_decode_is_told_what_fits(pictures):
    sentence = check_error(post(pictures, bytes(32768), {"shape": [1, 4, 64, 64]}), 422, "decode-too-large")
    assert "0.02 megapixels" in sentence
    assert "136x136 would fit" in sentence


def test_packed_latents_need_their_size():
    decoder = FakeDecoder("flux")
    latents = {"shape": [1, 24, 64], "dtype": "float16"}
    with serving(decoder) as url:
        check_error(post(url, bytes(24 * 64 * 2), latents), 400, "size-missing")
        response = post(url, bytes(24 * 64 * 2), latents | {"height": 64, "width": 96})
    assert response.headers["shape"] == "[1,3,64,96]"
    assert decoder.seen[0][0].shape == (1, 16, 8, 12)


def test_unknown_paths_and_methods_are_json_too(pictures):
    check_error(requests.post(f"{pictures}/nowhere", data=BODY, timeout=PATIENCE_S), 404, "not-found")
    check_error(requests.post(f"{pictures}/predict/", data=BODY, timeout=PATIENCE_S), 404, "not-found")
    response = requests.put(pictures, data=BODY, timeout=PATIENCE_S)
    check_error(response, 405, "method-not-allowed")
    assert "POST" in response.headers["allow"]


def test_a_body_that_stalls_is_given_up():
    with serving(FakeDecoder(), Settings(body_timeout_s=0.05)) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as client:
            head = f"POST /?shape=1,4,8,8&dtype=float16 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 512\r\n"
            client.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
            answer = b""
            while b"body-timeout" not in answer:
                part = client.recv(4096)
                assert part, answer
                answer += part
    assert b"HTTP/1.1 408" in answer
