"""Whatever is asked, well or badly, is answered as /openapi.json says, and never with a 5xx."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.gateway import Gateway, start_gateway

FOLDER = Path(__file__).parent / "schemathesis"

# Nothing is sent there but what an operator wants to know of it.
SPARE = """
[[vars.BACKENDS]]
id = "spare"
url = "http://127.0.0.1:1/"
models = ["ltx-2"]
"""

ADMIN_TOKEN = "correct-horse-battery-staple"

# Of all cases those with credentials; the others have none and end early.
WITH_CREDENTIALS = 0.85


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One that decodes by itself."""
    with start_gateway(
        {}, tmp_path_factory.mktemp("gateway"), SPARE, {"ADMIN_TOKEN": ADMIN_TOKEN}
    ) as gateway:
        yield gateway


@pytest.mark.parametrize("actor", ["schemathesis", "nobody"])
def test_random_requests_get_documented_answers(
    preview: Gateway,
    actor: str,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    capsys: pytest.CaptureFixture,
) -> None:
    cases = pytestconfig.getoption("cases")
    wanted = round(cases * (WITH_CREDENTIALS if actor == "schemathesis" else 1 - WITH_CREDENTIALS))
    environment = {
        "GATEWAY_URL": preview.url,
        "GATEWAY_KEY": preview.key,
        "GATEWAY_ADMIN_TOKEN": ADMIN_TOKEN,
    }
    sent = 0
    for seed in range(1, 100):
        # The first of these phases is the same each time.
        phases = "examples,coverage,fuzzing,stateful" if seed == 1 else "fuzzing,stateful"
        sent += run(actor, seed, min(400, max(5, (wanted - sent) // 40)), phases, environment, tmp_path)
        if sent >= wanted:
            break
    with capsys.disabled():
        sys.stdout.write(f" {sent} requests of {actor} ")
    assert sent >= wanted


def run(
    actor: str, seed: int, per_operation: int, phases: str, environment: dict[str, str], folder: Path
) -> int:
    """How many cases were sent; fails with all that was found."""
    report = folder / "report.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", f"{actor}.toml", "run"]
    options = {
        "--checks": "all",
        "--phases": phases,
        "--max-examples": str(per_operation),
        "--seed": str(seed),
        "--generation-database": "none",
        "--report": "json",
        "--report-json-path": str(report),
    }
    flat = [text for pair in options.items() for text in pair]
    flags = [f"{environment['GATEWAY_URL']}/openapi.json", "--continue-on-failure", "--no-color"]
    ended = subprocess.run(
        [*command, *flags, *flat],
        cwd=FOLDER,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        pytest.fail(ended.stdout[-20_000:] + ended.stderr[-2_000:])
    return json.loads(report.read_text())["test_cases"]["generated"]
