"""Requests of every known client as bytes: diffusers by itself, others as their sources send them.

Writes `captured/NAME.http`, the whole request as it came over the socket, for `clients.test.ts` to replay.
Run it with the Python of the conformance tests when a client changes:

    .venv-conformance/bin/python test/compatibility/capture.py
"""

import base64
import contextlib
import json
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import requests
import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils.remote_utils import remote_decode, remote_encode
from diffusers.video_processor import VideoProcessor
from PIL import Image

FOLDER = Path(__file__).parent / "captured"

SD = (1, 4, 8, 8)
FLUX = (1, 16, 8, 8)
PACKED = (1, 16, 64)
VIDEO = (1, 16, 3, 8, 8)

FLUX_SCALING = {"scaling_factor": 0.3611, "shift_factor": 0.1159}

clients: dict[str, Callable[[str], object]] = {}


def client(name: str) -> Callable[[Callable[[str], object]], Callable[[str], object]]:
    """A function that sends one request to the endpoint given; what it makes of the answer is ignored."""

    def register(send: Callable[[str], object]) -> Callable[[str], object]:
        clients[name] = send
        return send

    return register


def latent(shape: tuple[int, ...], dtype: torch.dtype = torch.float16, scale: float = 1) -> torch.Tensor:
    generator = torch.Generator("cpu").manual_seed(13)
    return (torch.randn(shape, generator=generator) * scale).to(dtype)


def raw(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().view(torch.uint8).numpy().tobytes()


def describe(tensor: torch.Tensor) -> dict[str, object]:
    return {"shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch.")}


def diffusers(name: str, path: str, shape: tuple[int, ...], dtype: torch.dtype, **options: object) -> None:
    @client(name)
    def send(endpoint: str) -> object:
        return remote_decode(f"{endpoint}{path}", latent(shape, dtype), **options)


FP16, BF16, FP32 = torch.float16, torch.bfloat16, torch.float32
diffusers("diffusers-pil-jpg", "sd-v1/", SD, FP16, scaling_factor=0.18215)
diffusers("diffusers-pil-png", "sd-v1/", SD, FP16, scaling_factor=0.18215, image_format="png")
diffusers("diffusers-pil-processor", "sdxl", SD, FP16, scaling_factor=0.13025, processor=VaeImageProcessor())
diffusers("diffusers-pt", "sd-v1", SD, FP16, scaling_factor=0.18215, output_type="pt", return_type="pt")
diffusers(
    "diffusers-pt-uint8", "sdxl", SD, FP16, scaling_factor=0.13025, output_type="pt", partial_postprocess=True
)
diffusers(
    "diffusers-batch", "sd-v1", (3, 4, 8, 8), FP16, scaling_factor=0.18215, output_type="pt", return_type="pt"
)
diffusers("diffusers-batch-jpg", "sd-v1", (3, 4, 8, 8), FP16, scaling_factor=0.18215)
diffusers("diffusers-sizes", "sd-v1", SD, FP16, scaling_factor=0.18215, height=64, width=64)
diffusers("diffusers-flux-unpacked", "flux", FLUX, BF16, **FLUX_SCALING)
diffusers(
    "diffusers-flux-packed",
    "flux",
    PACKED,
    BF16,
    **FLUX_SCALING,
    height=64,
    width=64,
    output_type="pt",
    partial_postprocess=True,
)
diffusers("diffusers-mp4", "hunyuan-video", VIDEO, FP16, output_type="mp4")
diffusers(
    "diffusers-video-processor", "hunyuan-video", VIDEO, FP16, output_type="pil", processor=VideoProcessor()
)
diffusers("diffusers-video-pt", "hunyuan-video", VIDEO, FP16, output_type="pt", return_type="pt")
diffusers("diffusers-video-uint8", "hunyuan-video", VIDEO, FP16, output_type="pt", partial_postprocess=True)
diffusers("diffusers-inferred", "", SD, FP16, scaling_factor=0.13025)
diffusers("sdnext-framepack", "hunyuan-video", VIDEO, FP16, output_type="pt", return_type="pt")


