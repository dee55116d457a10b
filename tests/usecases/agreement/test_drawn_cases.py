"""Confident cases and cases for the control set stand among the doubts, and nothing tells them apart."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from llm_assets.domain.desk.tables import DOCUMENTS, REVIEW_QUEUE
from llm_assets.domain.errors import ConfigurationError
from llm_assets.usecases.agreement.draw_control_set import draw_control_set
from llm_assets.usecases.review.case_page import case_page
from llm_assets.usecases.review.case_rows import CaseRows
from llm_assets.usecases.review.queue.clusters import Doubtful, clusters
from llm_assets.usecases.review.queue.open_doubts import Doubts
from tests.usecases.agreement.conftest import BEFORE, DAY, Nights, answer, message


def cases(found: Sequence[Doubtful]) -> list[str]:
    return sorted(d.case_id for d in found)


def test_confident_cases_join_the_queue_and_leave_it_when_they_are_decided(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0)
    nights.write(
        DAY, [answer("a", 0.99), answer("b", 0.4, "low_confidence"), answer("c", 0.9, decided_by="rule")]
    )
    doubts = Doubts(assembly)
    assert cases(doubts.of(DAY)) == ["a", "b"]
    [table_row] = assembly.lake.read(REVIEW_QUEUE, DAY)
    assert table_row["case_id"] == "b", "no report counts the others as doubts"
    nights.decide(DAY, "a")
    assert cases(doubts.of(DAY)) == ["b"]


def test_no_confident_case_is_shown_where_the_queue_wants_none(nights: Nights) -> None:
    assembly = nights.configured(sample=0.0)
    nights.write(DAY, [answer("a", 0.99)])
    assert Doubts(assembly).of(DAY) == []


def test_a_confident_case_looks_like_an_unsure_one(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0)
    nights.write(DAY, [answer("b", 0.4, "low_confidence", doubt_detail="0.40 for card"), answer("a", 0.99)])
    sure, unsure = sorted(Doubts(assembly).of(DAY), key=lambda d: d.case_id)
    assert replace(unsure, case_id="a", record_id="r-a", subject="a", sender=sure.sender, detail="") == sure
    alike = [replace(d, sender="one@post.example") for d in (sure, unsure)]
    assert len(clusters(alike, DAY)) == 1


@pytest.mark.parametrize("reason", [None, "low_confidence"])
def test_the_page_of_a_case_does_not_say_how_sure_the_model_is(nights: Nights, reason: str | None) -> None:
    assembly = nights.configured(sample=1.0)
    detail = "0.40 for card" if reason is not None else None
    nights.write(DAY, [answer("a", 0.4123, reason, doubt_detail=detail)])
    step = case_page(CaseRows(assembly), DAY, "a").steps["categories"]
    assert (step.reason, step.detail) == ("low_confidence", "")
    assert "0.4" not in str(step.values)


def test_drawn_cases_wait_to_be_labelled_and_are_drawn_once(nights: Nights) -> None:
    assembly = nights.configured()
    nights.write(BEFORE, [answer(f"b{n}", 0.9, category="fee") for n in range(3)])
    nights.write(DAY, [answer(f"c{n}", 0.9) for n in range(30)])
    doubts = Doubts(assembly)
    assert doubts.of(DAY) == []
    drawn = draw_control_set(assembly, 7, 10, "amina")
    assert (drawn.cases, drawn.new) == (10, 10)
    assert {s.category: n for s, n in drawn.by_stratum.items()} == {"card": 8, "fee": 2}
    assert (len(doubts.of(DAY)), len(doubts.of(BEFORE))) == (8, 2)
    [first, *_] = doubts.of(DAY)
    nights.decide(DAY, first.case_id)
    assert len(doubts.of(DAY)) == 7
    again = draw_control_set(assembly, 7, 10, "bek")
    assert (again.cases, again.new) == (10, 0)


def test_what_a_label_cannot_be_made_of_is_not_drawn(nights: Nights) -> None:
    assembly = nights.configured()
    rows = [
        answer("decided", 0.9),
        answer("thread", 0.9),
        answer("open", 0.9, status="open"),
        answer("a", 0.9),
    ]
    nights.write(DAY, rows)
    messages = [message(DAY, r["case_id"]) for r in rows]
    copy, reply = message(DAY, "a", "duplicate"), message(DAY, "thread", "update")
    assembly.lake.write(DOCUMENTS, DAY, [*messages, copy, reply])
    nights.decide(DAY, "decided")
    assert draw_control_set(assembly, 7, 10, "amina").cases == 1
    assert assembly.ledger.calibration.drawn(DAY) == {"a"}


def test_a_desk_without_nights_says_what_to_do(nights: Nights) -> None:
    with pytest.raises(ConfigurationError, match="run a night first"):
        draw_control_set(nights.configured(), 7, 10, "amina")
