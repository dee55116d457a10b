"""Answer a caller: the requests of a case that is in no night, asked online, or refused at once where they would have to queue."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import (
    ConfigurationError,
    HungUpError,
    OverBudgetError,
    PermanentError,
    SaturatedError,
    TransientError,
)
from llm_assets.domain.requests.batch import OPEN_STATES, BatchState
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.domain.traffic.at_once import FOR_A_CALLER
from llm_assets.domain.traffic.block import Block
from llm_assets.engine.batches.exits import lose
from llm_assets.engine.engine import Engine
from llm_assets.engine.online.alone import ask_alone, single
from llm_assets.engine.online.ask import finish
from llm_assets.engine.planning.plan_now import DueNow, due_now, pack_now
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.work import Standing
from llm_assets.engine.rounds.ask_now import ASKED_AT_ONCE, asked_by_others, check_block
from llm_assets.engine.rounds.drive import drive


class Answered(NamedTuple):
    """How the request of a caller stands, and how long the provider took for it."""

    standing: Standing
    provider: timedelta


def answer_caller(engine: Engine, day: date, task: Task) -> Answered:
    """How the request stands after it was asked. What was answered before is not asked again; what another process asks is left
    to it, and IN_FLIGHT.

    Raises SaturatedError instead of waiting for room, OverBudgetError, ConfigurationError for a queue whose regions
    exclude the profile's, BlockedError, and TransientError; the request is due then. Raises HungUpError when the engine's
    listener has left.
    """
    if task.stopped:
        raise ConfigurationError(task.stopped)
    step, took = task.request.step, timedelta(0)
    for _ in range(ASKED_AT_ONCE):
        known = check_block(engine)
        found = due_now(engine, day, step, [replace(task, route_why=FOR_A_CALLER)], Rework.MISSING)
        if found.held:
            raise OverBudgetError(found.held)
        if found.due:
            _check_open(engine, task)
            took += _ask(engine, day, found, known)
        else:
            _drive(engine, asked_by_others(engine, day, [step], found.requests))
        [standing] = engine.ledger.work.standings(day, step, [task.case_id])
        if standing.state is not RequestState.DUE:
            break
        if engine.listener is not None and engine.listener.left:
            raise HungUpError("The caller has left.")
        engine = replace(engine, listener=None)  # what it has heard is not said again
    return Answered(standing, took)


def _check_open(engine: Engine, task: Task) -> None:
    if engine.traffic.width(task.lane) == 0:
        raise SaturatedError(engine.traffic.wait(task.lane))


def _ask(engine: Engine, day: date, found: DueNow, known: Block | None) -> timedelta:
    """How long it took. A blocked provider is tried by a batch as others are, with the care that they take, and so is a
    request that cannot be rendered refused."""
    began = engine.clock()
    try:
        alone = single(engine, day, found) if known is None else None
    except PermanentError:
        alone = None
    if alone is not None:
        return ask_alone(engine, alone) or timedelta(0)
    _drive(engine, pack_now(engine, day, found))
    return engine.clock() - began


def _drive(engine: Engine, batches: Sequence[str]) -> None:
    for batch_id in batches:
        try:
            drive(engine, batch_id)
        except TransientError:
            _take_back(engine, batch_id)
            raise
        put_off = _take_back(engine, batch_id)
        if put_off is not None:
            raise SaturatedError(put_off)


def _take_back(engine: Engine, batch_id: str) -> float | None:
    """What was put off is due again instead: its caller is told to come back, and nobody else waits for it. The seconds until
    then; None where it was not put off."""
    with engine.ledger.locks.owner(f"batch:{batch_id}") as mine:
        batch = engine.ledger.batches.batch(batch_id)
        if not mine or batch.state is not BatchState.INTENT or batch.not_before is None:
            return None
        lose(engine, batch, batch.detail)
    return max(0.0, (batch.not_before - engine.clock()).total_seconds())


def leave(engine: Engine, day: date, requests: Collection[str]) -> None:
    """Takes back what was to be asked for callers whose process died, so that nothing more is paid for them. A call under way
    then may have been paid, and nobody will know."""
    for found in engine.ledger.batches.open_batches(day):
        if not found.mode.one_by_one:
            continue
        with engine.ledger.locks.owner(f"batch:{found.batch_id}") as mine:
            batch = engine.ledger.batches.batch(found.batch_id)
            members = engine.ledger.batches.members(batch.batch_id)
            if not mine or batch.state not in OPEN_STATES or not members.keys() <= set(requests):
                continue
            if batch.state not in (BatchState.INTENT, BatchState.CREATING):
                finish(engine, batch.batch_id, batch.state)
                continue
            engine.ledger.batches.transition(
                batch.batch_id, batch.state, BatchState.CANCELLED, detail="the process that asked it died"
            )
            engine.spool.discard(batch.batch_id)
