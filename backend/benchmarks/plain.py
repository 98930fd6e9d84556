"""What a server is measured against: the least that serves, in a process of its own.

One request after the other, each from its body to its file; diffusers and torch as they come. That is how a
handler of the Hugging Face toolkit is usually written.
"""

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from diffusers.image_processor import VaeImageProcessor

from vae_backend.weights.single_file import load_tiny

BACKEND = Path(__file__).parents[1]


class Plain(HTTPServer):
    """vae: what it decodes with. latents: the shape of all of them."""

    request_queue_size = 1024

    def __init__(self, vae: AutoencoderTiny, latents: tuple[int, ...], image: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.vae, self.latents, self.image = vae, latents, image
        self.processor = VaeImageProcessor()


class Handler(BaseHTTPRequestHandler):
    """Float16 latents to a picture file."""

    server: Plain
    timeout = 60

    @torch.no_grad()
    def do_POST(self) -> None:
        """One decode."""
        body = bytearray(self.rfile.read(int(self.headers["content-length"])))
        latents = torch.frombuffer(body, dtype=torch.float16).reshape(self.server.latents).float()
        pixels = self.server.vae.decode(latents, return_dict=False)[0]
        file = io.BytesIO()
        self.server.processor.postprocess(pixels)[0].save(file, format=self.server.image)
        self.send_response(200)
        self.send_header("content-length", str(file.tell()))
        self.send_header("x-batch-size", "1")
        self.end_headers()
        self.wfile.write(file.getvalue())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def plain_server(
    weights: Path, latents: tuple[int, ...], image: str, threads: int
) -> Iterator[tuple[str, int]]:
    """(URL, process id) of a server with the tiny VAE in the file `weights`."""
    arguments = [str(weights), ",".join(map(str, latents)), image, str(threads)]
    command = [sys.executable, "-m", "benchmarks.plain", *arguments]
    with subprocess.Popen(command, cwd=BACKEND, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.terminate()


def main(weights: str, latents: str, image: str, threads: str) -> None:
    """Serves until it is terminated."""
    torch.set_num_threads(int(threads))
    vae, _ = load_tiny(Path(weights))
    with Plain(vae.eval(), tuple(map(int, latents.split(","))), image) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
