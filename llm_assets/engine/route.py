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

_LAST_STATES = (BatchState.CREATING, BatchState.SUBMITTED, BatchState.ENDED, BatchState.COLLECTED)


def answer_online(engine: Engine, batch: Batch) -> None:
    """Answers every request of a batch in INTENT, settling each as it comes. The caller owns the batch.

    A crash leaves at most `online_concurrency` answers paid and unsettled: an online call cannot be looked up.
    Raises BlockedError after settling what was answered; the rest is due again.
    """
    if not engine.spool.path(batch.batch_id).exists():
        lose(engine, batch, "its spooled lines are gone")
        return
    engine.ledger.transition(
        batch.batch_id, BatchState.INTENT, BatchState.CREATING, creating_at=engine.clock()
    )
    members = engine.ledger.members(batch.batch_id)
    judge = judge_of(engine)
    blocked: BlockedError | None = None
    for member, answer in _answers(engine, batch, members):
        if isinstance(answer, BlockedError):
            blocked = answer
            continue
        settlement = judge.settlement(batch.step, batch.model, Mode.ONLINE, member, answer)
        engine.ledger.settle(batch, [settlement])
    if blocked is not None:
        engine.ledger.transition(
            batch.batch_id, BatchState.CREATING, BatchState.CANCELLED, detail=str(blocked)[:500]
        )
        engine.spool.discard(batch.batch_id)
        raise blocked
    finish(engine, batch.batch_id, BatchState.CREATING)


def finish(engine: Engine, batch_id: str, state: BatchState) -> None:
    """Every request is settled: the batch passes through its last states, from wherever a crash left it."""
    for before, after in pairwise(_LAST_STATES[_LAST_STATES.index(state) :]):
        engine.ledger.transition(batch_id, before, after)
    engine.spool.discard(batch_id)


def _answers(
    engine: Engine, batch: Batch, members: dict[str, Member]
) -> Iterator[tuple[Member, Answer | BlockedError]]:
    """Answers in order of arrival, at most `online_concurrency` calls at once; stops asking once blocked."""
    lines = _lines(engine.spool.path(batch.batch_id))
    concurrency = engine.provider.profile.limits.online_concurrency
    with ThreadPoolExecutor(concurrency, thread_name_prefix="online") as pool:
        pending: dict[Future[Answer | BlockedError], Member] = {}
        blocked = False
        while True:
            for line in islice(lines, 0 if blocked else concurrency - len(pending)):
                future = pool.submit(_ask, engine, line)
                pending[future] = members[_request_id(line)]
            if not pending:
                return
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                answer = future.result()
                blocked = blocked or isinstance(answer, BlockedError)
                yield pending.pop(future), answer


def _ask(engine: Engine, line: bytes) -> Answer | BlockedError:
    try:
        return engine.provider.ask(line)
    except BlockedError as err:
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
