"""A night on the deadline ladder that is killed by itself between two effects; the effects are counted from a first one on."""

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from resources.lake.lake import Lake
from resources.ledger.rescues import SqlRescue
from resources.ledger.transactions.batches import SqlBatches
from resources.ledger.transactions.work import SqlWork
from resources.providers.openai.adapter import OpenAIProvider
from resources.spool import FileSpool
from tests.support.houses import warm
from tests.support.houses.house import House

SECONDS = 240
EFFECTS: Sequence[tuple[type, Sequence[str]]] = (
    (SqlBatches, ("intend", "transition", "want_cancelled", "settle", "book_surplus")),
    (SqlWork, ("plan", "prune_work")),
    (SqlRescue, ("race",)),
    (OpenAIProvider, ("upload", "create", "look", "cancel", "ask", "remove")),
    (FileSpool, ("discard",)),
    (Lake, ("write",)),
)


class Moment(NamedTuple):
    """The `number`-th moment, before or after an effect, from the first call of `first` on."""

    first: str
    number: int


def night_killed_at(house: House, moment: Moment, words: Sequence[str], **settings: str) -> bool:
    """Whether the command came to that moment; else it was done before."""
    said = house.home.parent / f"said-{moment.first}-{moment.number}.txt"
    given = (moment, words, house.environment | settings, house.home.parent, said)
    process = warm.PROCESSES.Process(target=_dying, args=given)
    process.start()
    process.join(SECONDS)
    assert process.exitcode in (0, -signal.SIGKILL), said.read_text()
    return process.exitcode == -signal.SIGKILL


def _dying(
    moment: Moment, words: Sequence[str], environment: Mapping[str, str], folder: Path, said: Path
) -> None:
    die_at(moment)
    warm.work(words, environment, folder, said, said)


def die_at(moment: Moment) -> None:
    """Arms this process."""
    life = _Life(moment)
    for owner, names in EFFECTS:
        for name in names:
            setattr(owner, name, life.around(name, getattr(owner, name)))


class _Life:
    def __init__(self, moment: Moment) -> None:
        self._first, self._left = moment
        self._counts = False
        self._turn = threading.Lock()  # calls go out of several threads

    def around(self, name: str, effect: Callable[..., Any]) -> Callable[..., Any]:  # any effect's own types
        def mortal(*given: Any, **named: Any) -> Any:
            self._moment(name)
            result = effect(*given, **named)
            self._moment(name)
            return result

        return mortal

    def _moment(self, name: str) -> None:
        with self._turn:
            self._counts = self._counts or name == self._first
            self._left -= self._counts
            if self._counts and self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
