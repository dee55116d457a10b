"""Route: answer an intended batch's requests online, one by one, where somebody waits or no batch API exists."""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice, pairwise
from pathlib import Path

import orjson
import structlog

from llm_assets.domain.batch import Batch, BatchState
from llm_assets.domain.errors import (
    BlockedError,
    ContractError,
    PermanentError,
    TransientError,
    UnansweredError,
    UnreachableError,
)
from llm_assets.domain.outcome import Answer, Outcome
from llm_assets.domain.profile import Mode
from llm_assets.domain.request import CustomId
from llm_assets.engine.collect import judge_of
from llm_assets.engine.engine import Engine
from llm_assets.engine.ports import Member
from llm_assets.engine.settle import without_answer
from llm_assets.engine.submit import lose

log = structlog.get_logger()

Stop = BlockedError | UnreachableError
"""What stops asking: nothing was answered, and the next request would fare no better."""

_LAST_STATES = (BatchState.CREATING, BatchState.SUBMITTED, BatchState.ENDED, BatchState.COLLECTED)


def answer_online(engine: Engine, batch: Batch) -> None:
    """Answers every request of a batch in INTENT, settling each as it comes. The caller owns the batch.

    A crash leaves at most `online_concurrency` answers paid and unsettled: an online call cannot be looked up.
    Raises BlockedError or UnreachableError after settling what was answered; the rest is due again, its try unused.
    """
    if not engine.spool.path(batch.batch_id).exists():
        lose(engine, batch, "its spooled lines are gone")
        return
    engine.ledger.transition(
        batch.batch_id, BatchState.INTENT, BatchState.CREATING, creating_at=engine.clock()
    )
    members = engine.ledger.members(batch.batch_id)
    judge = judge_of(engine)
    stop: Stop | None = None
    for member, answer in _answers(engine, batch, members):
        if isinstance(answer, Stop):
            stop = answer
            continue
        settlement = judge.settlement(batch.step, batch.model, Mode.ONLINE, member, answer)
        engine.ledger.settle(batch, [settlement])
    if stop is not None:
        engine.ledger.transition(
            batch.batch_id, BatchState.CREATING, BatchState.CANCELLED, detail=str(stop)[:500]
        )
        engine.spool.discard(batch.batch_id)
        raise stop
    finish(engine, batch.batch_id, BatchState.CREATING)


def finish(engine: Engine, batch_id: str, state: BatchState) -> None:
    """Every request is settled: the batch passes through its last states, from wherever a crash left it."""
    for before, after in pairwise(_LAST_STATES[_LAST_STATES.index(state) :]):
        engine.ledger.transition(batch_id, before, after)
    engine.spool.discard(batch_id)


def _answers(
    engine: Engine, batch: Batch, members: dict[str, Member]
) -> Iterator[tuple[Member, Answer | Stop]]:
    """Answers in order of arrival, at most `online_concurrency` calls at once; asks no more after a Stop."""
    lines = _lines(engine.spool.path(batch.batch_id))
    concurrency = engine.provider.profile.limits.online_concurrency
    with ThreadPoolExecutor(concurrency, thread_name_prefix="online") as pool:
        pending: dict[Future[Answer | Stop], Member] = {}
        stopped = False
        while True:
            for line in islice(lines, 0 if stopped else concurrency - len(pending)):
                future = pool.submit(_ask, engine, line)
                pending[future] = members[_request_id(line)]
            if not pending:
                return
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                answer = future.result()
                stopped = stopped or isinstance(answer, Stop)
                yield pending.pop(future), answer


def _ask(engine: Engine, line: bytes) -> Answer | Stop:
    try:
        return engine.provider.ask(line)
    except (BlockedError, UnreachableError) as err:
        return err
    except (TransientError, ContractError, UnansweredError) as err:
        return without_answer("", Outcome.FAILED_TRANSIENT, str(err)[:500])
    except PermanentError as err:
        return without_answer("", Outcome.FAILED_PERMANENT, err.code)


def _lines(spool: Path) -> Iterator[bytes]:
    with spool.open("rb") as file:
        yield from file


def _request_id(line: bytes) -> str:
    custom_id = CustomId.parse(orjson.loads(line)["custom_id"])
    assert custom_id is not None  # we spooled it
    return custom_id.request_id
