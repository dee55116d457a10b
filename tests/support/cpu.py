"""CPU seconds of this process, for tests of how work grows. Other processes only ever add to a single measurement, so the
least of a few is taken."""

from collections.abc import Callable
from time import process_time


def least_cpu_seconds(action: Callable[[], object], *, enough: float = 0.0, tries: int = 5) -> float:
    """The least of some runs; the first that takes no longer than `enough` is the last."""
    least = float("inf")
    for _ in range(tries):
        began = process_time()
        action()
        least = min(least, process_time() - began)
        if least <= enough:
            break
    return least
