"""The cases that a page lists: what is due and when, what waits and why, each with its way into the review app;
and how many there are of each. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from llm_assets.report.attention import MORNING, Pressing
from llm_assets.report.cases import State
from llm_assets.report.disputed import Disputed, ReviewCase
from llm_assets.report.numbers import ReportNumbers
from llm_assets.words.words import Words

STATE_WORDS = {
    "drafts_ready": "draft ready",
    "not_needed": "no reply needed",
    State.OK: "done",
    State.REVIEW: "waits for a person",
    State.OPEN: "open",
    State.DEAD: "dead letter",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case that waits for a person, once, with all its doubts."""

    head: ReviewCase
    doubts: list[ReviewCase]
    pressing: Pressing | None


def waiting_cases(numbers: ReportNumbers) -> list[Waiting]:
    """Late and urgent ones first, in the order of `pressing`; the others as the review queue has them."""
    doubts: dict[str, list[ReviewCase]] = {}
    for doubt in numbers.review:
        doubts.setdefault(doubt.case_id, []).append(doubt)
    pressing = {p.case_id: p for p in numbers.pressing}
    order = [
        *(case for case in pressing if case in doubts),
        *(case for case in doubts if case not in pressing),
    ]
    return [Waiting(doubts[case][0], doubts[case], pressing.get(case)) for case in order]


def disputes(numbers: ReportNumbers) -> list[Disputed]:
    """Each disputed case once, by its first dispute; pressing ones first."""
    first: dict[str, Disputed] = {}
    for case in numbers.disputed:
        first.setdefault(case.case_id, case)
    presses = {p.case_id: place for place, p in enumerate(numbers.pressing)}
    return sorted(first.values(), key=lambda case: presses.get(case.case_id, len(presses)))


def due(deadline: date, day: date, words: Words) -> str:
    """A deadline as a reader of the morning after `day` counts: the day's mail is read on the day that follows."""
    left = (deadline - day).days - 1
    if left < 0:
        return words.counted("%(num)s day late", "%(num)s days late", -left)
    if left == 0:
        return words.say("due today")
    if left == 1:
        return words.say("due tomorrow")
    return words.counted("due in %(num)s day", "due in %(num)s days", left)


class Ways:
    """Addresses in the review app; empty where none is set."""

    def __init__(self, numbers: ReportNumbers, review_url: str | None) -> None:
        self._base = review_url.rstrip("/") if review_url else ""
        self._day = numbers.day.isoformat()
        self._step: dict[str, str] = {}
        for doubt in numbers.review:
            self._step.setdefault(doubt.case_id, doubt.step)

    @property
    def start(self) -> str:
        return f"{self._base}/?day={self._day}" if self._base else ""

    @property
    def drafts(self) -> str:
        return f"{self._base}/drafts?day={self._day}" if self._base else ""

    @property
    def texts(self) -> str:
        return f"{self._base}/texts?day={self._day}" if self._base else ""

    def doubt(self, case: ReviewCase) -> str:
        return self._address(case.case_id, case.step)

    def case(self, case: Pressing) -> str:
        """The case's doubt, or its draft where it has none; a case without an answer has no page yet."""
        if case.state not in (State.OK, State.REVIEW):
            return ""
        return self._address(case.case_id, self._step.get(case.case_id, "drafts"))

    def _address(self, case_id: str, step: str) -> str:
        return (
            f"{self._base}/case/{self._day}/{quote(case_id, safe='')}/{quote(step, safe='')}"
            if self._base
            else ""
        )


def reasons_of(case: Waiting) -> Iterator[ReviewCase]:
    """One doubt for each of its reasons."""
    seen: set[str] = set()
    for doubt in case.doubts:
        if doubt.reason not in seen:
            seen.add(doubt.reason)
            yield doubt


def waiting(numbers: ReportNumbers) -> Mapping[str, Any]:
    """`report.json["waiting"]`. A case counts once for each of its reasons, and once in the totals."""
    urgent = {p.case_id for p in numbers.pressing if p.urgent or p.late}
    reasons: dict[tuple[str, str, str], set[str]] = {}
    for case in numbers.review:
        reasons.setdefault((case.queue, case.step, case.reason), set()).add(case.case_id)
    return {
        "review": [
            {
                "queue": queue,
                "step": step,
                "reason": reason,
                "cases": len(cases),
                "pressing": len(cases & urgent),
            }
            for (queue, step, reason), cases in sorted(
                reasons.items(), key=lambda item: (-len(item[1]), item[0])
            )
        ],
        "open": [{"what": m.what, "why": m.why, "step": m.step} for m in numbers.missing],
        "totals": {
            "review": numbers.totals.review,
            "open": numbers.totals.open,
            "dead": numbers.totals.dead,
            "pressing": sum(p.state is not State.OK for p in numbers.pressing),
        },
    }


def priorities(numbers: ReportNumbers) -> Mapping[str, int]:
    """`report.json["priorities"]`: cases that a shift lead looks at first. A case may count in more than one."""
    return {
        "urgent": sum(p.urgent for p in numbers.pressing),
        "late": sum(p.late for p in numbers.pressing),
        "due_today": sum(p.deadline == numbers.day + MORNING for p in numbers.pressing),
        "disputed": len({case.case_id for case in numbers.disputed}),
    }
