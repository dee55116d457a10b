"""A sieve: lets a few due requests of a round through, and leaves the others due, while a provider is blocked."""

from collections.abc import Callable
from dataclasses import replace

from llm_assets.engine.blocking import Allowance
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.batches import Member

Take = Callable[[Task, Member], None]


class Sieve:
    """Counts over all steps of a round."""

    def __init__(self, allowance: Allowance) -> None:
        self._left, self._mode, self._skipped = allowance

    def before(self, take: Take) -> Take:
        def taken(task: Task, member: Member) -> None:
            if self._skipped > 0:
                self._skipped -= 1
            elif self._left > 0:
                self._left -= 1
                take(task if self._mode is None else replace(task, mode=self._mode), member)

        return taken


class Once:
    """Hands on each request once, where several steps of a round ask for the same one."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def before(self, take: Take) -> Take:
        def taken(task: Task, member: Member) -> None:
            if member.request_id not in self._taken:
                self._taken.add(member.request_id)
                take(task, member)

        return taken
