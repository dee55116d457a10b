"""The report names the cases about which two disagree, and those to look at first."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from llm_assets.domain.desk.reply_by import QueueDeadline, ReplyBy, Source, reply_by
from llm_assets.engine.answers.contested import contested, sent_back
from llm_assets.engine.ports.review import UNDOES, Decision, DecisionKind
from llm_assets.report.attention import MORNING
from llm_assets.report.disputed import CONTESTED, Between, ReviewCase
from llm_assets.report.numbers import numbers_of, read_cases
from llm_assets.report.pressing import disputes, priorities
from tests.support.nights.invented_night import DAY, case_rows, document, doubt, merged

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)


def decision(by: str, kind: str, number: int, **values: Any) -> Decision:
    at = AT + timedelta(minutes=number)
    return Decision("c1", "categories", values, by, at, DecisionKind(kind), number=number)


@pytest.mark.parametrize(
    ("made", "disagree"),
    [
        ([("amina", "correct", {"category": "fee"}), ("bek", "correct", {"category": "card"})], True),
        ([("amina", "correct", {"category": "fee"}), ("bek", "correct", {"needs_reply": False})], False),
        ([("amina", "correct", {"category": "fee"}), ("bek", "approve", {})], False),
        ([("amina", "correct", {"category": "fee"}), ("amina", "correct", {"category": "card"})], False),
        ([("amina", "approve", {}), ("bek", "correct", {"category": "card"})], True),
        ([("amina", "approve", {}), ("bek", "undo", {UNDOES: 1})], True),
        ([("amina", "approve", {}), ("bek", "send_back", {})], True),
        ([("amina", "approve", {}), ("bek", "draft_now", {})], False),
        (
            [
                ("amina", "correct", {"category": "fee"}),
                ("amina", "undo", {UNDOES: 1}),
                ("bek", "approve", {}),
            ],
            False,
        ),
        ([("amina", "approve", {}), ("bek", "send_back", {}), ("bek", "undo", {UNDOES: 2})], False),
        (
            [
                ("amina", "correct", {"category": "fee"}),
                ("amina", "undo", {UNDOES: 1}),
                ("bek", "correct", {"category": "card"}),
            ],
            False,
        ),
    ],
)
def test_people_disagree_when_one_decides_against_another(
    made: list[tuple[str, str, dict[str, Any]]], disagree: bool
) -> None:
    decisions = [decision(by, kind, n, **values) for n, (by, kind, values) in enumerate(made, 1)]
    assert contested(decisions) == ({("c1", "categories")} if disagree else set())
    assert bool(sent_back(decisions)) is (made[-1][1] == "send_back")


def test_what_disagrees_is_named_once_for_each_case_and_pressing_ones_come_first() -> None:
    documents = [document(c, priority="urgent" if c == "c3" else "normal") for c in ("c1", "c2", "c3", "c4")]
    steps = merged(case_rows(d["case_id"], fields="ok", category="review", draft="ok") for d in documents)
    review = [
        doubt("c1", "two_fit", detail="card or fee"),
        doubt("c2", "too_little"),
        doubt("c3", "value_not_in_quote"),
        doubt("c3", "two_values"),
    ]
    night = read_cases(documents, steps)
    people = [ReviewCase("c4", "r-c4", "bank", "categories", CONTESTED, "", "Fee")]
    numbers = numbers_of(DAY, night, review=review, contested=people)
    assert [(d.case_id, d.between) for d in disputes(numbers)] == [
        ("c3", Between.RULES),
        ("c4", Between.PEOPLE),
        ("c1", Between.CATEGORIES),
    ]
    assert priorities(numbers) == {"urgent": 1, "late": 0, "due_today": 0, "disputed": 3}


def test_a_case_that_its_queue_answers_by_the_morning_is_named_with_who_says_so() -> None:
    rules = {"hurry": QueueDeadline(within="1 day"), "slow": QueueDeadline(within="3 days")}

    def due(first: Any, found: Any) -> ReplyBy | None:
        return reply_by(rules.get(first["queue"]), first["received_at"], found, UTC)

    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    documents = [
        document("c1", queue="hurry", received_at=noon),
        document("c2", queue="slow", received_at=noon),
        document("c3", queue="slow", received_at=noon - timedelta(days=4)),
        document("c4", queue="calm", received_at=noon),
    ]
    steps = merged(case_rows(d["case_id"], fields="ok", category="ok", draft="ok") for d in documents)
    steps["extracted_fields"][3]["deadline"] = date(2026, 11, 25)
    numbers = numbers_of(DAY, read_cases(documents, steps, due))
    assert [(p.case_id, p.deadline, p.source, p.late) for p in numbers.pressing] == [
        ("c3", date(2026, 11, 19), Source.QUEUE, True),
        ("c1", DAY + MORNING, Source.QUEUE, False),
        ("c4", date(2026, 11, 25), Source.MAIL, False),
    ]
    assert priorities(numbers) == {"urgent": 0, "late": 1, "due_today": 1, "disputed": 0}
