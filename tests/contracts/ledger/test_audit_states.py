"""The audit trail and the requests: a state, model or version that no event gave is found by whose it is."""

import pytest
from sqlalchemy import create_engine, insert, text

from llm_assets.domain.audit import Action, Event, chained
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.requests.outcome import Next
from resources.ledger import SqlLedger
from resources.ledger.database.tables import audit as audit_table
from tests.support.nights.ledger_night import (
    DAY,
    case,
    plan,
    request,
    send,
    settled,
    work,
)
from tests.support.nights.told_night import ENTRY_FIELDS, findings, tamper


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("state = 'dead'", "state"),
        ("state = 'due'", "state"),
        ("state = 'in_flight'", "state"),
        ("state = 'nonsense'", "state"),
        ("model = 'gpt-dear'", "another step, model or version"),
        ("prompt_version = 'v9'", "another version"),
        ("step = 'drafts'", "another step, model or version"),
    ],
)
def test_a_state_or_version_that_a_request_never_had_names_it(
    told: SqlLedger, url: str, change: str, what: str
) -> None:
    tamper(url, f"UPDATE requests SET {change} WHERE request_id = '{request(1)}'")
    found = findings(told)
    assert {r for f in found for r in f.requests} == {request(1)}
    assert any(what in f.what for f in found)


@pytest.mark.parametrize(
    "change", ["state = 'due'", "state = 'dead'", "model = 'gpt-dear'", "prompt_version = 'v9'"]
)
def test_a_request_that_waits_for_its_answer_is_guarded_too(told: SqlLedger, url: str, change: str) -> None:
    send(told, plan(told, work([7])), "b7")
    assert findings(told) == []
    tamper(url, f"UPDATE requests SET {change} WHERE request_id = '{request(7)}'")
    assert {r for f in findings(told) for r in f.requests} == {request(7)}


def test_states_that_every_event_gives_are_known(told: SqlLedger) -> None:
    """Released, exhausted, put back and sent again: none of it is an alarm, and each state is held to afterwards."""
    sent = send(told, plan(told, work(range(20, 24))), "b5")
    states = (Next.DONE, Next.RETRY, Next.DEAD)
    told.batches.settle(sent, [settled(request(20 + n), next_) for n, next_ in enumerate(states)])
    assert findings(told) == []
    told.batches.transition(sent.batch_id, BatchState.INTENT, BatchState.CANCELLED)
    assert findings(told) == []
    plan(told, work([21]), max_attempts=1)
    assert findings(told) == []
    assert told.review.requeue(DAY, by="amina") == 2
    assert findings(told) == []
    send(told, plan(told, work(range(20, 24))), "b6")
    assert findings(told) == []


def test_a_dead_letter_put_back_by_hand_is_found(told: SqlLedger, url: str) -> None:
    sent = send(told, plan(told, work([30, 31])), "b5")
    told.batches.settle(sent, [settled(request(30), Next.DEAD), settled(request(31), Next.RETRY)])
    assert findings(told) == []
    tamper(url, f"UPDATE requests SET state = 'due' WHERE request_id = '{request(30)}'")
    tamper(url, f"UPDATE requests SET state = 'dead' WHERE request_id = '{request(31)}'")
    assert sorted(r for f in findings(told) for r in f.requests) == sorted([request(30), request(31)])


def test_answers_of_entries_without_a_state_hold_as_before(told: SqlLedger, url: str) -> None:
    entries, last = list(told.trail.entries()), None
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM audit"))
        for entry in entries:
            width = {Action.ANSWERED: 4, Action.RECEIVED: 2}.get(Action(entry.action), 9)
            lines = [" ".join(row[:width]) for row in entry.rows]
            detail = {k: v for k, v in entry.parsed_detail.items() if k != "provider_file_id"}
            last = chained(
                last, entry.at, Event(entry.actor, Action(entry.action), entry.subject, detail, lines)
            )
            row = {name: getattr(last, name) for name in ENTRY_FIELDS}
            connection.execute(insert(audit_table), {"id": last.number, **row})
    engine.dispose()
    assert findings(told) == []
    tamper(url, f"UPDATE requests SET state = 'review' WHERE request_id = '{request(1)}'")
    assert [list(f.requests) for f in findings(told)] == [[request(1)]]


def test_a_case_led_to_another_request_is_named(told: SqlLedger, url: str) -> None:
    tamper(url, f"UPDATE work SET model = 'gpt-dear' WHERE case_id = '{case(1)}'")
    assert [list(f.cases) for f in findings(told)] == [[case(1)]]
    tamper(url, f"UPDATE work SET model = 'gpt-6-luna', request_id = 'nobody' WHERE case_id = '{case(1)}'")
    assert [list(f.cases) for f in findings(told)] == [[case(1)]]
