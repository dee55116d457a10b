"""The shelf: due requests that wait, within one process, for the decision of the budget."""

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

import orjson

from llm_assets.domain.requests.request import JsonSchema
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.budget import Rank, Wish, rank_of
from llm_assets.engine.planning.estimate import HISTORY, Calibration, Counter, calibrate, most_usd
from llm_assets.engine.planning.route_rules import mode_of
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.batches import Member

_NEVER = datetime.max.replace(tzinfo=UTC)


class _Place(NamedTuple):
    """The position of a request's text in the file, in bytes."""

    start: int
    size: int


class _Shelved(NamedTuple):
    step: int
    """The step's number in the round."""
    task: Task
    """Without the text, which is in the file."""
    place: _Place


class Due(NamedTuple):
    step: int
    """The step's number in the round."""
    task: Task
    member: Member
    """With estimate and reservation."""


class Shelf:
    """Due requests of a round until it is decided which are sent. Their texts are in a file without a name, which ends
    with the process; the rest is in memory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._folder: Path = engine.spool.scratch()
        self._count = Counter()
        self._calibrations: dict[tuple[str, str], Calibration] = {}
        self._systems: dict[str, str] = {}
        self._schemas: dict[bytes, JsonSchema] = {}
        self._positions: dict[str, int] = {}
        self._tasks: list[_Shelved] = []
        self._end = 0
        self.members: list[Member] = []
        self.wishes: list[Wish] = []

    def __enter__(self) -> "Shelf":
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def put(self, step: int, task: Task, member: Member) -> None:
        request = task.request
        tokens = self._count(request)
        calibration = self._calibration(request.step, request.model)
        mode = mode_of(self._engine, task)
        profile = self._engine.provider.profile
        usd = most_usd(self._engine.prices, profile, request, mode, tokens, calibration)
        self.wishes.append(Wish(rank_of(self._engine.lanes, task.lane, task.priority), task.lane, usd))
        self.members.append(replace(member, estimated_tokens=tokens, reserved_usd=usd))
        self._positions.setdefault(task.case_id, len(self._positions))
        size = self._file.write(request.user.encode("utf-8", "surrogatepass"))
        self._tasks.append(_Shelved(step, self._without_text(task), _Place(self._end, size)))
        self._end += size

    def _without_text(self, task: Task) -> Task:
        """Requests of a queue share one system text and one schema, so that a night's fit into memory."""
        request = task.request
        system = self._systems.setdefault(request.system, request.system)
        schema = self._schemas.setdefault(orjson.dumps(request.schema), request.schema)
        return replace(task, request=replace(request, user="", system=system, schema=schema))

    def ranked(self) -> list[int]:
        """Positions in the order in which they may go: by rank, then by the case's own deadline, then case by case with all its
        steps."""

        def order(position: int) -> tuple[Rank, datetime, int, int]:
            step, task, _ = self._tasks[position]
            return (
                self.wishes[position].rank,
                task.reply_by or _NEVER,
                self._positions[task.case_id],
                step,
            )

        return sorted(range(len(self._tasks)), key=order)

    def take(self, position: int) -> Due:
        """The task as it was put, with its text."""
        step, task, (start, size) = self._tasks[position]
        self._file.seek(start)
        user = self._file.read(size).decode("utf-8", "surrogatepass")
        whole = replace(task, request=replace(task.request, user=user))
        return Due(step, whole, self.members[position])

    def count(self, positions: Iterable[int], step: int) -> int:
        return sum(1 for position in positions if self._tasks[position].step == step)

    def _calibration(self, step: str, model: str) -> Calibration:
        known = self._calibrations.get((step, model))
        if known is None:
            profile = self._engine.provider.profile
            history = self._engine.ledger.spending.billed(profile.name, step, model, HISTORY)
            known = self._calibrations[step, model] = calibrate(profile.wire, history)
        return known
