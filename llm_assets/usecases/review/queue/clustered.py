"""The clusters that a person sees, made once for each change of the doubts."""

from dataclasses import dataclass, field
from datetime import date
from threading import Lock

from llm_assets.usecases.review.people import Person
from llm_assets.usecases.review.queue.clusters import Cluster, Doubtful, clusters
from llm_assets.usecases.review.queue.open_doubts import Doubts

KEPT = 50
"""Days times sets of queues that people look at."""


@dataclass
class Clustered:
    """May be shared between threads."""

    doubts: Doubts
    _known: dict[tuple[date, date, tuple[str, ...]], tuple[list[Doubtful], list[Cluster]]] = field(
        default_factory=dict
    )
    _making: Lock = field(default_factory=Lock)

    def of(self, person: Person, day: date) -> list[Cluster]:
        """Cases of the person's own queues first, by `reviewers` in queues.yaml."""
        assembly = self.doubts.assembly
        today = assembly.settings.calendar.day_of(assembly.clock())
        made = self._of_queues(day, today, tuple(sorted(person.queues)))
        named = {name: assembly.queues.reviewers(name) for name in {c.head.queue for c in made}}
        others = {name for name, reviewers in named.items() if reviewers and person.name not in reviewers}
        return sorted(made, key=lambda c: c.head.queue in others)

    def _of_queues(self, day: date, today: date, queues: tuple[str, ...]) -> list[Cluster]:
        found = self.doubts.of(day)
        key = (day, today, queues)
        with self._making:
            known = self._known.get(key)
            if known is None or known[0] is not found:
                seen = [d for d in found if not queues or d.queue in queues]
                if len(self._known) >= KEPT:
                    self._known.clear()
                known = self._known[key] = (found, clusters(seen, today))
            return known[1]
