"""The reference backend as a process that can be killed and started again on its port."""

import socket
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.data import ROOT
from support.process import Process


class Replica:
    """One backend; `url` stays the same over restarts."""

    kind = "vae-backend"

    def __init__(self, name: str, model: str, weights: Path) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        options = {"--model": model, "--weights": str(weights), "--port": str(self.port)}
        self._options = [text for pair in options.items() for text in pair]
        self.start()

    def start(self) -> None:
        """Returns at once; `ready` waits."""
        self._process = Process(self.command(), ROOT / "backend")

    def command(self) -> list[str]:
        return [sys.executable, "-m", "vae_backend", *self._options, "--threads", "1"]

    def ready(self) -> None:
        """It says so in its first line."""
        self._process.wait_for(lambda line: " on " in line)

    def kill(self) -> None:
        self._process.kill()

    def is_working(self) -> bool:
        with urllib.request.urlopen(f"{self.url}metrics", timeout=10) as answer:
            return "\ninf_batch_current_size 0\n" not in f"\n{answer.read().decode()}"

    def stop(self) -> None:
        self._process.stop()


def kill_at_work(replicas: Sequence[Replica]) -> Replica:
    """Kills the first that is found decoding, which the pool decides; within ten seconds one must be."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for replica in replicas:
            if replica.is_working():
                replica.kill()
                return replica
    raise AssertionError("no replica decodes anything")


class ToolkitReplica(Replica):
    """The same weights, in the handler for Inference Endpoints, under the toolkit's manners."""

    kind = "huggingface"

    def command(self) -> list[str]:
        script = Path(__file__).with_name("toolkit.py")
        return [sys.executable, str(script), *self._options]


class FullReplica(ToolkitReplica):
    """One whose GPU has no memory left, which the toolkit says as it says everything."""

    def command(self) -> list[str]:
        return [*super().command(), "--out-of-memory"]


@contextmanager
def start_replicas(folders: Mapping[str, Path], copies: int) -> Iterator[dict[str, list[Replica]]]:
    replicas = {
        model: [Replica(f"{model}-{n + 1}", model, folder) for n in range(copies)]
        for model, folder in folders.items()
    }
    everyone = [replica for group in replicas.values() for replica in group]
    with running(everyone):
        yield replicas


@contextmanager
def running(everyone: Sequence[Replica]) -> Iterator[None]:
    """Waits until they are ready; stops them at the end."""
    try:
        for replica in everyone:
            replica.ready()
        yield
    finally:
        for replica in everyone:
            replica.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
