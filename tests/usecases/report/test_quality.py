"""What people's decisions say about a night: how often they left an answer as it was, and which drafts are released."""

from datetime import UTC, datetime, timedelta
from typing import cast

from pydantic import JsonValue

from llm_assets.engine.ports.review import UNDOES, Decision, DecisionKind
from llm_assets.usecases.report.quality import left_by_people

AT = datetime(2026, 11, 21, 4, tzinfo=UTC)
QUEUES = {"a": "north", "b": "north", "c": "south"}


def decision(
    case: str, kind: str, number: int = 1, *, step: str = "categories", **values: JsonValue
) -> Decision:
    at = AT + timedelta(seconds=number)
    return Decision(case, step, values, "amina", at, cast(DecisionKind, kind), number=number)


def test_what_holds_of_the_decisions_about_a_case_and_step_says_whether_the_answer_was_right() -> None:
    made = [
        decision("a", DecisionKind.CORRECT, category="loan"),
        decision("a", DecisionKind.APPROVE, 2),
        decision("a", DecisionKind.CORRECT, step="drafts", body="x"),
        decision("b", DecisionKind.APPROVE),
        decision("b", DecisionKind.CORRECT, 2, category="loan"),
        decision("b", DecisionKind.UNDO, 3, **{UNDOES: 2}),
        decision("c", DecisionKind.DEAD_LETTER),
    ]
    assert left_by_people(made, QUEUES) == {
        "decided": 3,
        "agreed": 1,
        "lines": [
            {"queue": "north", "step": "categories", "decided": 2, "agreed": 1},
            {"queue": "north", "step": "drafts", "decided": 1, "agreed": 0},
        ],
    }
    assert left_by_people(made[-1:], QUEUES) is None, "a case given up says nothing about its answer"


def test_an_answer_that_was_sent_back_is_not_judged_until_somebody_judges_the_new_one() -> None:
    made = [decision("a", DecisionKind.CORRECT, category="loan"), decision("a", DecisionKind.SEND_BACK, 2)]
    assert left_by_people(made, QUEUES) is None
    again = left_by_people([*made, decision("a", DecisionKind.APPROVE, 3)], QUEUES)
    assert again is not None and (again["decided"], again["agreed"]) == (1, 1)
