"""The reference backend as a process that can be killed and started again on its port."""

import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from support.data import ROOT
from support.process import Process


class Replica:
    """One backend; `url` stays the same over restarts."""

    def __init__(self, name: str, model: str, weights: Path) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        options = {"--model": model, "--weights": str(weights), "--port": str(self.port), "--threads": "1"}
        flat = [text for pair in options.items() for text in pair]
        self._command = [sys.executable, "-m", "vae_backend", *flat]
        self.start()

    def start(self) -> None:
        """Returns at once; `ready` waits."""
        self._process = Process(self._command, ROOT / "backend")

    def ready(self) -> None:
        self._process.wait_for(lambda line: line.startswith("vae-backend "))

    def kill(self) -> None:
        self._process.kill()

    def stop(self) -> None:
        self._process.stop()


@contextmanager
def start_replicas(folders: Mapping[str, Path], copies: int) -> Iterator[dict[str, list[Replica]]]:
    replicas = {
        model: [Replica(f"{model}-{n + 1}", model, folder) for n in range(copies)]
        for model, folder in folders.items()
    }
    everyone = [replica for group in replicas.values() for replica in group]
    try:
        for replica in everyone:
            replica.ready()
        yield replicas
    finally:
        for replica in everyone:
            replica.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
