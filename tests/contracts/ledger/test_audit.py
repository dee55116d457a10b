"""The audit trail: every fact is told with it, and whatever is changed behind its back is found by whose it is."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from llm_assets.domain.audit import Action, Entry, Event
from llm_assets.domain.requests.batch import BatchState
from resources.ledger import SqlLedger
from resources.ledger.audit.verifying import Anchor
from tests.contracts.ledger.test_ledger_crashes import FORK
from tests.contracts.ledger.test_ledger_register import mail
from tests.support.nights.ledger_night import (
    DAY,
    STEP,
    batch,
    case,
    plan,
    request,
    send,
    settled,
    settled_members,
    work,
)
from tests.support.nights.told_night import DECISION, begin_anew, findings, tamper, worked


def of(entries: Iterator[Entry], action: Action) -> list[Entry]:
    return [entry for entry in entries if entry.action == action]


def test_a_trail_nobody_touched_holds(told: SqlLedger) -> None:
    verdict = told.trail.verify()
    assert list(verdict.findings) == []
    assert (verdict.entries, verdict.head) == told.trail.head()


def test_every_event_of_a_night_is_told_once_with_who_and_what(told: SqlLedger) -> None:
    entries = list(told.trail.entries())
    assert [e.number for e in entries] == list(range(1, len(entries) + 1))
    assert [e.action for e in entries] == [
        "began", "received", "intended", "sending", "sent", "ended", "answered", "collected", "intended", "answered",
        "decided",
    ]  # fmt: skip
    (sent,) = of(iter(entries), Action.SENT)
    assert sent.parsed_detail == {"provider_batch_id": "batch_1"}
    first = of(iter(entries), Action.INTENDED)[0]
    assert (first.parsed_detail["provider"], first.parsed_detail["model"], first.parsed_detail["prompt_versions"]) == (
        "emulator", "gpt-6-luna", ["v1"],
    )  # fmt: skip
    assert sorted(first.rows) == sorted([request(n), "1", "3@rules", case(n)] for n in (1, 2))
    (decided,) = of(iter(entries), Action.DECIDED)
    assert (decided.actor, decided.subject, decided.parsed_detail) == (
        "amina",
        case(1),
        {"day": str(DAY), "step": STEP, "kind": "correct"},
    )


def test_what_is_repeated_adds_no_entry(told: SqlLedger) -> None:
    before = told.trail.head()
    told.register.receive([mail("a")])
    told.review.decide(DAY, DECISION)
    told.batches.settle(batch("b1"), [settled(request(1))])
    assert told.trail.head() == before


def test_what_is_rolled_back_is_not_told(told: SqlLedger) -> None:
    before = told.trail.head()
    with pytest.raises(ValueError, match="in flight"):
        members = [*plan(told, work([3])).due.values(), *told.batches.members(batch("b1").batch_id).values()]
        told.batches.intend(batch("b3", requests=3), members)
    assert told.trail.head() == before


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE requests SET output = '{}' WHERE request_id = '{one}'", "its result was changed"),
        ("UPDATE attempts SET cost_pico_usd = 0 WHERE request_id = '{one}'", "the receipt of attempt 1 was changed"),
        ("UPDATE attempts SET prompt_version = 'v9' WHERE request_id = '{one}'", "attempt 1 was changed"),
        ("DELETE FROM attempts WHERE request_id = '{one}'", "the receipt of attempt 1 was removed"),
        ("DELETE FROM requests WHERE request_id = '{one}'", "its result was removed"),
        ("DELETE FROM batch_members WHERE request_id = '{one}'", "its place in batch"),
        ("UPDATE batch_members SET attempt = 7 WHERE request_id = '{one}'", "its place in batch"),
    ],
)  # fmt: skip
def test_a_changed_answer_names_its_request(told: SqlLedger, url: str, statement: str, what: str) -> None:
    tamper(url, statement.replace("{one}", request(1)))
    found = findings(told)
    assert {r for f in found for r in f.requests} == {request(1)}
    assert any(what in f.what for f in found)


def test_an_older_answer_put_back_in_place_of_the_newest_is_found(told: SqlLedger, url: str) -> None:
    row = "provider = 'emulator', outcome = 'expired', detail = 'why', output = NULL"
    tamper(url, f"UPDATE requests SET {row} WHERE request_id = '{request(2)}'")
    (found,) = findings(told)
    assert (found.what, list(found.requests)) == ("its result was changed", [request(2)])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE received SET raw_sha256 = 'f00d' WHERE place = 'b'", "its row in the register was changed"),
        ("UPDATE received SET day = '2026-11-19' WHERE place = 'b'", "its row in the register was changed"),
        ("UPDATE received SET version = 7 WHERE place = 'b'", "its row in the register was changed"),
        ("UPDATE received SET file = 'other.eml' WHERE place = 'b'", "its row in the register was changed"),
        ("DELETE FROM received WHERE place = 'b'", "its row in the register was removed"),
    ],
)
def test_a_changed_message_is_named_by_what_it_was(told: SqlLedger, url: str, change: str, what: str) -> None:
    (entry,) = of(told.trail.entries(), Action.RECEIVED)
    tamper(url, change)
    (found,) = findings(told)
    assert found.what == what
    assert [[str(m.row_id), m.fact] for m in found.messages] == [entry.rows[1][:2]]


def test_a_message_put_in_or_hidden_is_named(told: SqlLedger, url: str) -> None:
    tamper(
        url,
        "INSERT INTO received (id, source, place, raw_sha256, day, kind, arrived_at) "
        "SELECT 77, source, 'c', raw_sha256, day, kind, arrived_at FROM received WHERE place = 'a'",
        "UPDATE received SET deleted_at = arrived_at WHERE place = 'b'",
    )
    found = {f.what: [m.row_id for m in f.messages] for f in findings(told)}
    assert found["its row in the register is in no entry"] == [77]
    assert len(found["it counts as deleted, and no entry says so"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        """UPDATE decisions SET "values" = '{}'""",
        "UPDATE decisions SET decided_by = 'botagoz'",
        "DELETE FROM decisions",
    ],
)
def test_a_changed_decision_names_its_case(told: SqlLedger, url: str, change: str) -> None:
    tamper(url, change)
    (found,) = findings(told)
    assert list(found.cases) == [case(1)]


def test_a_decision_put_in_names_its_case(told: SqlLedger, url: str) -> None:
    tamper(
        url,
        """INSERT INTO decisions (id, day, step, case_id, decided_by, decided_at, "values") """
        """SELECT 77, day, step, 'case-0002', decided_by, decided_at, "values" FROM decisions""",
    )
    (found,) = findings(told)
    assert (found.what, list(found.cases)) == ("a decision about it is in no entry", [case(2)])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE batches SET model = 'other'",
        "UPDATE batches SET provider = 'other'",
        "UPDATE batches SET state = 'lost'",
        "UPDATE batches SET provider_batch_id = 'batch_9'",
        "UPDATE batches SET provider_file_id = 'file_9'",
        "UPDATE batches SET sha256 = 'f00d'",
    ],
)
def test_a_changed_batch_names_its_requests(told: SqlLedger, url: str, change: str) -> None:
    tamper(url, f"{change} WHERE batch_id = '{batch('b1').batch_id}'")
    (found,) = findings(told)
    assert list(found.requests) == sorted([request(1), request(2)])


def test_a_result_that_no_answer_brought_is_found(told: SqlLedger, url: str) -> None:
    plan(told, work([5]))
    tamper(url, f"UPDATE requests SET output = '{{}}', state = 'done' WHERE request_id = '{request(5)}'")
    (found,) = findings(told)
    assert list(found.requests) == [request(5)]


ENTRY = "(SELECT min(id) FROM audit WHERE action = 'answered')"


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE audit SET at = '2026-11-20 19:00:00' WHERE id = {ENTRY}",
        f"UPDATE audit SET actor = 'nobody' WHERE id = {ENTRY}",
        f"UPDATE audit SET detail = '{{}}' WHERE id = {ENTRY}",
        f"UPDATE audit SET facts = replace(facts, ' 1 ', ' 3 ') WHERE id = {ENTRY}",
        f"UPDATE audit SET digest = 'f00d' WHERE id = {ENTRY}",
        f"UPDATE audit SET previous = 'f00d' WHERE id = {ENTRY}",
        f"DELETE FROM audit WHERE id = {ENTRY}",
    ],
)
def test_a_changed_or_removed_entry_names_those_it_tells_of(told: SqlLedger, url: str, change: str) -> None:
    tamper(url, change)
    named = {r for f in findings(told) for r in f.requests}
    assert named == {request(1), request(2)}


def test_entries_in_another_order_are_found(told: SqlLedger, url: str) -> None:
    (first,) = of(told.trail.entries(), Action.RECEIVED)
    moves = [(first.number, 1000), (first.number + 1, first.number), (1000, first.number + 1)]
    tamper(url, *(f"UPDATE audit SET id = {new} WHERE id = {old}" for old, new in moves))
    assert {f.entry for f in findings(told)} >= {first.number, first.number + 1}


def test_an_entry_put_in_is_found(told: SqlLedger, url: str) -> None:
    last = told.trail.head().entries
    tamper(
        url,
        f"INSERT INTO audit (id, at, actor, action, subject, detail, facts, previous, digest) "
        f"SELECT {last + 1}, at, 'mallory', action, subject, detail, '', digest, digest FROM audit WHERE id = {last}",
    )
    assert [f.entry for f in findings(told)] == [last + 1]


def test_a_tail_cut_off_is_found_by_the_facts_it_told(told: SqlLedger, url: str) -> None:
    tamper(url, "DELETE FROM audit WHERE action = 'decided'")
    (found,) = findings(told)
    assert list(found.cases) == [case(1)]


def test_a_tail_cut_off_with_its_facts_is_found_by_what_was_written_down_elsewhere(
    told: SqlLedger, url: str
) -> None:
    entries, digest = told.trail.head()
    anchor = Anchor(entries, digest, "the report of 2026-11-20, revision 1")
    assert findings(told, anchor) == []
    tamper(url, "DELETE FROM audit WHERE action = 'decided'", "DELETE FROM decisions")
    assert findings(told) == []
    (found,) = findings(told, anchor)
    assert "revision 1" in found.what
    told.trail.append(Event("mallory", Action.EXPORTED, "something else", {}))
    (found,) = findings(told, anchor)
    assert "another one" in found.what


def test_an_end_kept_elsewhere_counts_beside_a_report_of_the_same_number(told: SqlLedger) -> None:
    entries, digest = told.trail.head()
    kept = Anchor(entries, "f00d" * 16, "--kept")
    report = Anchor(entries, digest, "the report of 2026-11-20, revision 1")
    for anchors in ((kept, report), (report, kept)):
        (found,) = findings(told, *anchors)
        assert found.what.startswith("--kept was written when") and found.entry == entries
    for number in (0, -3, entries + 1):
        assert len(findings(told, Anchor(number, digest, "--kept"), report)) == 1


def test_a_trail_without_entries_does_not_hold(told: SqlLedger, url: str) -> None:
    tamper(url, "DELETE FROM audit")
    assert any("no entries" in f.what for f in findings(told))


def test_a_ledger_older_than_its_trail_is_found_whole_and_guarded_from_then_on(
    told: SqlLedger, url: str, tmp_path: Path
) -> None:
    begin_anew(url)
    assert findings(told) == []
    began = next(told.trail.entries())
    assert (began.action, began.parsed_detail["found"]) == (
        "began",
        {"received": 2, "batches": 2, "attempts": 3, "decisions": 1},
    )
    second = batch("b2").batch_id
    worked(told, second, "batch_2")
    told.batches.transition(second, BatchState.ENDED, BatchState.COLLECTED)
    assert findings(told) == []
    tamper(url, f"UPDATE requests SET output = '{{}}' WHERE request_id = '{request(2)}'")
    assert [list(f.requests) for f in findings(told)] == [[request(2)]]


def write_many(url: str, home: Path, name: str) -> None:
    with closing(SqlLedger(url, home)) as ledger:
        for number in range(20):
            ledger.register.receive([mail(f"{name}-{number}", name)])
            ledger.trail.append(Event(name, Action.EXPORTED, str(number), {}))


def test_writers_at_the_same_time_never_fork_the_chain(url: str, tmp_path: Path) -> None:
    begin_anew(url)
    processes = [FORK.Process(target=write_many, args=(url, tmp_path, f"p{n}")) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    with closing(SqlLedger(url, tmp_path)) as ledger:
        verdict = ledger.trail.verify()
        assert (verdict.entries, list(verdict.findings)) == (1 + 3 * 40, [])


def test_an_event_that_was_told_is_not_told_again(told: SqlLedger) -> None:
    event = Event("desk", Action.EXPORTED, "report 2026-11-20 revision 1", {"sha256": "f00d"})
    told.trail.append_once(event)
    before = told.trail.head()
    told.trail.append_once(event)
    assert told.trail.head() == before


def test_members_settled_in_halves_are_told_in_two_entries(told: SqlLedger) -> None:
    sent = send(told, plan(told, work(range(10, 20))), "b4")
    members = list(told.batches.members(sent.batch_id).values())
    told.batches.settle(sent, settled_members(members[:5]))
    told.batches.settle(sent, settled_members(members))
    sizes = [len(e.rows) for e in told.trail.of_subject(Action.ANSWERED, sent.batch_id)]
    assert sizes == [5, 5]
    assert findings(told) == []
