"""Doubts that one decision settles stand together, and what cannot wait stands first."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from llm_assets.domain.mail.document import Priority
from llm_assets.usecases.review.queue.clusters import (
    SECONDS_A_DECISION,
    Doubtful,
    clusters,
    minutes_for,
    usual_seconds,
)

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ONE = Doubtful(
    DAY, "c1", "r1", "bank", "categories", "two_fit", "card_arrival or fee", "a@post.example", "Card",
    Priority.NORMAL, None, "card_arrival", NOON, 0,
)  # fmt: skip


def doubt(number: int, **changes: object) -> Doubtful:
    return replace(ONE, case_id=f"c{number}", opened_at=NOON + timedelta(minutes=number), **changes)  # type: ignore[arg-type]


def test_doubts_of_one_kind_sender_and_proposal_are_one_decision() -> None:
    made = clusters([doubt(2), doubt(1), doubt(3, sender="b@post.example"), doubt(4, proposal="fee")], DAY)
    assert [[m.case_id for m in c.members] for c in made] == [["c1", "c2"], ["c3"], ["c4"]]


def test_capitals_of_an_address_make_no_other_sender() -> None:
    assert len(clusters([doubt(1), doubt(2, sender="A@Post.example")], DAY)) == 1


def test_urgent_goes_before_near_deadlines_and_these_before_large_clusters() -> None:
    given = [
        doubt(1),
        doubt(2),
        doubt(3, proposal="late", deadline=DAY - timedelta(days=1)),
        doubt(4, proposal="near", deadline=DAY + timedelta(days=2)),
        doubt(5, proposal="far", deadline=DAY + timedelta(days=9)),
        doubt(6, proposal="urgent", priority=Priority.URGENT),
    ]
    found = [c.head.proposal for c in clusters(given, DAY)]
    assert found == ["urgent", "late", "near", "card_arrival", "far"]


def test_a_cluster_keeps_its_name_when_another_case_joins() -> None:
    [before], [after] = clusters([doubt(1)], DAY), clusters([doubt(1), doubt(2)], DAY)
    assert before.cluster_id == after.cluster_id


def test_time_is_learned_from_the_pauses_between_decisions() -> None:
    quick = [NOON + timedelta(seconds=20 * n) for n in range(12)]
    assert usual_seconds(quick) == 20
    assert usual_seconds([*quick, NOON + timedelta(hours=2)]) == 20, "lunch is no decision"
    assert usual_seconds(quick[:5]) == SECONDS_A_DECISION
    assert [minutes_for(n, 20) for n in (0, 1, 3, 30)] == [0, 1, 1, 10]
