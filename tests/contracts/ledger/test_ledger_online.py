"""What all processes together may ask online, on SQLite and on Postgres: the last minute, and how the provider is doing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from llm_assets.domain.profile import Limits, Mode
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.traffic.circuit import OPENS_AFTER, Circuit
from llm_assets.engine.ports.online import Receipt
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import STEP, batch, plan, settled_members, work

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


def limits(requests: int | None = None, tokens: int | None = None) -> Limits:
    return Limits(
        batch_requests=1,
        batch_bytes=1,
        online_requests_per_minute=requests,
        online_tokens_per_minute=tokens,
    )


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_minute_holds_as_many_calls_as_the_limit(ledger: SqlLedger) -> None:
    three = limits(requests=3)
    assert [ledger.online.admit_call("a", 1, three, at(s)) for s in (0, 10, 20, 30)] == [0, 0, 0, 30]
    assert [ledger.online.admit_call("a", 1, three, at(s)) for s in (59, 60, 61)] == [1, 0, 9]


def test_a_minute_holds_as_many_tokens_as_the_limit(ledger: SqlLedger) -> None:
    hundred = limits(tokens=100)
    assert [ledger.online.admit_call("a", n, hundred, at(0)) for n in (60, 40, 1)] == [0, 0, 60]
    assert ledger.online.admit_call("a", 500, hundred, at(60)) == 0  # larger than a minute: goes alone
    assert ledger.online.admit_call("a", 1, hundred, at(61)) == 59


def test_profiles_do_not_count_for_each_other(ledger: SqlLedger) -> None:
    one = limits(requests=1)
    assert [ledger.online.admit_call(name, 1, one, at(0)) for name in ("a", "b", "a")] == [0, 0, 60]


def test_a_call_dated_far_ahead_by_a_wrong_clock_holds_nobody_back(ledger: SqlLedger) -> None:
    one = limits(requests=1)
    assert ledger.online.admit_call("a", 1, one, at(86_400)) == 0
    assert ledger.online.admit_call("a", 1, one, at(0)) == 0


def test_many_at_once_are_never_more_than_the_limit(ledger: SqlLedger) -> None:
    ten = limits(requests=10)
    with ThreadPoolExecutor(4) as pool:
        waits = list(pool.map(lambda _: ledger.online.admit_call("a", 1, ten, at(0)), range(40)))
    assert sorted(waits) == [0] * 10 + [60] * 30


def test_what_one_found_of_a_provider_the_others_know(ledger: SqlLedger, url: str, tmp_path: Path) -> None:
    other = SqlLedger(url, tmp_path)
    assert ledger.online.circuit("a") == Circuit()
    for _ in range(OPENS_AFTER):
        other.online.change_circuit("a", lambda circuit: circuit.failed(at(0)))
    found = ledger.online.circuit("a")
    assert [found.width(at(s), 4) for s in (0, 15)] == [0, 1]
    assert ledger.online.circuit("b") == Circuit()
    before, after = ledger.online.change_circuit("a", Circuit.answered)
    assert (before, after) == (found, Circuit()) and other.online.circuit("a") == Circuit()
    other.close()


def test_failures_counted_at_the_same_time_all_count(ledger: SqlLedger) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ledger.online.change_circuit("a", lambda c: c.failed(at(0))), range(12)))
    assert ledger.online.circuit("a").failures == 12


def answered(ledger: SqlLedger, name: str, numbers: range, usage: Usage, mode: Mode = Mode.BATCH) -> None:
    """A batch whose answers were all billed so."""
    sent = replace(batch(name, requests=len(numbers)), mode=mode)
    members = plan(ledger, work(numbers)).due.values()
    ledger.batches.intend(sent, list(members))
    settlements = settled_members(members)
    ledger.batches.settle(
        sent, [replace(s, answer=replace(s.answer, usage=usage), mode=mode) for s in settlements]
    )
    for before, after in pairwise(
        [BatchState.INTENT, BatchState.CREATING, BatchState.SUBMITTED, BatchState.ENDED, BatchState.COLLECTED]
    ):
        ledger.batches.transition(sent.batch_id, before, after)


def test_the_share_of_cache_hits_is_that_of_the_batches_that_asked_for_a_cache(ledger: SqlLedger) -> None:
    key = ("emulator", STEP, "gpt-6-luna")
    read, written = Usage(2000, cached_tokens=900), Usage(2000, cache_write_tokens=900)
    answered(ledger, "b1", range(29), read)
    assert ledger.spending.cache_hits(*key) is None
    answered(ledger, "b2", range(100, 110), written)
    answered(ledger, "b3", range(200, 250), Usage(2000))
    answered(ledger, "b4", range(300, 340), written, Mode.ONLINE)
    assert ledger.spending.cache_hits(*key) == pytest.approx(29 / 39)
    assert ledger.spending.cache_hits("emulator", "drafts", "gpt-6-luna") is None


@pytest.mark.parametrize("seconds", [0.5, 90.25])
def test_a_rest_is_kept_to_the_fraction_of_a_second(ledger: SqlLedger, seconds: float) -> None:
    ledger.online.change_circuit("a", lambda circuit: circuit.rested(at(0), seconds))
    assert ledger.online.circuit("a").resting_until == at(seconds)


def test_a_receipt_counts_the_posts_and_keeps_the_id_of_the_answered_one(ledger: SqlLedger) -> None:
    receipts = ledger.receipts
    assert receipts.receipts("b") == {}
    for name in ("r1", "r2", "r1"):
        receipts.intend_post("b", name, 1, NOW)
    receipts.intend_post("other", "r1", 1, NOW)
    receipts.keep_receipt("b", "r1", "resp-1")
    assert receipts.receipts("b") == {"r1": Receipt("r1", "resp-1", 2), "r2": Receipt("r2")}
    receipts.take_back_post("b", "r2")
    receipts.take_back_post("b", "r1")
    assert receipts.receipts("b") == {"r1": Receipt("r1", "resp-1")}
    for _ in range(2):
        receipts.note_over("b", ["r1"])
    assert receipts.receipts("b") == {"r1": Receipt("r1", "resp-1", over=True)}
    assert receipts.receipts("other") == {"r1": Receipt("r1")}, "each batch has its own"


def test_each_lane_of_a_provider_has_a_circuit_and_knows_since_when_it_is_open(ledger: SqlLedger) -> None:
    for second in (0, 0, 5, 30, 31):
        ledger.online.change_circuit("a", lambda c, s=second: c.failed(at(s)), "archive")
    found = ledger.online.all_circuits()
    assert list(found) == [("a", "archive")] and ledger.online.circuit("a", "urgent") == Circuit()
    archive = ledger.online.circuit("a", "archive")
    assert archive == found["a", "archive"] and archive.since == at(5), "a failed trial is no new trouble"
    assert archive.until == at(60)
    ledger.online.change_circuit("a", Circuit.answered, "archive")
    assert ledger.online.circuit("a", "archive") == Circuit()
