"""Pictures of a batch on a CPU: each on cores of its own instead of all cores on each layer of all.

A layer of one picture is in a core's cache rather than that of a batch, and nobody waits for the slowest core
after each. Of a tiny VAE a picture's bytes are the same whatever its company; norms of a full one add up in
another order on more cores, to the last bits.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import torch

Run = Callable[[torch.Tensor], torch.Tensor]


def shares(pictures: int, cores: int) -> list[tuple[int, int]]:
    """(pictures, cores for each) of the rounds in which so many pictures are decoded."""
    whole, rest = pictures - pictures % cores, pictures % cores
    rounds = [(whole, 1)] if whole else []
    return [*rounds, (rest, cores // rest)] if rest else rounds


class SideBySide:
    """cores: CPU threads in all, as torch was told when this was made."""

    def __init__(self) -> None:
        self._cores = torch.get_num_threads()
        self._threads = ThreadPoolExecutor(self._cores, thread_name_prefix="picture")

    def run(self, run: Run, inputs: torch.Tensor) -> torch.Tensor:
        """`run` of each of `inputs` (`[N, ...]`), put together again.

        Raises what one of them raised, when all have ended.
        """
        use_cores(self._cores)
        pictures = list(inputs.split(1))
        done: list[torch.Tensor] = []
        for count, cores in shares(len(pictures), self._cores):
            these = pictures[len(done) : len(done) + count]
            if count == 1:
                done.append(run(these[0]))
                continue
            running = [self._threads.submit(run_on, cores, run, one) for one in these]
            wait(running)
            done += [one.result() for one in running]
        return done[0] if len(done) == 1 else torch.cat(done)


def run_on(cores: int, run: Run, inputs: torch.Tensor) -> torch.Tensor:
    """Runs on so many cores, with what torch keeps for each thread set as in the thread that asked."""
    use_cores(cores)
    with torch.inference_mode():
        return run(inputs)


def use_cores(cores: int) -> None:
    """Sets the number for the calling thread. For others it counts only until they have looked at it once,
    which a thread does when it first computes, or here.
    """
    torch.set_num_threads(cores)
    torch.get_num_threads()
