"""The review queue: a row per doubt, with when it was opened, who settles it and what was decided."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from llm_assets.domain.desk.queue import Category, Queue, Queues
from llm_assets.engine.answers.decisions import settles
from llm_assets.engine.answers.review_rows import review_rows
from llm_assets.engine.ports.review import Decision, DecisionKind

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 20, tzinfo=UTC)
OTHER = (Category(name="other"),)
QUEUES = Queues(
    queues=(
        Queue(name="bank", default=True, reviewers=("amina",), categories=OTHER),
        Queue(name="shop", categories=OTHER),
    )
)


def row(
    case: str, status: str, reason: str | None = None, detail: str | None = None, queue: str = "bank"
) -> dict[str, Any]:
    return {
        "case_id": case,
        "record_id": f"r-{case}",
        "queue": queue,
        "status": status,
        "doubt_reason": reason,
        "doubt_detail": detail,
    }


def reviewed(
    steps: dict[str, list[dict[str, Any]]],
    before: list[dict[str, Any]] | None = None,
    decisions: list[Decision] | None = None,
    now: datetime = NOW,
) -> list[dict[str, Any]]:
    return list(review_rows(DAY, steps, before or [], decisions or [], QUEUES, now))


DOUBTS = {
    "extracted_fields": [row("a", "review", "not_in_text", "amount"), row("b", "ok")],
    "categories": [
        row("a", "review", "ambiguous", "x or y"),
        row("b", "review", "low_confidence", "0.41", "shop"),
    ],
    "drafts": [row("a", "review"), row("b", "review")],
}


def test_every_doubt_of_every_step_has_a_row_and_a_draft_that_waits_has_none() -> None:
    found = [(r["case_id"], r["step"], r["reason"], r["detail"]) for r in reviewed(DOUBTS)]
    assert found == [
        ("a", "extracted_fields", "not_in_text", "amount"),
        ("a", "categories", "ambiguous", "x or y"),
        ("b", "categories", "low_confidence", "0.41"),
    ]


def test_a_doubt_goes_to_the_queues_reviewers_and_to_everybody_where_there_are_none() -> None:
    assert {r["queue"]: r["reviewers"] for r in reviewed(DOUBTS)} == {"bank": ["amina"], "shop": []}


def test_a_queue_that_is_configured_no_more_has_no_reviewers_of_its_own() -> None:
    gone = {"categories": [row("a", "review", "ambiguous", queue="closed")]}
    assert [r["reviewers"] for r in reviewed(gone)] == [[]]


def test_nothing_in_doubt_is_an_empty_queue() -> None:
    settled = {"categories": [row("a", "ok"), row("b", "dead", "missing"), row("c", "open", "not_sent")]}
    assert reviewed(settled) == []


def test_a_doubt_keeps_when_it_was_first_opened() -> None:
    before = reviewed(DOUBTS)
    again = reviewed(DOUBTS, before, now=NOW + timedelta(hours=3))
    assert [r["opened_at"] for r in again] == [NOW.isoformat()] * 3
    assert again == before


def test_the_same_doubt_in_two_steps_is_looked_at_once() -> None:
    unreadable = {
        s: [row("a", "review", "no_text", "empty message")] for s in ("extracted_fields", "categories")
    }
    assert [r["step"] for r in reviewed(unreadable)] == ["extracted_fields"]


def test_a_decided_doubt_stays_with_its_decision() -> None:
    before = reviewed(DOUBTS)
    decision = Decision("b", "categories", {"category": "карта"}, "amina", NOW + timedelta(hours=1))
    settled = {**DOUBTS, "categories": [DOUBTS["categories"][0], row("b", "corrected", queue="shop")]}
    found = {(r["case_id"], r["step"]): r for r in reviewed(settled, before, [decision])}
    assert len(found) == 3
    decided = found["b", "categories"]
    assert decided["decided_at"] == (NOW + timedelta(hours=1)).isoformat()
    assert decided["decision"] == '{"category": "карта", "kind": "correct"}'
    assert found["a", "categories"]["decided_at"] is None


def test_a_doubt_that_went_away_by_itself_leaves_the_queue() -> None:
    before = reviewed(DOUBTS)
    assert reviewed({"categories": [row("a", "ok"), row("b", "ok")]}, before) == []


def test_a_doubt_that_was_sent_back_waits_and_a_doubt_about_the_new_answer_is_a_new_one() -> None:
    old, new = (
        {"categories": [row("a", "review", "ambiguous") | {"request_id": each}]} for each in ("old", "new")
    )
    [queued] = reviewed(old)
    before = [queued | {"opened_at": NOW}]
    at = NOW + timedelta(hours=1)
    back = Decision(
        "a", "categories", {}, "amina", at, DecisionKind.SEND_BACK, before={"request_id": "old"}, number=1
    )
    [waiting] = reviewed(old, before, [back])
    assert waiting["decided_at"] == at.isoformat(), "nobody looks at the old answer again"
    [again] = reviewed(new, before, [back], now=at - timedelta(minutes=2))
    assert (again["decided_at"], again["opened_at"]) == (None, (at + timedelta(seconds=1)).isoformat()), (
        "it is newer than the decision, whosever clock is late"
    )
    kept = [again | {"opened_at": at + timedelta(seconds=1)}]
    assert reviewed(new, kept, [back], now=at + timedelta(hours=5))[0]["opened_at"] == at + timedelta(
        seconds=1
    )


def test_a_doubt_about_an_answer_that_came_after_an_approval_is_a_new_one() -> None:
    before = [r | {"opened_at": NOW} for r in reviewed(DOUBTS)]
    approved = Decision(
        "b", "categories", {}, "amina", NOW + timedelta(hours=1), DecisionKind.APPROVE, {"request_id": "r1"}
    )
    of_request = {
        name: {"categories": [row("b", "review", "low_confidence", "0.41", "shop") | {"request_id": name}]}
        for name in ("r1", "r2")
    }
    [seen] = reviewed(of_request["r1"], before, [approved], NOW + timedelta(hours=2))
    [unseen] = reviewed(of_request["r2"], before, [approved], NOW + timedelta(hours=2))
    assert settles(approved, NOW) and seen["opened_at"] == NOW
    assert not settles(approved, datetime.fromisoformat(unseen["opened_at"]))
