"""A record deleted from the ledger: gone for every run, still known, its answers wiped, its receipts kept, its trace told."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from llm_assets.domain.audit import Action
from llm_assets.domain.errors import DeskError
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.requests.outcome import RequestState
from llm_assets.engine.ports.review import Decision
from resources.ledger import SqlLedger
from resources.ledger.deletion.deleting import CaseOf, Going
from resources.mail.raw_store import RawStore
from tests.contracts.ledger.test_audit import begin_anew, findings, of
from tests.contracts.ledger.test_ledger_register import mail
from tests.support.nights.ledger_night import (
    COST,
    DAY,
    NEXT_DAY,
    STEP,
    by_case,
    case,
    plan,
    request,
    send,
    settled,
    settled_members,
    work,
)

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
DECISION = Decision(case(1), STEP, {"customer_name": "Anna"}, "amina", NOW)


@pytest.fixture
def night(url: str, tmp_path: Path) -> Iterator[SqlLedger]:
    """Two messages in two cases, both answered and collected, one of them decided."""
    begin_anew(url)
    with closing(SqlLedger(url, tmp_path, clock=lambda: NOW)) as ledger:
        ledger.register.receive([mail("a"), mail("b", "second")])
        sent = send(ledger, plan(ledger, work([1, 2])))
        ledger.batches.settle(sent, settled_members(ledger.batches.members(sent.batch_id).values()))
        end(ledger, sent.batch_id)
        ledger.review.decide(DAY, DECISION)
        yield ledger


def end(ledger: SqlLedger, batch_id: str) -> None:
    way = [
        BatchState.INTENT,
        BatchState.CREATING,
        BatchState.SUBMITTED,
        BatchState.ENDED,
        BatchState.COLLECTED,
    ]
    for before, after in pairwise(way):
        ledger.batches.transition(batch_id, before, after)


def going(ledger: SqlLedger, place: str = "a", number: int = 1) -> Going:
    messages = ledger.deletions.versions({("inbox", place)})
    return Going(f"record-{number}", messages, [CaseOf(DAY, case(number))], [f"record-{number}"])


def delete(ledger: SqlLedger, what: Going) -> None:
    ledger.deletions.begin(what, "botagoz", "asked for on paper")
    for one in ledger.deletions.unfinished():
        ledger.deletions.finish(one, "botagoz", {"raw_files": 1})


def test_a_deleted_message_is_none_of_the_day_but_stays_known(night: SqlLedger) -> None:
    delete(night, going(night))
    assert [r.place for r in night.register.received(DAY)] == ["b"]
    (known,) = night.register.history([mail("a")])["inbox", "a"]
    assert (known.raw_sha256, known.deleted) == (mail("a").raw_sha256, True)
    assert set(night.register.arrivals("inbox").written) == {"a", "b"}
    assert night.register.receive([mail("a"), mail("a", day=NEXT_DAY)]) == 0
    assert [r.place for r in night.register.received(DAY)] == ["b"]


def test_another_version_at_its_place_is_a_new_message(night: SqlLedger) -> None:
    delete(night, going(night))
    assert night.register.receive([mail("a", "written anew", minute=5)]) == 1
    assert len(night.register.received(DAY)) == 2


def test_all_versions_of_a_place_go_and_none_comes_back(night: SqlLedger) -> None:
    night.register.receive([mail("a", "changed", minute=10)])
    assert night.register.receive([mail("a", minute=20)]) == 1
    assert night.register.received(DAY)[-1] == mail("a", minute=20)
    delete(night, going(night))
    assert findings(night) == []
    assert [m.place for m in night.register.received(DAY)] == ["b"]
    assert not night.deletions.in_use(mail("a").raw_sha256)
    assert night.register.receive([mail("a", minute=30), mail("a", "changed", minute=40)]) == 0


def test_its_answers_and_decisions_are_gone_and_its_cost_is_not(night: SqlLedger) -> None:
    before = night.spending.usage(DAY)
    delete(night, going(night))
    assert by_case(night) == {case(2): RequestState.DONE}
    assert night.review.decisions(DAY) == []
    assert night.spending.usage(DAY) == before
    (row,) = night.spending.usage(DAY)
    assert row.cost_usd == 2 * COST


def test_nothing_is_due_afterwards_unless_the_same_is_asked_again(night: SqlLedger) -> None:
    delete(night, going(night))
    assert plan(night, work([2])).due == {}
    again = plan(night, work([1, 2])).due
    assert [(m.request_id, m.attempt, m.tries) for m in again.values()] == [(request(1), 2, 1)]
    sent = send(night, plan(night, work([1, 2])), "b2")
    assert night.batches.settle(sent, [settled(request(1), attempt=2)]) == 1
    assert findings(night) == []


def test_an_answer_that_another_case_has_too_stays(night: SqlLedger) -> None:
    (shared,) = work([1])
    plan(night, [shared._replace(case_id=case(9))])
    delete(night, going(night))
    assert by_case(night) == {case(2): RequestState.DONE, case(9): RequestState.DONE}
    assert findings(night) == []


def test_an_answer_to_what_the_case_was_before_goes_as_well(night: SqlLedger) -> None:
    sent = send(night, plan(night, work([1], version="v2")), "b2")
    night.batches.settle(sent, settled_members(night.batches.members(sent.batch_id).values()))
    end(night, sent.batch_id)
    delete(night, going(night))
    (deleting,) = of(night.trail.entries(), Action.DELETING)
    wiped = {row[1] for row in deleting.rows if row[0] == "request"}
    assert wiped == {request(1), request(1, "v2")}


def test_while_its_request_is_under_way_nothing_is_deleted(night: SqlLedger) -> None:
    send(night, plan(night, work([1], version="v2")), "b2")
    before = night.trail.head()
    with pytest.raises(DeskError, match="under way in batch .* run `llm-assets night --day 2026-11-20`"):
        delete(night, going(night))
    assert len(night.register.received(DAY)) == 2
    assert night.trail.head() == before


def test_a_deletion_is_told_with_who_why_and_what_and_the_trail_still_holds(night: SqlLedger) -> None:
    delete(night, going(night))
    assert findings(night) == []
    (deleting,), (deleted,) = (of(night.trail.entries(), a) for a in (Action.DELETING, Action.DELETED))
    assert (deleting.actor, deleting.subject) == ("botagoz", "record-1")
    told = deleting.parsed_detail
    assert (told["reason"], told["messages"], told["answers"], told["decisions"]) == (
        "asked for on paper",
        1,
        1,
        1,
    )
    assert (deleted.subject, deleted.parsed_detail) == ("record-1", {"raw_files": 1})


def test_a_deletion_asked_for_twice_at_once_is_told_without_contradiction(night: SqlLedger) -> None:
    first, second = going(night), going(night)
    delete(night, first)
    delete(night, second)
    assert findings(night) == []
    assert night.deletions.unfinished() == []


def test_bytes_that_another_message_shares_are_in_use(night: SqlLedger) -> None:
    night.register.receive([mail("c")])
    delete(night, going(night))
    assert night.deletions.in_use(mail("c").raw_sha256)
    delete(night, going(night, "c"))
    assert not night.deletions.in_use(mail("c").raw_sha256)


def test_what_was_wiped_is_not_in_the_file_any_more(night: SqlLedger, url: str, tmp_path: Path) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("Postgres empties its pages by itself")
    sent = send(night, plan(night, work([5])), "b5")
    night.batches.settle(sent, [settled(request(5), output='{"category":"zebra-crossing"}')])
    end(night, sent.batch_id)
    night.register.receive([mail("e", "fifth")])
    assert any(b"zebra-crossing" in p.read_bytes() for p in tmp_path.glob("ledger.db*"))
    delete(night, going(night, "e", 5))
    night.deletions.scrub()
    assert not any(b"zebra-crossing" in p.read_bytes() for p in tmp_path.glob("ledger.db*"))
    assert by_case(night)[case(2)] is RequestState.DONE


def test_raw_bytes_go_unless_somebody_needs_them_whatever_happens_between(tmp_path: Path) -> None:
    raw = RawStore(tmp_path)
    sha256 = raw.put(b"mail")
    assert raw.erase(sha256, lambda: True) is False
    assert raw.get(sha256) == b"mail"

    def dies() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        raw.erase(sha256, dies)
    assert not raw.has(sha256)
    assert raw.erase(sha256, lambda: True) is False
    assert raw.get(sha256) == b"mail"
    assert raw.erase(sha256, lambda: False) is True
    assert raw.erase(sha256, lambda: False) is False
    assert not any(p.is_file() for p in tmp_path.rglob("*"))


def test_bytes_that_arrive_while_they_are_deleted_are_kept(tmp_path: Path) -> None:
    raw = RawStore(tmp_path)
    sha256 = raw.put(b"mail")

    def arrive() -> bool:
        raw.put(b"mail")
        return False  # registered only after the question

    raw.erase(sha256, arrive)
    assert raw.get(sha256) == b"mail"
