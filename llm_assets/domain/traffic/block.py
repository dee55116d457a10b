"""The block of a provider: since when nothing is sent because of the account, why, and when that is tried again.

Pure: the state is a value. The shell around it is in `engine/blocking.py`; what blocks at all, in `domain/refusals.py`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum

from llm_assets.domain.refusals import Refused

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=10)
"""Trying costs one request, and whoever has paid or corrected the key does not wait longer than this."""
LONGEST_ASKED = timedelta(hours=1)
"""The longest pause that is kept when a provider asks for one."""


class Proof(IntEnum):
    """What shows that a block is over: the kind of call that was refused has to work. A higher one proves lower ones."""

    READ = 1
    """A look at a batch was refused, so nothing can be read either."""
    CREATED = 2
    """An upload or a create was refused."""
    ANSWERED = 3
    """What was taken was not answered: lines, a whole batch or an online call were refused for the account."""


@dataclass(frozen=True, slots=True)
class Block:
    """One provider's block. While there is one, nothing is sent but a single request at `next_try`."""

    kind: Refused
    needs: Proof
    since: datetime
    sentence: str
    """Why, with the cure."""
    tries: int
    next_try: datetime

    def may_try(self, now: datetime) -> bool:
        return now >= self.next_try

    @property
    def reads(self) -> bool:
        """Whether the results of what was sent can still be read."""
        return self.needs is not Proof.READ

    def claimed(self, now: datetime) -> "Block":
        """For the one process that tries now. The pause grows before the try, so that a death in it is no second try."""
        return replace(self, tries=self.tries + 1, next_try=now + pause_after(self.tries + 1))


def pause_after(tries: int) -> timedelta:
    """Doubled with each try that failed."""
    return min(FIRST_PAUSE * 2.0 ** min(tries, 30), LONGEST_PAUSE)


def blocked(
    before: Block | None,
    kind: Refused,
    needs: Proof,
    sentence: str,
    now: datetime,
    retry_after: float | None = None,
) -> Block:
    """The block after one more refusal. One of the same kind changes nothing but the time, where the provider names one:
    many batches that are refused together are one trouble."""
    asked = now + min(timedelta(seconds=retry_after or 0), LONGEST_ASKED)
    if before is None:
        return Block(kind, needs, now, sentence, 0, max(now + pause_after(0), asked))
    next_try = max(before.next_try, asked)
    if (before.kind, before.needs) == (kind, needs):
        return replace(before, next_try=next_try)
    return replace(before, kind=kind, needs=needs, sentence=sentence, next_try=next_try)


def after_success(block: Block, proof: Proof, sent_at: datetime) -> Block | None:
    """None when a success lifts the block: it has to be of the refused kind, and of a call that began after it."""
    return None if proof >= block.needs and sent_at >= block.since else block