@client("diffusers-not-scaled")
def not_scaled(endpoint: str) -> object:
    return remote_decode(f"{endpoint}sd-v1", latent(SD, scale=5.5), do_scaling=False)


@client("diffusers-basic-credentials")
def basic(endpoint: str) -> object:
    host = urllib.parse.urlsplit(endpoint).netloc
    return remote_decode(f"http://x:KEY@{host}/sd-v1", latent(SD), scaling_factor=0.18215)


@client("hf-space-comparison")
def space(endpoint: str) -> object:
    unscaled = latent(SD, FP32, 5.5)
    return remote_decode(f"{endpoint}sd-v1", unscaled, do_scaling=False, output_type="pt", return_type="pt")


@client("diffusers-encode-picture")
def encode_picture(endpoint: str) -> object:
    return remote_encode(
        f"{endpoint}sd-v1", Image.new("RGB", (64, 64), (90, 120, 150)), scaling_factor=0.18215
    )


@client("diffusers-encode-tensor")
def encode_tensor(endpoint: str) -> object:
    return remote_encode(f"{endpoint}sd-v1", torch.zeros(1, 3, 16, 16, dtype=FP16), scaling_factor=0.18215)


def pilot(name: str, path: str, tensor: torch.Tensor, **size: int) -> None:
    """The blog's first draft: everything in the body, nothing about scaling."""

    @client(name)
    def send(endpoint: str) -> object:
        return requests.post(
            f"{endpoint}{path}",
            headers={"Content-Type": "application/json", "Accept": "image/jpeg"},
            data=json.dumps(
                {"inputs": base64.b64encode(raw(tensor)).decode(), "parameters": {**describe(tensor), **size}}
            ),
        )


pilot("pilot-json", "sd-v1", latent(SD, FP32))
pilot("sdnext-pilot-flux", "flux", latent(PACKED, BF16).unsqueeze(0), height=64, width=64)


@client("early-base64")
def early_base64(endpoint: str) -> object:
    """The blog's second draft and the first revision of diffusers' pull request, in its default mode."""
    tensor = latent(SD)
    return requests.post(
        f"{endpoint}sd-v1",
        params={"do_scaling": True, "output_type": "pt", "partial_postprocess": False, **describe(tensor)},
        headers={"Content-Type": "tensor/base64", "Accept": "tensor/base64"},
        json={"inputs": base64.b64encode(raw(tensor)).decode()},
    )


def comfy(name: str, path: str, shape: tuple[int, ...], scale: float) -> None:
    """Nodes of kijai and Visionatrix: float32, scaled by ComfyUI, and a size from two of the axes."""

    @client(name)
    def send(endpoint: str) -> object:
        tensor = latent(shape, FP32, scale)
        return requests.post(
            f"{endpoint}{path}",
            data=raw(tensor),
            params={
                "do_scaling": False,
                "output_type": "pt",
                "partial_postprocess": False,
                **describe(tensor),
                "height": shape[2] * 8,
                "width": shape[3] * 8,
            },
            headers={"Content-Type": "tensor/binary", "Accept": "tensor/binary"},
        )


comfy("kijai-sdxl", "sdxl", SD, 7.7)
comfy("kijai-flux", "flux", FLUX, 2.8)
comfy("kijai-hunyuan", "hunyuan-video", VIDEO, 2.1)
comfy("visionatrix-flux", "flux", FLUX, 2.8)
comfy("visionatrix-hunyuan", "hunyuan-video", VIDEO, 2.1)


def sdnext(name: str, path: str, tensor: torch.Tensor, form: str, **params: object) -> None:
    """`form` is the setting: raw, jpg or png."""
    answer = (
        {"partial_postprocess": False, "output_type": "pt", "output_tensor_type": "binary"}
        if form == "raw"
        else {"image_format": form, "output_type": "pil"}
    )
    accept = {"raw": "tensor/binary", "jpg": "image/jpeg", "png": "image/png"}[form]

    @client(name)
    def send(endpoint: str) -> object:
        return requests.post(
            f"{endpoint}{path}",
            headers={"Content-Type": "tensor/binary", "Accept": accept},
            params={"input_tensor_type": "binary", **describe(tensor), **params, **answer},
            data=raw(tensor),
            timeout=300,
        )


