"""Standing in: the engine of a second profile takes what is due while the first one is blocked or does not answer.

Nothing of it is stored but what the ledger holds anyway: since when there is trouble, and which profile each batch was planned
for. So a process that dies between switching and sending leaves requests that are due, for whichever profile answers then.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.traffic.standing_in import Trouble, trouble
from llm_assets.engine import blocking
from llm_assets.engine.batches.exits import lose
from llm_assets.engine.blocking import Allowance
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import Task, Unchanged


def engine_of(engine: Engine, provider: str) -> Engine:
    """The one that talks to a batch's profile, where it is one of the two."""
    other = engine.fallback
    return other if other is not None and other.provider.profile.name == provider else engine


def trouble_of(engine: Engine) -> Trouble | None:
    """Why the configured profile takes nothing now. Circuits count only where another profile stands in: without one, the
    next try of each batch is its own."""
    block = blocking.block_of(engine)
    if block is None and engine.fallback is None:
        return None
    name = engine.provider.profile.name
    circuits = engine.ledger.online.all_circuits().items() if block is None else ()
    return trouble(name, block, (circuit for (whose, _), circuit in circuits if whose == name))


def stand_in(engine: Engine) -> Engine | None:
    """The engine that answers now in place of this one; None while this one does, or there is no other."""
    other = engine.fallback
    if other is None:
        return None
    found = trouble_of(engine)
    lasted = found is not None and found.has_lasted(engine.clock(), engine.provider.profile.fallback_minutes)
    return other if lasted else None


def awaits_stand_in(engine: Engine) -> bool:
    """Whether another profile answers soon, should the trouble last: until then no run gives up."""
    return engine.fallback is not None and trouble_of(engine) is not None and stand_in(engine) is None


def unsent(engine: Engine, day: date, steps: Sequence[str]) -> list[Batch]:
    """What waits with us for the first profile while another one stands in; nothing while none does."""
    if stand_in(engine) is None:
        return []
    name = engine.provider.profile.name
    found = engine.ledger.batches.open_batches(day, steps)
    return [b for b in found if b.state is BatchState.INTENT and b.provider == name]


def leave_unsent(engine: Engine, other: Engine, day: date, steps: Sequence[str]) -> None:
    """What was planned for a profile that takes nothing is due again. What it may have taken stays there, is never sent
    anywhere else, and is collected when the profile is back."""
    mine, theirs = engine.provider.profile.name, other.provider.profile.name
    for found in unsent(engine, day, steps):
        with engine.ledger.locks.owner(f"batch:{found.batch_id}") as owned:
            batch = engine.ledger.batches.batch(found.batch_id)
            if owned and batch.state is BatchState.INTENT:
                lose(engine, batch, f"{mine} takes nothing now, and {theirs} stands in")


def may_ask_first(engine: Engine) -> bool:
    """Whether the configured profile is asked by somebody who waits: while another one stands in, only as a trial."""
    if stand_in(engine) is None:
        return True
    known = trouble_of(engine)
    return known is None or known.may_try(engine.clock())


def allowance(engine: Engine, day: date, steps: Sequence[str]) -> Allowance | None:
    """What planning may put into batches of this profile now; None for everything. While another one stands in for a profile
    that does not answer, a single request shows when it answers again."""
    found = blocking.allowance(engine, day, steps)
    if found is not None or stand_in(engine) is None:
        return found
    known = trouble_of(engine)
    return Allowance(1 if known is None or known.may_try(engine.clock()) else 0, None)


def due_tasks(
    engine: Engine, day: date, step: str, render: Callable[[frozenset[str]], Iterable[Task]]
) -> Iterator[Task | Unchanged]:
    """Of the step's cases those whose request is due, rendered for the profile that stands in and allowed there. All others
    stay as they are: answered, or on their way."""
    states = {s.case_id: s.state for s in engine.ledger.work.standings(day, step)}
    due = frozenset(case_id for case_id, state in states.items() if state is RequestState.DUE)
    taken: set[str] = set()
    for task in render(due) if due else ():
        if not task.stopped:
            taken.add(task.case_id)
            yield task
    for case_id in states.keys() - taken:
        yield Unchanged(case_id)
