"""Work for the device, and what came of it."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

D = TypeVar("D")
T = TypeVar("T")


@dataclass(frozen=True)
class Finished(Generic[T]):
    """What came out, how long it waited for its turn, how long the device took, and in whose company."""

    value: T
    queue_ms: float
    compute_ms: float
    batch: int


@dataclass(frozen=True)
class Job(Generic[D]):
    """Work for the device. key, pictures, limit: as in `batching.Waiting`. run: does a batch of such `work`,
    one outcome for each, an exception for one that failed by itself."""

    work: Any
    run: Callable[[list[Any]], list[D | Exception]]
    key: Hashable | None = None
    pictures: int = 1
    limit: int = 1
