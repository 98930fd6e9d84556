"""The real application on a real socket, in a thread of the test process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from vae_backend.app import create_app
from vae_backend.decoders.base import Decoder
from vae_backend.exchange import Settings
from vae_backend.server import bind, listen, make_server
from vae_backend.serving.engine import Engine

TENSOR = {"content-type": "tensor/binary", "accept": "tensor/binary"}
# Long enough for a busy machine, only reached when something hangs.
PATIENCE_S = 60


@contextmanager
def serving(
    decoder: Decoder, settings: Settings | None = None, engine: Engine | None = None
) -> Iterator[str]:
    """Serves `decoder` and yields the URL. The socket listens first, so no waiting for a start is needed."""
    app = create_app(decoder, settings or Settings(), engine)
    server = make_server(app)
    with bind("127.0.0.1", 0) as server_socket:
        url = listen(server_socket)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [server_socket]}, daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)
            app.state.worker.close()


def gauges(url: str) -> tuple[int, int]:
    """(running, waiting) as GET /metrics tells."""
    lines = requests.get(f"{url}/metrics", timeout=PATIENCE_S).text.splitlines()[:2]
    running, waiting = (int(line.split()[1]) for line in lines)
    return running, waiting


def until_gauges(url: str, expected: tuple[int, int]) -> None:
    """Asks for the gauges until they read `expected`; each question is a round trip, so nothing sleeps."""
    for _ in range(20_000):
        if gauges(url) == expected:
            return
    raise AssertionError(f"gauges stayed {gauges(url)}, expected {expected}")
