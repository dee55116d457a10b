"""Quality rules over a night's counts: what passes, with the figure and the limit. Pure; the checks are shells."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Verdict:
    passed: bool
    value: float
    limit: float
    says: str
    """One sentence for whoever sees the check."""


VALID_SHARE = 0.98
"""Answers that fit their schema; below this a prompt or a model is broken, not a mail."""
REVIEW_SHARE = 0.35
DEAD_SHARE = 0.01
MISSING_SHARE = 0.5
NO_COST = Decimal(0)
USD_PER_THOUSAND = 5.0
"""Cheap tier at batch price, 1,500 tokens in and 600 out per case over three steps, is about 0.70 USD per 1,000."""


def share_at_least(what: str, part: int, whole: int, limit: float) -> Verdict:
    value = part / whole if whole else 1.0
    return Verdict(value >= limit, value, limit, f"{part} of {whole} {what}; at least {limit:.0%} expected")


def share_at_most(what: str, part: int, whole: int, limit: float) -> Verdict:
    value = part / whole if whole else 0.0
    return Verdict(value <= limit, value, limit, f"{part} of {whole} {what}; at most {limit:.0%} expected")


def cost_per_thousand(usd: Decimal, cases: int, limit: float = USD_PER_THOUSAND) -> Verdict:
    value = float(usd) * 1000 / cases if cases else 0.0
    return Verdict(
        value <= limit, value, limit, f"{value:.2f} USD per 1,000 cases; at most {limit:.2f} expected"
    )


def nothing_lost(expected: int, found: int, what: str) -> Verdict:
    missing = expected - found
    says = (
        f"all {expected} {what} are there"
        if missing == 0
        else f"{found} {what} where {expected} were expected"
    )
    return Verdict(missing == 0, float(found), float(expected), says)


def on_time(first_written: datetime | None, deadline: datetime, now: datetime) -> Verdict:
    """Whether the night's first report was there by its deadline; before the deadline nothing is late yet.

    A report written for the first time long after its deadline (a backfill) is late too: the check tells the truth
    about the night, and a backfilled night had none.
    """
    when = f"{deadline:%Y-%m-%d %H:%M %z}"
    if first_written is not None and first_written <= deadline:
        return Verdict(True, 1.0, 1.0, f"written before {when}")
    if first_written is None and now <= deadline:
        return Verdict(True, 0.0, 1.0, f"due by {when}")
    says = f"no report by {when}" if first_written is None else f"first written after {when}"
    return Verdict(False, 0.0, 1.0, says)
