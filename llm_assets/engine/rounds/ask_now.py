"""Ask now: requests of cases that cannot wait for the night, asked online through the same ledger, limits and checks as a
night's, of the profile that stands in while the first one takes nothing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import TypeVar

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import BlockedError, TransientError
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.traffic.block import Block
from llm_assets.engine import blocking
from llm_assets.engine.batches.exits import lose
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.plan_now import plan_now, plan_some_now
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.work import Standing
from llm_assets.engine.rounds.drive import drive
from llm_assets.engine.standing_in import leave_unsent, may_ask_first, stand_in, trouble_of

T = TypeVar("T")

ASKED_AT_ONCE = 2
"""Times that a useless answer is asked for while the person waits; the night asks again."""


def ask_now(engine: Engine, day: date, task: Task, rework: Rework, instead: Task | None = None) -> Standing:
    """How the case stands after it was asked. What was answered before is not asked again, and what another process asks
    is left to it. `instead`: the same for the profile that may stand in.

    Raises OverBudgetError when there is no money for it, BlockedError when the provider refuses us, and TransientError
    when it cannot be reached now; the request is due then, as before.
    """
    step = task.request.step
    known = next(iter(engine.ledger.work.standings(day, step, [task.case_id])), None)
    if known is not None and _is_theirs(known, instead):
        _drive(engine, day, [step], {known.request_id})
        [standing] = engine.ledger.work.standings(day, step, [task.case_id])
        return standing

    def of(asked: Engine, wanted: Task) -> Standing:
        check_block(asked)
        for _ in range(ASKED_AT_ONCE):
            with engine.ledger.locks.owner(f"plan:{step}:{day}", wait=True):
                request_id = plan_now(asked, day, wanted, rework)
            _drive(engine, day, [step], {request_id})
            [standing] = engine.ledger.work.standings(day, step, [task.case_id])
            if standing.state is not RequestState.DUE:
                break
        return standing

    if instead is None or instead.stopped:
        return of(engine, task)

    def of_other(other: Engine) -> Standing:
        leave_unsent(engine, other, day, [step])
        if _due(engine, day, step, [task], rework):
            return of(other, instead)
        with engine.ledger.locks.owner(f"plan:{step}:{day}", wait=True):
            plan_now(engine, day, task, rework)  # sends nothing: it is answered, or under way
        [standing] = engine.ledger.work.standings(day, step, [task.case_id])
        return standing

    return _first_or_other(engine, lambda: of(engine, task), of_other)


def ask_some_now(
    engine: Engine,
    day: date,
    tasks: Mapping[str, Sequence[Task]],
    rework: Rework,
    instead: Mapping[str, Sequence[Task]] | None = None,
) -> str:
    """Asks what of these tasks, by step, has no answer yet, several at once. Returns why some were not sent, as a sentence.
    `instead`: the same for the profile that may stand in.

    Raises BlockedError when the provider refuses us, and TransientError when it cannot be reached now; the requests are due
    then, as before.
    """
    if not instead:
        return _ask_some(engine, engine, day, tasks, rework)
    theirs = {step: {task.case_id: task for task in some} for step, some in instead.items()}
    mine = {step: _not_theirs(engine, day, step, some, theirs.get(step, {})) for step, some in tasks.items()}

    def of_other(other: Engine) -> str:
        leave_unsent(engine, other, day, list(mine))
        known, waits, left = trouble_of(engine), False, {}
        for step, some in mine.items():
            due = [theirs.get(step, {}).get(t.case_id, t) for t in _due(engine, day, step, some, rework)]
            left[step] = [task for task in due if task not in some and not task.stopped]
            waits = waits or len(left[step]) < len(due)
        held = _ask_some(engine, other, day, left, rework)
        return held or (known.sentence if waits and known is not None else "")

    return _first_or_other(engine, lambda: _ask_some(engine, engine, day, mine, rework), of_other)


def _first_or_other(engine: Engine, first: Callable[[], T], of_other: Callable[[Engine], T]) -> T:
    """Asks the first profile, and the other one while that stands in, also when a trial has shown that it still does."""
    if may_ask_first(engine):
        try:
            found = first()
        except (BlockedError, TransientError):
            if stand_in(engine) is None:
                raise
        else:
            if stand_in(engine) is None:
                return found
    other = stand_in(engine)
    return of_other(other) if other is not None else first()


def _is_theirs(known: Standing, instead: Task | None) -> bool:
    """Whether the profile that stands in has answered the case, or is about to: that is kept."""
    return (
        instead is not None
        and known.request_id == instead.request.request_id
        and known.state is not RequestState.DUE
    )


def _not_theirs(
    engine: Engine, day: date, step: str, tasks: Sequence[Task], instead: Mapping[str, Task]
) -> Sequence[Task]:
    cases = [task.case_id for task in tasks]
    found = engine.ledger.work.standings(day, step, cases) if cases else ()
    theirs = [known for known in found if _is_theirs(known, instead.get(known.case_id))]
    _drive(engine, day, [step], {known.request_id for known in theirs})
    kept = {known.case_id for known in theirs}
    return [task for task in tasks if task.case_id not in kept]


def _due(engine: Engine, day: date, step: str, tasks: Sequence[Task], rework: Rework) -> Sequence[Task]:
    """Those that have no answer and are not under way."""
    planned = engine.ledger.work.preview(day, step, [task.work for task in tasks], rework=rework)
    return [task for task in tasks if task.request.request_id in planned.due]


def _ask_some(
    engine: Engine, asked: Engine, day: date, tasks: Mapping[str, Sequence[Task]], rework: Rework
) -> str:
    """`asked` is the one of the two profiles' engines that the tasks are rendered for."""
    check_block(asked)
    held = ""
    for _ in range(ASKED_AT_ONCE):
        wanted: set[str] = set()
        for step, some in tasks.items():
            with engine.ledger.locks.owner(f"plan:{step}:{day}", wait=True):
                planned = plan_some_now(asked, day, step, some, rework)
            wanted |= planned.requests
            held = planned.held or held
        if not _drive(engine, day, list(tasks), wanted):
            break
    return held


