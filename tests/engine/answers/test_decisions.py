"""Which decisions hold: later corrections replace columns, undone ones are as if nobody had made them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.answers.decisions import decided, in_force, newest_numbers, remarks, status_of
from llm_assets.engine.ports.review import REMARK, UNDOES, Decision, DecisionKind

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def decision(
    number: int,
    kind: DecisionKind = DecisionKind.CORRECT,
    case: str = "a",
    step: str = "moods",
    **values: Any,
) -> Decision:
    at = NOON + timedelta(minutes=number)
    return Decision(case, step, values, "amina", at, kind, number=number)


def undo(number: int, undone: int) -> Decision:
    return decision(number, DecisionKind.UNDO, **{UNDOES: undone})


def test_a_later_correction_replaces_only_the_columns_it_names() -> None:
    other = decision(1, step="drafts", mood="none of its business")
    found = decided([decision(1, mood="sad", sure=False), other, decision(2, sure=True)], "moods")
    assert dict(found["a"].values) == {"mood": "sad", "sure": True}


def test_an_undone_decision_is_as_if_nobody_had_made_it() -> None:
    made = [decision(1, mood="sad"), decision(2, mood="glad"), undo(3, 2)]
    assert dict(decided(made, "moods")["a"].values) == {"mood": "sad"}
    assert in_force(made) == [made[0]]
    assert decided([*made, undo(4, 1)], "moods") == {}


def test_undoing_in_one_case_or_step_leaves_the_others() -> None:
    made = [
        decision(1, mood="sad"),
        decision(1, case="b", mood="glad"),
        decision(1, step="drafts"),
        undo(2, 1),
    ]
    assert in_force(made) == made[1:3]


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ([DecisionKind.APPROVE], Status.OK),
        ([DecisionKind.CORRECT], Status.CORRECTED),
        ([DecisionKind.CORRECT, DecisionKind.APPROVE], Status.CORRECTED),
        ([DecisionKind.CORRECT, DecisionKind.DEAD_LETTER], Status.DEAD),
        ([DecisionKind.DEAD_LETTER, DecisionKind.CORRECT], Status.CORRECTED),
    ],
)
def test_the_last_kind_and_the_corrected_values_make_the_status(
    kinds: list[DecisionKind], status: Status
) -> None:
    made = [
        decision(n, kind, **({"mood": "sad"} if kind is DecisionKind.CORRECT else {}))
        for n, kind in enumerate(kinds, 1)
    ]
    assert status_of(decided(made, "moods")["a"]) is status


def test_the_newest_number_counts_undone_decisions_too() -> None:
    made = [decision(1), undo(2, 1)]
    assert newest_numbers(made)["a", "moods"] == 2
    assert newest_numbers(made)["b", "moods"] == 0


def test_sending_back_ends_what_was_decided_before_and_not_what_is_decided_after() -> None:
    back = decision(2, DecisionKind.SEND_BACK, **{REMARK: "the second page"})
    made = [decision(1, mood="sad", sure=True), back]
    assert decided(made, "moods") == {}
    assert dict(decided([*made, decision(3, mood="glad")], "moods")["a"].values) == {"mood": "glad"}
    assert dict(decided([*made, undo(3, 2)], "moods")["a"].values) == {"mood": "sad", "sure": True}


def test_every_remark_is_kept_in_order_and_an_undone_one_is_not() -> None:
    made = [
        decision(n, DecisionKind.SEND_BACK, **({REMARK: said} if said else {}))
        for n, said in enumerate(("one", "", "three"), 1)
    ]
    assert remarks(made, "moods") == {"a": ("one", "", "three")}
    assert remarks([*made, undo(4, 1)], "moods") == {"a": ("", "three")}
    assert remarks(made, "drafts") == {}


def test_asking_for_a_draft_decides_nothing_and_cannot_be_undone() -> None:
    made = [decision(1), decision(2, DecisionKind.DRAFT_NOW)]
    assert in_force(made) == made[:1]
    assert newest_numbers(made)["a", "moods"] == 2
