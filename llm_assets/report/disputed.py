"""Disputed cases: where two answers, model and rules, or two people disagree. Pure.

Other doubts, such as a case that says too little, are no dispute: nobody says anything else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Between(StrEnum):
    """Who disagrees about a case."""

    CATEGORIES = "categories"
    """Two categories compete, by the model's own word."""
    RULES = "rules"
    """A check contradicts a value that the model gave."""
    PEOPLE = "people"
    """Two people decided differently, or a person sent the model's answer back."""


_BETWEEN = {
    "two_fit": Between.CATEGORIES,
    "ambiguous": Between.CATEGORIES,
    "two_values": Between.RULES,
    "not_in_text": Between.RULES,
    "value_not_in_quote": Between.RULES,
    "impossible_date": Between.RULES,
    "not_a_deadline": Between.RULES,
    "bad_check_digit": Between.RULES,
    "sum_mismatch": Between.RULES,
}
"""By the reason of a doubt."""
CONTESTED = "contested"
"""The reason where people disagree; they leave no doubt in the review queue when one of them has settled it."""


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """A case that waits for a person, once per step and reason."""

    case_id: str
    record_id: str
    queue: str
    step: str
    reason: str
    detail: str
    subject: str


@dataclass(frozen=True, slots=True)
class Disputed(ReviewCase):
    """A case about which two disagree, once per step and reason."""

    between: Between


def disputed(waiting: Iterable[ReviewCase], contested: Iterable[ReviewCase]) -> list[Disputed]:
    """What people disagree about first, then competing categories, then checks; in each the order given."""
    found = [(case, Between.PEOPLE) for case in contested]
    found += [(case, _BETWEEN[case.reason]) for case in waiting if case.reason in _BETWEEN]
    order: Sequence[Between] = (Between.PEOPLE, Between.CATEGORIES, Between.RULES)
    return [
        Disputed(
            case.case_id,
            case.record_id,
            case.queue,
            case.step,
            case.reason,
            case.detail,
            case.subject,
            between,
        )
        for case, between in sorted(found, key=lambda each: order.index(each[1]))
    ]
