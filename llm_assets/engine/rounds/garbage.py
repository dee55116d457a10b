"""Garbage: how often Python looks for unreachable cycles while a night is worked."""

import gc
from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

RARELY = 20_000
"""New objects between two looks. Python's 700 are some thirty requests, which leave no cycles: looking for them took a
twentieth of the CPU of a night, and a tenth of one in which nothing has changed."""


def seldom_collected(task: Callable[P, R]) -> Callable[P, R]:
    """The task, with fewer looks for garbage until it ends; what was there before it is not looked at again."""

    @wraps(task)
    def seldom(*args: P.args, **kwargs: P.kwargs) -> R:
        before = gc.get_threshold()
        _leave_imports()
        gc.set_threshold(max(RARELY, before[0]) if before[0] else 0, *before[1:])
        try:
            return task(*args, **kwargs)
        finally:
            gc.set_threshold(*before)

    return seldom


@cache
def _leave_imports() -> None:
    """Once a process: what the imports left stays, and collecting it again and again took 8 % of a night's CPU. Counting
    what is frozen instead takes 20 ms a time, because Python walks through all of it."""
    gc.freeze()
