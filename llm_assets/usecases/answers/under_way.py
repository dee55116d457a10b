"""Answers under way: which process works each, what becomes of those whose process died, and waiting for one that another works."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from llm_assets.domain.callers.answer import AnswerState, KeptAnswer
from llm_assets.domain.errors import DeskError, TransientError
from llm_assets.engine.rounds.answer_caller import leave
from llm_assets.usecases.answers.owner import Owner
from llm_assets.usecases.desk.assembly import Assembly

log = structlog.get_logger()

LOOK_AGAIN = 0.1
"""Seconds between two looks at an answer that another request works."""
LIVES_AGAIN = 2.0
"""Seconds between two looks at whether the process that works it lives."""


class StillOpenError(DeskError):
    """Another request with the same Idempotency-Key is under way for longer than this one waits."""


class NotAnsweredError(TransientError):
    """Nothing came of it yet; the same may be sent again."""


@dataclass(frozen=True)
class UnderWay:
    """Several threads may use it at once."""

    assembly: Assembly
    owner: Owner
    """This process."""
    pause: Callable[[float], None] = field(default=time.sleep)

    def settle_dead(self) -> int:
        """Settles what processes had under way that died, with what was paid; returns how many answers those were."""
        answers, dead = self.assembly.ledger.answers, 0
        for owner, under_way in answers.under_way().items():
            mine = owner == self.owner.name
            if not mine and self.owner.lives(owner):
                continue
            for kept in under_way:
                answer_id = kept.order.answer_id
                if mine and not self.owner.takes(answer_id):
                    continue
                leave(self.assembly.engine, kept.order.day, answers.requests_of(answer_id))
                dead += answers.failed(answer_id, owner)
        return dead

    def sweep(self) -> None:
        """What is to be done now and then: the dead are settled, and answers are forgotten that were kept for long enough."""
        self.owner.hold()
        if settled := self.settle_dead():
            log.warning("answers of a process that died are settled", answers=settled)
        kept_for = timedelta(days=self.assembly.settings.answers_days)
        self.assembly.ledger.answers.prune(self.assembly.clock() - kept_for)

    def fail(self, answer_id: str) -> None:
        """What it failed at is raised, and not what its settling may fail at: the next sweep settles it then."""
        try:
            self.assembly.ledger.answers.failed(answer_id, self.owner.name)
        except DeskError as err:
            self.owner.leave(answer_id)
            log.error("an answer that failed is settled later", answer=answer_id, reason=str(err))

    def took_over(self, kept: KeptAnswer) -> bool:
        """Whether nobody works the answer any more, and this process works it from now on."""
        answer_id, owner = kept.order.answer_id, kept.owner
        if owner == self.owner.name:
            return self.owner.takes(answer_id)
        if self.owner.lives(owner):
            return False
        return self.assembly.ledger.answers.take_over(answer_id, owner, self.owner.name)

    def followed(self, key_id: str, answer_id: str, patience: float) -> KeptAnswer | None:
        """The answer when another request has worked it; None when its process died, and this one is to work it.

        Raises NotAnsweredError when nothing came of it, and StillOpenError after so many seconds.
        """
        began = looked = time.monotonic()
        while True:
            kept = self.assembly.ledger.answers.answer(key_id, answer_id)
            if kept is None or kept.state is AnswerState.FAILED:
                raise NotAnsweredError("Nothing came of this request; send it again.", retry_after=1)
            if kept.state is AnswerState.ANSWERED:
                return kept
            now = time.monotonic()
            if now - looked >= LIVES_AGAIN:
                if self.took_over(kept):
                    return None
                looked = now
            if now - began >= patience:
                raise StillOpenError(
                    "A request with this Idempotency-Key is under way; send the same again in a moment."
                )
            self.pause(LOOK_AGAIN)
