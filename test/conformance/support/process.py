"""Child processes whose output is kept, and read while they run."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

START_S = 120


class Process:
    """A program and the lines it has printed."""

    def __init__(self, command: Sequence[str], cwd: Path, env: dict[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self._arrived = threading.Condition()
        self._child = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._child.stdout:
            with self._arrived:
                self.lines.append(line.rstrip("\n"))
                self._arrived.notify_all()
        with self._arrived:
            self.lines.append(f"[ended with {self._child.wait()}]")
            self._arrived.notify_all()

    def wait_for(self, found: Callable[[str], bool]) -> str:
        """The first line that `found` accepts. Raises when it does not come within START_S."""

        def match() -> str | None:
            return next((line for line in self.lines if found(line) or line.startswith("[ended")), None)

        with self._arrived:
            self._arrived.wait_for(match, timeout=START_S)
            line = match()
        if line is None or line.startswith("[ended"):
            raise RuntimeError("did not start:\n" + "\n".join(self.lines))
        return line

    def wait_until(self, enough: Callable[[list[str]], bool]) -> None:
        """Returns once the lines so far are `enough`. Raises when START_S pass before."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: enough(self.lines), timeout=START_S):
                raise RuntimeError("still waiting for more output")

    def kill(self) -> None:
        """SIGKILL: no goodbye to anybody."""
        os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def stop(self) -> int:
        """SIGINT to the whole group, as Ctrl-C in a terminal."""
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGINT)
        try:
            return self._child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
