"""Collect: stream a batch's results, settle each request exactly once, book surplus lines, and name what is missing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import structlog

from llm_assets.domain.digest import digest
from llm_assets.domain.errors import ShortResultsError
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.outcome import Answer, Outcome, Surplus
from llm_assets.domain.requests.request import CustomId
from llm_assets.domain.traffic.block import Proof
from llm_assets.engine import blocking
from llm_assets.engine.answers.judge import Judge
from llm_assets.engine.answers.settle import _without, judge_of
from llm_assets.engine.batches.withdraw import withhold
from llm_assets.engine.chunks import chunks
from llm_assets.engine.engine import Engine
from llm_assets.engine.ports.batches import Member, Settlement, SurplusLine

log = structlog.get_logger()


class NotOursError(Exception):
    """A provisionally adopted batch holds the results of another application."""


def collect(engine: Engine, batch: Batch, short: str | None = None) -> None:
    """Applies the results of a batch in state ENDED. The caller owns it; repeating it after a crash is safe: what a dead
    process settled or booked is neither settled nor booked again. `short` says why results that are not whole are
    believed.

    Raises ShortResultsError when they are not and `short` is None, also when enough lines are there and some of them answer
    nothing; and NotOursError when an adopted batch's results carry
    another batch's ids, or none of its own.
    """
    judge = judge_of(engine)
    seen = _Seen(batch, judge, engine.ledger.batches.members(batch.batch_id))
    found = engine.provider.answers(batch, engine.spool.scratch(), partial=short is not None)
    for chunk in chunks(found):
        settlements, surplus = seen.sorted_out(chunk)
        if batch.provisional and seen.strangers and not seen.ours:
            raise NotOursError(batch.batch_id)
        if batch.provisional and seen.ours:
            batch = _proven(engine, batch)
        engine.ledger.batches.settle(batch, settlements)
        if surplus:
            engine.ledger.batches.book_surplus(batch, surplus)
    if batch.provisional:
        raise NotOursError(batch.batch_id)
    if short is None and seen.unseen and seen.surplus:
        raise ShortResultsError(
            f"{len(seen.unseen)} requests of batch {batch.batch_id} have no result line, but {seen.surplus.total()} lines "
            "answer none: they are fetched again."
        )
    _settle_missing(engine, judge, batch, seen.unseen.values(), short)
    detail = seen.told(short)
    if detail:
        log.warning(
            "odd results", batch=batch.batch_id, provider=batch.provider, step=batch.step, what=detail
        )
    if seen.refused:
        withhold(engine, batch, next(iter(seen.refused.values())), len(seen.refused))
        return
    if seen.ours:
        blocking.lift(engine, Proof.ANSWERED, batch.sent_since)
    engine.ledger.batches.transition(
        batch.batch_id, BatchState.ENDED, BatchState.COLLECTED, detail=detail[:500]
    )
    engine.spool.discard(batch.batch_id)
    missing = len(seen.unseen)
    log.info("collected", batch=batch.batch_id, step=batch.step, requests=len(seen.members), missing=missing)


@dataclass
class _Seen:
    """What the results have said so far."""

    batch: Batch
    judge: Judge
    members: dict[str, Member]
    unseen: dict[str, Member] = field(init=False)
    ours: int = 0
    refused: dict[str, Answer] = field(default_factory=dict)
    """request_id -> its line, of those that only say that the account is in trouble: they are not settled."""
    lines: Counter[str] = field(default_factory=Counter)
    """Lines so far of each id that is not of the batch, was seen before, or cannot be read."""
    surplus: Counter[Surplus] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    """Answers that were usable, and bad lines, by how they differ from the protocol."""

    def __post_init__(self) -> None:
        self.unseen = dict(self.members)

    @property
    def strangers(self) -> int:
        return self.surplus[Surplus.UNKNOWN_ID] + self.surplus[Surplus.UNREADABLE]

    def sorted_out(self, answers: Iterable[Answer]) -> tuple[list[Settlement], list[SurplusLine]]:
        """Settlements of the first answer of each request, and all other lines."""
        settlements, surplus = [], []
        for answer in answers:
            member = self._member(answer)
            if member is None or not self._is_awaited(member, answer):
                surplus.append(self._surplus(member, answer))
                continue
            self.ours += 1
            if blocking.is_of_the_account(answer):
                self.refused[member.request_id] = answer
            else:
                judged = self.judge.settlement(self.batch.step, self.batch.model, Mode.BATCH, member, answer)
                settlements.append(judged)
                self._count_oddity(judged)
        return settlements, surplus

    def _is_awaited(self, member: Member, answer: Answer) -> bool:
        """The first line of a request is; and after one that was refused for the account also its answer, which is paid."""
        if self.unseen.pop(member.request_id, None) is not None:
            return True
        return (
            not blocking.is_of_the_account(answer) and self.refused.pop(member.request_id, None) is not None
        )

    def _member(self, answer: Answer) -> Member | None:
        found = CustomId.parse(answer.custom_id)
        member = self.members.get(found.request_id) if found is not None else None
        if member is None or found != (self.batch.batch_id, member.request_id, member.attempt):
            return None
        return member

    def _count_oddity(self, judged: Settlement) -> None:
        if judged.answer.odd:
            self.odd[judged.answer.odd] += 1
        if judged.estimated:
            self.odd["no usage"] += 1

    def _surplus(self, member: Member | None, answer: Answer) -> SurplusLine:
        if member is not None:
            kind = Surplus.DOUBLED
        else:
            kind = Surplus.UNKNOWN_ID if answer.custom_id else Surplus.UNREADABLE
        name = answer.mark or digest(answer.custom_id)
        self.lines[name] += 1
        self.surplus[kind] += 1
        prompt = member.estimated_tokens if member is not None else self._typical_prompt
        metered = self.judge.metered(answer, prompt)
        cost = self.judge.usd(self.batch.model, Mode.BATCH, metered.usage)
        request_id = member.request_id if member is not None else None
        place = f"{name}:{self.lines[name]}"
        return SurplusLine(place, kind, request_id, metered.usage, cost, metered.estimated)

    @cached_property
    def _typical_prompt(self) -> int | None:
        known = [m.estimated_tokens for m in self.members.values() if m.estimated_tokens is not None]
        return sum(known) // len(known) if known else None

    def told(self, short: str | None) -> str:
        """What was odd about the results, for people; empty when nothing was."""
        words = {
            Surplus.UNKNOWN_ID: "result lines carry ids that are not of this batch",
            Surplus.DOUBLED: "result lines repeat an answer",
            Surplus.UNREADABLE: "result lines can be read by nobody",
        }
        parts = [f"{self.surplus[kind]} {what}" for kind, what in words.items() if self.surplus[kind]]
        parts += [f"{count} answers with {what}" for what, count in sorted(self.odd.items())]
        if short is not None and self.unseen:
            parts.append(f"{len(self.unseen)} requests without a line: {short}")
        return "; ".join(parts)


def _proven(engine: Engine, batch: Batch) -> Batch:
    """Ours for good, before the first of its results is settled: from then on it is never disowned."""
    engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, provisional=False)
    return replace(batch, provisional=False)


def _settle_missing(
    engine: Engine, judge: Judge, batch: Batch, unseen: Iterable[Member], short: str | None
) -> None:
    why = "no result line" if short is None else f"no result line: {short}"
    missing = [_without(judge, batch, m, Outcome.MISSING, why) for m in unseen]
    if missing:
        engine.ledger.batches.settle(batch, missing)
