"""The clusters that a person sees, made once for each change of the doubts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

from llm_assets.usecases.review.people import Person
from llm_assets.usecases.review.queue.clusters import Cluster, Doubtful, clusters
from llm_assets.usecases.review.queue.open_doubts import Doubts

KEPT = 50
"""Days times sets of queues that people look at."""


Key = tuple[date, date, tuple[str, ...]]


@dataclass
class _Known:
    doubts: list[Doubtful]
    clusters: list[Cluster]
    of_person: dict[str, list[Cluster]] = field(default_factory=dict)


@dataclass
class Clustered:
    """May be shared between threads."""

    doubts: Doubts
    _known: dict[Key, _Known] = field(default_factory=dict)
    _making: Lock = field(default_factory=Lock)

    def of(self, person: Person, day: date) -> list[Cluster]:
        """Cases of the person's own queues first, by `reviewers` in queues.yaml. Nobody may change the list."""
        assembly = self.doubts.assembly
        today = assembly.settings.calendar.day_of(assembly.clock())
        found = self.doubts.of(day)
        with self._making:
            known = self._of_queues(found, (day, today, tuple(sorted(person.queues))))
            if person.name not in known.of_person:
                known.of_person[person.name] = _own_first(known.clusters, person, assembly.queues.reviewers)
            return known.of_person[person.name]

    def _of_queues(self, found: list[Doubtful], key: Key) -> _Known:
        known = self._known.get(key)
        if known is None or known.doubts is not found:
            _, today, queues = key
            seen = [d for d in found if not queues or d.queue in queues]
            if len(self._known) >= KEPT:
                self._known.clear()
            known = self._known[key] = _Known(found, clusters(seen, today))
        return known


def _own_first(
    made: list[Cluster], person: Person, reviewers: Callable[[str], tuple[str, ...]]
) -> list[Cluster]:
    named = {name: reviewers(name) for name in {c.head.queue for c in made}}
    others = {name for name, theirs in named.items() if theirs and person.name not in theirs}
    return sorted(made, key=lambda c: c.head.queue in others)
