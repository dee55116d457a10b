"""A process that ends itself at a given moment as kill -9 would."""

import os
import signal
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(moment: str, calls: Mapping[str, tuple[type, str]]) -> None:
    """The process dies right before or after the given call. `moment` is `<before|after>:<what>:<how many times>`; `calls` has
    the class and method of each `what`."""
    when, what, times = moment.split(":")
    kind, name = calls[what]
    called: Callable[..., Any] = getattr(kind, name)
    calls_so_far = count(1)

    def dying(*args: Any, **more: Any) -> Any:
        mine = next(calls_so_far) == int(times)  # other threads may call meanwhile
        if mine and when == "before":
            die()
        answer = called(*args, **more)
        if mine:
            die()
        return answer

    setattr(kind, name, dying)
