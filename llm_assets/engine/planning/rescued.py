"""Rescued requests: what is due while its night is late goes by the rung of the ladder, most urgent first, while the money of
the rescue lasts. What no money is left for goes as usual."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from llm_assets.domain.profile import Mode
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.estimate import BeyondBatch
from llm_assets.engine.planning.route_rules import mode_of
from llm_assets.engine.planning.shelf import Shelf
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.batches import Member

Take = Callable[[Task, Member], None]

TOO_DEAR = "the money for a rescue is used up"
"""Why a late request still goes by its usual route: it is not cancelled again for the deadline."""


@dataclass(frozen=True, slots=True)
class Rescue:
    """How what is due of a late night is sent."""

    mode: Mode | None
    """None: it is not sent at all, because the report is about to be written."""
    why: str
    left_usd: Decimal = Decimal(0)
    """What may still be paid beyond the usual price."""


class Rescued:
    """Gives late requests their rung while there is money for it."""

    def __init__(self, engine: Engine, rescue: Rescue) -> None:
        self._engine = engine
        self._rescue = rescue
        self._left = rescue.left_usd
        self._beyond_batch = BeyondBatch(engine.prices, engine.provider.profile)

    def before(self, take: Take) -> Take:
        """Every request as if there were money for all."""

        def taken(task: Task, member: Member) -> None:
            mode = self._rescue.mode
            if mode is not None:
                waits = not mode_of(self._engine, task).one_by_one
                take(replace(task, mode=mode, route_why=self._rescue.why) if waits else task, member)

        return taken

    def afforded(self, task: Task, member: Member) -> tuple[Task, Member]:
        """One of these, with what it costs more set aside; by its usual route when the money is used up. The most urgent
        come first."""
        if task.mode is not self._rescue.mode or task.route_why != self._rescue.why:
            return task, member
        assert task.mode is not None
        extra = self._beyond_batch.usd(task.request, task.mode)
        if extra > self._left:
            return replace(task, mode=Mode.BATCH, route_why=TOO_DEAR), member
        self._left -= extra
        return task, replace(member, extra_usd=extra)


class Queued:
    """Holds what is due of a step until all of it is known, and hands it on, most urgent first."""

    def __init__(self, rescued: Rescued, shelf: Shelf, take: Take) -> None:
        self._rescued, self._shelf, self._take = rescued, shelf, take

    def add(self, task: Task, member: Member) -> None:
        self._shelf.put(0, task, member)

    def close(self) -> None:
        for position in self._shelf.ranked():
            _, task, member = self._shelf.take(position)
            self._take(*self._rescued.afforded(task, replace(member, reserved_usd=Decimal(0))))
