"""Settling: what the ledger keeps of answers, and the same outcome for every request of a batch without answers."""

from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.domain.requests.request import CustomId
from llm_assets.engine.answers.judge import Judge, without_answer
from llm_assets.engine.chunks import chunks
from llm_assets.engine.engine import Engine
from llm_assets.engine.ports.batches import Member, Settlement


def judge_of(engine: Engine) -> Judge:
    return Judge(engine.outputs, engine.prices, engine.provider.profile, engine.max_attempts)


def settle_all(engine: Engine, batch: Batch, outcome: Outcome, detail: str) -> None:
    """The same outcome for every request of a batch, where the provider gave none for each."""
    judge = judge_of(engine)
    for chunk in chunks(engine.ledger.batches.members(batch.batch_id).values()):
        settlements = [_without(judge, batch, member, outcome, detail) for member in chunk]
        engine.ledger.batches.settle(batch, settlements)


def _without(judge: Judge, batch: Batch, member: Member, outcome: Outcome, detail: str) -> Settlement:
    custom_id = str(CustomId(batch.batch_id, member.request_id, member.attempt))
    answer = without_answer(custom_id, outcome, detail[:500])
    return judge.settlement(batch.step, batch.model, Mode.BATCH, member, answer)
