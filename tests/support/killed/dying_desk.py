"""A command that is killed by itself at a named moment: `python -m tests.support.killed.dying_desk MOMENT WORDS…`."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from llm_assets.cli import main
from llm_assets.domain.requests.batch import BatchState
from llm_assets.usecases.drafts import release
from resources.lake.lake import Lake
from resources.ledger.transactions.batches import SqlBatches
from resources.ledger.transactions.review import SqlReview
from resources.ledger.transactions.work import SqlWork
from tests.support.houses import warm
from tests.support.houses.house import House
from tests.support.repository import ROOT


def start_dying_app(house: House, moment: str, *words: str, **settings: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.killed.dying_desk", moment, *words],
        env=house.environment | settings,
        cwd=ROOT,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def killed_night(house: House, moment: str, day: date, **settings: str) -> bool:
    """A night in a process that finds its libraries imported; whether it came to its moment."""
    words = ("night", "--day", day.isoformat())
    said = house.home.parent / f"{moment.replace(':', '-')}.txt"
    given = (moment, words, house.environment | settings, house.home.parent, said)
    process = warm.PROCESSES.Process(target=_dying_night, args=given)
    process.start()
    process.join(240)
    assert process.exitcode in (0, 1, -signal.SIGKILL), said.read_text()
    return process.exitcode == -signal.SIGKILL


def _dying_night(
    moment: str, words: Sequence[str], environment: Mapping[str, str], folder: Path, said: Path
) -> None:
    _arm(moment)
    warm.work(words, environment, folder, said, said)


Call = Callable[..., Any]  # whatever it is that dies


def _dies(call: Call, fits: Callable[..., bool], *, before: bool = False) -> Call:
    def deadly(*given: Any, **named: Any) -> Any:
        fitting = fits(*given)
        if not (fitting and before):
            result = call(*given, **named)
        if fitting:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return deadly


def _arm(moment: str) -> None:
    name, _, which = moment.partition(":")
    calls = count(1)
    patched: dict[str, tuple[type, str, Callable[..., bool], bool]] = {
        "decided": (SqlReview, "decide", lambda *_: next(calls) == int(which), False),
        "planned": (SqlWork, "plan", lambda *_: True, False),
        "intended": (SqlBatches, "intend", lambda *_: True, False),
        "created": (SqlBatches, "transition", lambda _, __, ___, after: after is BatchState.SUBMITTED, True),
        "answered": (SqlBatches, "settle", lambda *_: True, True),
        "settled": (SqlBatches, "settle", lambda *_: True, False),
        "released": (SqlReview, "decide_all", lambda *_: next(calls) == int(which), False),
        "written": (Lake, "write", lambda _, table, *__: table.name == which, False),
    }
    if name == "released":
        release.TOGETHER = 1
    owner, method, fits, before = patched[name]
    setattr(owner, method, _dies(getattr(owner, method), fits, before=before))


if __name__ == "__main__":
    _arm(sys.argv.pop(1))
    main()
