"""The command as an operator types it, in processes of its own."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.support.server import PATIENCE_S
from tests.support.vaes import save_tiny
from vae_backend.cli import main
from vae_backend.options import parse_options

BACKEND = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "vae_backend", "--model", "sd-v1", "--threads", "1"]


@contextmanager
def started(*arguments: str):
    """A running command with piped output; killed at the end if a test left it running."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=BACKEND,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_stops_cleanly(tmp_path, stop):
    with started("--weights", str(save_tiny(tmp_path)), "--port", "0", "--device", "cpu") as process:
        ready = process.stdout.readline().strip()
        prefix, _, about = ready.partition(" (")
        assert about == "AutoencoderTiny, cpu, float32)"
        url = prefix.removeprefix("vae-backend sd-v1 on ")
        assert requests.get(url, timeout=PATIENCE_S).text == "Ok"
        process.send_signal(stop)
        output, errors = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, output, errors) == (0, "", "")


def failure(capfd, *arguments: str) -> str:
    """The one line on stderr of a command that cannot start, run in this process."""
    assert main(arguments) == 2
    output, errors = capfd.readouterr()
    assert (output, errors.count("\n")) == ("", 1)
    assert errors.startswith("vae-backend: ")
    return errors


def test_a_port_in_use_is_one_line(capfd, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = failure(capfd, "--model", "sd-v1", "--weights", str(save_tiny(tmp_path)), "--port", port)
    assert f"port {port} on 127.0.0.1 is already in use" in line


def test_missing_weights_are_one_line(capfd):
    assert "no weights at /nowhere" in failure(
        capfd, "--model", "sd-v1", "--weights", "/nowhere", "--port", "0"
    )


def test_weights_of_another_family_are_one_line(capfd, tmp_path):
    weights = str(save_tiny(tmp_path))
    assert "flux has 16" in failure(capfd, "--model", "flux", "--weights", weights, "--port", "0")


def test_a_device_that_is_not_there_is_one_line(capfd, tmp_path):
    arguments = ["--weights", str(save_tiny(tmp_path)), "--port", "0", "--device", "cuda:99"]
    assert "no device cuda:99" in failure(capfd, "--model", "sd-v1", *arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--weights", "x"], "--model"),
        (["--model", "sd-v9", "--weights", "x"], "unknown model 'sd-v9'; known models: sd-v1, "),
        (["--model", "sd-v1"], "--weights"),
        (["--model", "sd-v1", "--weights", "x", "--port", "70000"], "from 0 to 65535"),
        (["--model", "sd-v1", "--weights", "x", "--queue", "-1"], "from 0"),
        (["--model", "sd-v1", "--weights", "x", "--max-megapixels", "nan"], "'nan'"),
        (["--model", "sd-v1", "--weights", "x", "--device", "gpu"], "cuda:N"),
        (["--model", "sd-v1", "--weights", "x", "--dtype", "int8"], "bfloat16"),
        (["--model", "sd-v1", "--weights", "x", "--wat"], "--wat"),
        (["--model", "sd-v1", "--weights", ".", "--host", "no such host"], "unknown host"),
    ],
)
def test_each_mistake_on_the_command_line_is_one_line(capfd, monkeypatch, tmp_path, arguments, says):
    monkeypatch.chdir(save_tiny(tmp_path))
    assert says in failure(capfd, *arguments)


def test_defaults_are_the_documented_ones():
    options = parse_options(["--model", "flux", "--weights", "x"])
    assert (options.host, options.port, options.device, options.dtype) == ("127.0.0.1", 8000, "auto", "auto")
    assert (options.queue, options.max_megapixels, options.threads) == (8, 16.8, None)
    assert (options.jpeg_quality, options.fps) == (90, 24)
    assert parse_options(["--model", "wan-2.1", "--weights", "x"]).max_megapixels == 160