sdnext("sdnext-2025-02-raw", "sd-v1", latent(SD), "raw", do_scaling=True)
sdnext("sdnext-2025-02-png", "sdxl", latent(SD), "png", do_scaling=True)
sdnext("sdnext-raw", "sd-v1", latent(SD), "raw", scaling_factor=0.18215)
sdnext("sdnext-jpg", "sdxl", latent(SD), "jpg", scaling_factor=0.13025)
sdnext("sdnext-playground", "sdxl", latent(SD), "png", scaling_factor=0.5)
size = {"width": 64, "height": 64}
sdnext("sdnext-flux-chw", "flux", latent(FLUX, BF16)[0], "png", **FLUX_SCALING, **size)
sdnext("sdnext-flux-packed", "flux", latent((2, 16, 64), BF16), "raw", **FLUX_SCALING, **size)
sdnext("sdnext-zimage", "f1", latent(FLUX, BF16), "jpg", **FLUX_SCALING, **size)
sdnext("sdnext-hunyuan", "hunyuan-video", latent(VIDEO), "raw", scaling_factor=0.476986)


def grid_query(tensor: torch.Tensor) -> dict[str, object]:
    _, _, height, width = tensor.shape
    return {
        "do_scaling": False,
        "output_type": "pt",
        "partial_postprocess": False,
        **describe(tensor),
        "height": height * 8,
        "width": width * 8,
    }


@client("gridtester-requests")
def grid_requests(endpoint: str) -> object:
    tensor = latent(SD, FP32, 5.5)
    headers = {"Content-Type": "tensor/binary", "Accept": "tensor/binary"}
    return requests.post(
        f"{endpoint}sd-v1", params=grid_query(tensor), headers=headers, data=raw(tensor), timeout=60
    )


@client("gridtester-urllib")
def grid_urllib(endpoint: str) -> object:
    tensor = latent(SD, FP32, 5.5)
    query = grid_query(tensor)
    shape = query.pop("shape")
    pairs = [*query.items(), *(("shape", size) for size in shape)]
    return urllib.request.urlopen(
        urllib.request.Request(
            f"{endpoint}sd-v1?{urllib.parse.urlencode(pairs)}",
            data=raw(tensor),
            headers={
                "Content-Type": "tensor/binary",
                "Accept": "tensor/binary",
                "Accept-Encoding": "identity",
                "Connection": "close",
            },
            method="POST",
        ),
        timeout=60,
    )


@client("urllib-no-type")
def urllib_no_type(endpoint: str) -> object:
    """A script that says nothing but what it must: urllib calls a body without a type a form."""
    query = "output_type=pil&shape=[1,4,8,8]&dtype=float16&scaling_factor=0.18215"
    request = urllib.request.Request(
        f"{endpoint}sd-v1?{query}", data=raw(latent(SD)), headers={"Content-Type": "application/octet-stream"}
    )
    return urllib.request.urlopen(request, timeout=60)


def receive(listener: socket.socket) -> bytes:
    """One whole request; its client is told 500, which none of them reads any further."""
    connection, _ = listener.accept()
    with connection:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65_536)
        head, body = received.split(b"\r\n\r\n", 1)
        fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
        while len(body) < int(fields[b"content-length"]):
            body += connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 500 Captured\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
    return head + b"\r\n\r\n" + body


def capture(send: Callable[[str], object]) -> bytes:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        captured: list[bytes] = []
        receiver = threading.Thread(target=lambda: captured.append(receive(listener)))
        receiver.start()
        # What they make of the 500 is their own affair.
        with contextlib.suppress(RuntimeError, OSError):
            send(f"http://127.0.0.1:{port}/k/KEY/")
        receiver.join()
    # The port is another one each time; what is sent is not.
    return captured[0].replace(f"127.0.0.1:{port}".encode(), b"gateway.example")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, send in clients.items():
        (FOLDER / f"{name}.http").write_bytes(capture(send))


if __name__ == "__main__":
    main()
