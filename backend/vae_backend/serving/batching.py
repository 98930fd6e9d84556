"""Which of the waiting jobs run next, together. A pure decision; `worker.py` acts on it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """One job in line. key: jobs with the same one can run together; None runs alone. arrived: seconds."""

    key: Hashable | None
    pictures: int
    arrived: float
    limit: int


@dataclass(frozen=True)
class Choice:
    """run: indices into the line, to be started now. wait_s: without any, how long to wait for company."""

    run: tuple[int, ...] = ()
    wait_s: float | None = None


def choose(line: Sequence[Waiting], now: float, linger_s: float, *, more_coming: bool) -> Choice:
    """The oldest job, with every later one that may run beside it.

    A batch that is not full waits until its oldest job is `linger_s` old, and only while another request is
    known to be on its way (`more_coming`): a lone client never waits for company that cannot come.
    """
    if not line:
        return Choice()
    first = line[0]
    chosen, pictures = [0], first.pictures
    if first.key is not None:
        for index, job in enumerate(line[1:], start=1):
            if job.key == first.key and pictures + job.pictures <= first.limit:
                chosen.append(index)
                pictures += job.pictures
    left = first.arrived + linger_s - now
    has_room = first.key is not None and pictures < first.limit
    if has_room and more_coming and left > 0:
        return Choice(wait_s=left)
    return Choice(run=tuple(chosen))
