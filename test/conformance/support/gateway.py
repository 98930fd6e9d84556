"""The gateway as a user starts it: `npm start`."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.data import ROOT
from support.process import Process
from support.replica import Replica, free_port

CONFIG = """
[[vars.BACKENDS]]
id = "preview"
kind = "preview"
models = ["*"]
"""


@dataclass(frozen=True)
class Gateway:
    port: int
    key: str
    process: Process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def endpoint(self, model: str) -> str:
        """What a user pastes into remote_decode. Without a password requests would send no credentials."""
        return f"http://x:{self.key}@127.0.0.1:{self.port}/{model}"

    def decodes(self) -> list[dict]:
        """The gateway's own account of the decodes so far."""
        return decode_events(self.process.lines)

    def wait_for_decodes(self, count: int) -> list[dict]:
        """The same, once there are so many: a line is written a moment after its answer."""
        self.process.wait_until(lambda lines: len(decode_events(lines)) >= count)
        return self.decodes()


def decode_events(lines: list[str]) -> list[dict]:
    events = [json.loads(line) for line in list(lines) if line.startswith("{")]
    return [event for event in events if event["kind"] == "decode"]


def entry(replica: Replica, model: str) -> str:
    facts = {"id": replica.name, "url": replica.url, "kind": replica.kind}
    lines = [f'{name} = "{value}"' for name, value in facts.items()]
    operations = 'operations = ["decode", "encode"]'
    return "\n".join(["[[vars.BACKENDS]]", *lines, f'models = ["{model}"]', operations, ""])


@contextmanager
def start_gateway(
    replicas: Mapping[str, list[Replica]], folder: Path, more: str = "", env: dict[str, str] | None = None
) -> Iterator[Gateway]:
    """Serves by the replicas, by what `more` adds to wrangler.toml, and by the preview."""
    entries = "".join(entry(replica, model) for model, group in replicas.items() for replica in group)
    config = folder / "wrangler.toml"
    config.write_text(entries + more + CONFIG)
    port = free_port()
    options = f"--config {config} --port {port} --data {folder}".split()
    process = Process(["npm", "start", "--silent", "--", *options], ROOT, env)
    try:
        line = process.wait_for(lambda line: line.strip().startswith("key "))
        yield Gateway(port, line.split()[1], process)
    finally:
        process.stop()