def take_up(engine: Engine, day: date, step: str) -> None:
    """Moves what a process that died left under way of a step that is only asked at once. Raises as `drive` does."""
    for batch in engine.ledger.batches.open_batches(day, [step]):
        drive(engine, batch.batch_id)


def give_up(engine: Engine, day: date, step: str) -> int:
    """Takes back what was not sent of a step that is only asked at once, so that nothing of it is due later. Returns how many
    cases have no answer for that reason."""
    for batch in engine.ledger.batches.open_batches(day, [step]):
        with engine.ledger.locks.owner(f"batch:{batch.batch_id}") as mine:
            if mine and engine.ledger.batches.batch(batch.batch_id).state is BatchState.INTENT:
                lose(engine, batch, "it was to be answered at once, and the provider did not")
    with engine.ledger.locks.owner(f"plan:{step}:{day}", wait=True):
        found = list(engine.ledger.work.standings(day, step))
        kept = {s.case_id for s in found if s.state is not RequestState.DUE}
        return engine.ledger.work.prune_work(day, step, kept)


def check_block(engine: Engine) -> Block | None:
    """What blocks the provider and may be tried now. Raises BlockedError while it may not."""
    known = blocking.block_of(engine)
    if known is not None and not known.may_try(engine.clock()):
        raise BlockedError(known.sentence)
    return known


def _drive(engine: Engine, day: date, steps: Sequence[str], wanted: Collection[str]) -> bool:
    """Asks the online batches that hold one of these requests; False when there is none."""
    found = asked_by_others(engine, day, steps, wanted)
    for batch_id in found:
        drive(engine, batch_id)
    return bool(found)


def asked_by_others(
    engine: Engine, day: date, steps: Sequence[str], wanted: Collection[str]
) -> Sequence[str]:
    """The open online batches that hold one of these requests, by their ids; whoever began them may have died."""
    return [
        batch.batch_id
        for batch in engine.ledger.batches.open_batches(day, steps)
        if batch.mode.one_by_one
        and not engine.ledger.batches.members(batch.batch_id, unsettled=True).keys().isdisjoint(wanted)
    ]
