"""Agreement with the model: which decisions count, which are drawn, and what is fitted to them."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from llm_assets.domain.desk.queue import Category, Queue, Queues
from llm_assets.engine.answers.agreement import Judged, agreement_rows, is_drawn, judged, sampled
from llm_assets.engine.answers.drawing import Candidate, Stratum, allocated, draw
from llm_assets.engine.answers.isotonic import isotonic, precision_from, share_at
from llm_assets.engine.answers.thresholds import NEEDED_ABOVE, chosen, threshold
from llm_assets.engine.ports.review import UNDOES, Decision, DecisionKind

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANY = (Category(name="card", was="cards"), Category(name="fee"))
QUEUES = Queues(
    queues=(
        Queue(name="bank", default=True, categories=ANY, review_sample=1.0),
        Queue(name="shop", categories=ANY, review_sample=0.0),
    )
)


def row(case: str, category: str | None = "card", queue: str = "bank", **changes: Any) -> dict[str, Any]:
    standing = {"status": "ok", "decided_by": "model", "prompt_version": "p1", "confidence": 0.9}
    return {"case_id": case, "queue": queue, "category": category, **standing, **changes}


def decision(
    case: str, kind: DecisionKind = DecisionKind.APPROVE, number: int = 1, **values: Any
) -> Decision:
    before = {name: "card" for name in values if name == "category"}
    at = NOON + timedelta(minutes=number)
    return Decision(case, "categories", values, "amina", at, kind, before, "p1", number)


def found(
    rows: list[dict[str, Any]], made: list[Decision], reasons: dict[str, str] | None = None
) -> list[Judged]:
    return list(judged(rows, reasons or {}, made, QUEUES))


def test_an_approved_category_agrees_and_a_corrected_one_does_not() -> None:
    made = [decision("a"), decision("b", DecisionKind.CORRECT, category="fee")]
    after = [row("a", decided_by="amina"), row("b", "fee", decided_by="amina", status="corrected")]
    assert [(j.category, j.agreed) for j in found(after, made)] == [("card", True), ("card", False)]


def test_a_correction_of_another_column_agrees_with_the_category() -> None:
    made = [decision("a", DecisionKind.CORRECT, needs_reply=False)]
    assert [j.agreed for j in found([row("a")], made)] == [True]


def test_an_undone_correction_counts_for_nothing_though_the_table_holds_it_still() -> None:
    undo = replace(decision("a", DecisionKind.UNDO, 2), values={UNDOES: 1})
    made = [decision("a", DecisionKind.CORRECT, category="fee"), undo]
    assert found([row("a", "fee")], made) == []
    [again] = found([row("a", "fee")], [*made, decision("a", number=3)])
    assert (again.category, again.agreed) == ("card", True)


def test_a_case_that_is_given_up_says_nothing_about_its_category_until_somebody_judges_it_anew() -> None:
    corrected = decision("a", DecisionKind.CORRECT, category="fee")
    made = [corrected, decision("a", DecisionKind.DEAD_LETTER, 2)]
    assert found([row("a")], made) == []
    assert [j.agreed for j in found([row("a")], [*made, decision("a", number=3)])] == [True]


def test_a_case_without_an_answer_has_nothing_to_agree_with() -> None:
    refused = replace(decision("a", DecisionKind.CORRECT, category="fee"), before={"category": None})
    assert found([row("a", "fee")], [refused]) == []


def test_only_doubts_of_confidence_and_cases_drawn_at_random_are_fitted() -> None:
    rows = [row("a"), row("b"), row("c"), row("d", queue="shop")]
    made = [decision(case) for case in "abcd"]
    reasons = {"a": "low_confidence", "b": "two_fit"}
    fitted = dict(zip("abcd", found(rows, made, reasons), strict=True))
    assert [fitted[c].is_unbiased for c in "abcd"] == [True, False, True, False]
    assert [fitted[c].sampled for c in "abcd"] == [False, False, True, False]


def test_an_answer_given_again_since_is_not_fitted() -> None:
    [old] = found([row("a", prompt_version="p2")], [decision("a")])
    assert (old.prompt_version, old.is_unbiased) == ("p1", False)


def test_agreement_counts_by_queue_category_and_prompt_under_the_names_of_today() -> None:
    rows = [row("a", "cards"), row("b", "card"), row("c", "fee", queue="shop")]
    made = [decision("a"), decision("b"), decision("c", DecisionKind.CORRECT, category="fee")]
    counted = [list(r.values()) for r in agreement_rows(DAY, found(rows, made))]
    assert counted == [
        ["2026-11-20", "bank", "card", "p1", 2, 2, 2, 2],
        ["2026-11-20", "shop", "card", "p1", 1, 0, 0, 0],
    ]


def test_a_twentieth_is_drawn_by_id_and_a_larger_share_holds_the_smaller() -> None:
    ids = [f"case-{n}" for n in range(20_000)]
    few, many = ({i for i in ids if is_drawn(i, share)} for share in (0.05, 0.2))
    assert len(few) == pytest.approx(1000, abs=100)
    assert few < many
    assert not any(is_drawn(i, 0.0) for i in ids) and all(is_drawn(i, 1.0) for i in ids)


def test_only_confident_answers_of_the_model_are_drawn() -> None:
    rows = [
        row("a"),
        row("b", status="review"),
        row("c", decided_by="rule"),
        row("d", queue="shop"),
        row("e", decided_by="amina"),
    ]
    assert [r["case_id"] for r in sampled(rows, QUEUES)] == ["a"]


def test_the_fit_rises_and_pools_neighbours_that_fall() -> None:
    judgements = [
        (0.5, False),
        (0.6, True),
        (0.7, False),
        (0.8, True),
        (0.9, True),
        (0.9, False),
        (1.0, True),
    ]
    blocks = isotonic(judgements)
    assert [(b.low, b.agreed, b.decided) for b in blocks] == [
        (0.5, 0, 1),
        (0.6, 1, 2),
        (0.8, 2, 3),
        (1.0, 1, 1),
    ]
    assert [share_at(blocks, c) for c in (0.1, 0.65, 0.85, 1.0)] == [0.0, 0.5, 2 / 3, 1.0]
    with pytest.raises(ValueError, match="nothing was fitted"):
        share_at([], 0.5)


def test_the_fit_is_the_nearest_rising_one() -> None:
    """Against the definition: the greatest least mean over ranges that hold the point."""
    rights = [1, 0, 1, 1, 0, 0, 1, 1, 0, 1]
    blocks = isotonic((n / 10, bool(r)) for n, r in enumerate(rights))
    for n in range(len(rights)):
        expected = max(
            min(sum(rights[i : j + 1]) / (j + 1 - i) for j in range(n, len(rights))) for i in range(n + 1)
        )
        assert share_at(blocks, n / 10) == pytest.approx(expected)


JUDGED = (
    [(0.6, n < 10) for n in range(20)]
    + [(0.8, n < 45) for n in range(50)]
    + [(0.95, n < 49) for n in range(50)]
)
ANSWERS = {0.6: 100, 0.8: 400, 0.95: 500}


def test_precision_is_weighed_by_how_confident_answers_are_and_not_by_who_was_looked_at() -> None:
    blocks = isotonic(JUDGED)
    assert precision_from(blocks, ANSWERS, 0.7) == pytest.approx((400 * 0.9 + 500 * 0.98) / 900)
    assert precision_from(blocks, ANSWERS, 0.96) is None
    at = threshold(JUDGED, blocks, ANSWERS, 0.7)
    assert (at.to_people, at.decided) == (100, 100)


@pytest.mark.parametrize(("wanted", "below"), [(0.5, 0.0), (0.94, 0.61), (0.95, 0.81), (0.999, 0.81)])
def test_the_fewest_cases_go_to_people_that_the_wanted_precision_allows(wanted: float, below: float) -> None:
    picked = chosen(JUDGED, isotonic(JUDGED), ANSWERS, wanted)
    assert picked is not None
    assert picked.review_below == pytest.approx(below)


def test_a_threshold_is_not_chosen_for_a_few_lucky_decisions_above_it() -> None:
    few = [*JUDGED, *((0.99, True) for _ in range(NEEDED_ABOVE - 1))]
    picked = chosen(few, isotonic(few), {**ANSWERS, 0.99: 10}, 0.995)
    assert picked is not None and picked.review_below <= 0.95
    assert chosen(JUDGED[: NEEDED_ABOVE - 1], isotonic(JUDGED[:5]), ANSWERS, 0.9) is None


def test_rare_categories_are_in_a_drawn_set_and_none_gives_more_than_it_has() -> None:
    sizes = {Stratum("bank", "card"): 900, Stratum("bank", "fee"): 100, Stratum("shop", "rare"): 2}
    assert allocated(sizes, 40) == {
        Stratum("bank", "card"): 29,
        Stratum("bank", "fee"): 10,
        Stratum("shop", "rare"): 1,
    }
    assert allocated(sizes, 5000) == sizes


def test_drawing_again_draws_the_same_and_a_larger_set_holds_the_smaller() -> None:
    pool = [Candidate(DAY, f"c{n}", Stratum("bank", "card" if n % 10 else "fee")) for n in range(200)]
    first = draw(pool, 20)
    assert Counter(c.stratum.category for c in first) == {"card": 15, "fee": 5}
    assert draw(list(reversed(pool)), 20) == first
    assert set(first) < set(draw(pool, 50))
    marked = [replace(c, drawn=c.case_id == "c7") for c in pool]
    assert "c7" in {c.case_id for c in draw(marked, 2)}, "what was drawn before stays"
