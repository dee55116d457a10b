"""Budget: which of the due requests may be sent, by priority, when a night may cost more than its limits. Pure.

The choice is made before any intent is written. Planning every step with the ledger is in `within_budget`.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from llm_assets.domain.mail.document import Priority
from llm_assets.domain.profile import Lane
from llm_assets.domain.requests.money import Budget, Committed, Limit, OverBudget
from llm_assets.domain.traffic.lanes import Lanes

OVER_BUDGET = "over_budget"
"""The reason for which a request is held back."""

_URGENCY = {Priority.URGENT: 0, Priority.NORMAL: 1, Priority.LOW: 2}


def limits_of(budget: Budget, lanes: Lanes, day: date) -> tuple[Limit, ...]:
    """All limits that apply to a night; none when no budget is set."""
    limits: list[Limit] = []
    if budget.night_usd is not None:
        limits.append(Limit(f"the night of {day}", "LLM_ASSETS_BUDGET_USD", budget.night_usd, day, day))
    month = day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
    for lane, rule in lanes.lanes.items():
        if rule.budget_usd is not None:
            what, setting = f"lane {lane} in the night of {day}", f"budget_usd of lane {lane} in lanes.yaml"
            limits.append(Limit(what, setting, rule.budget_usd, day, day, lane))
        if rule.budget_month_usd is not None:
            what, setting = f"lane {lane} in {day:%Y-%m}", f"budget_month_usd of lane {lane} in lanes.yaml"
            limits.append(Limit(what, setting, rule.budget_month_usd, *month, lane))
    return tuple(limits)


class Rank(NamedTuple):
    """The order of requests: lower ones are sent first."""

    lane: int
    urgency: int


def rank_of(lanes: Lanes, lane: Lane, priority: Priority) -> Rank:
    return Rank(-lanes.lanes[lane].priority, _URGENCY[priority])


@dataclass(frozen=True, slots=True)
class Wish:
    """A due request and the most it may cost."""

    rank: Rank
    lane: Lane
    usd: Decimal


@dataclass(slots=True)
class Room:
    """What a limit still leaves while requests are admitted one after the other."""

    limit: Limit
    committed: Committed
    admitted_usd: Decimal = Decimal(0)
    short_at: Rank | None = field(default=None)
    """The first rank that did not fit: no later one takes the money it waits for."""

    @property
    def left_usd(self) -> Decimal:
        return self.limit.usd - self.committed.usd - self.admitted_usd

    @property
    def returning_usd(self) -> Decimal:
        """What is set aside and may come back when answers are paid for."""
        return self.committed.reserved_usd + self.admitted_usd

    def takes(self, wish: Wish) -> bool:
        return (self.short_at is None or wish.rank <= self.short_at) and wish.usd <= self.left_usd


def admit(wishes: Sequence[Wish], rooms: Sequence[Room], over: OverBudget) -> list[bool]:
    """For each wish, in their order, whether it may be sent. Wishes come sorted by rank. The rooms remember what was
    admitted and where the money ran short."""
    answers = [_fits(wish, rooms) for wish in wishes]
    if over is OverBudget.REFUSE and not all(answers):
        for room in rooms:
            room.admitted_usd = Decimal(0)
        return [False] * len(wishes)
    return answers


def _fits(wish: Wish, rooms: Sequence[Room]) -> bool:
    concerned = [room for room in rooms if room.limit.lane in (None, wish.lane)]
    short = [room for room in concerned if not room.takes(wish)]
    for room in short:
        room.short_at = wish.rank if room.short_at is None else min(room.short_at, wish.rank)
    if not short:
        for room in concerned:
            room.admitted_usd += wish.usd
    return not short


def shortfall(held: Sequence[Wish], asked: int, rooms: Sequence[Room]) -> str:
    """Why requests are held back, in one sentence with the figures of the tightest limit."""
    tightest = min((r for r in rooms if r.short_at is not None), key=lambda r: r.left_usd)
    usd = sum((w.usd for w in held), Decimal(0))
    return (
        f"over budget: {len(held)} of {asked} requests are not sent, which may cost up to {usd:.6f} USD; of the "
        f"{tightest.limit.usd} USD for {tightest.limit.what} {tightest.committed.spent_usd:.6f} are spent and "
        f"{tightest.returning_usd:.6f} set aside; raise {tightest.limit.setting} and run the night again"
    )


def in_words(limits: Sequence[Limit]) -> str:
    """The limits and where each is raised, for people; empty without one."""
    return "; ".join(f"{x.usd} USD for {x.what}, set by {x.setting}" for x in limits)
