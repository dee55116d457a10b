"""What all processes together may ask online, on SQLite and on Postgres: the last minute, and how the provider is doing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from llm_assets.domain.profile import Limits
from llm_assets.engine.circuit import OPENS_AFTER, Circuit
from resources.ledger import SqlLedger

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
    assert [ledger.admit_call("a", 1, three, at(s)) for s in (0, 10, 20, 30)] == [0, 0, 0, 30]
    assert [ledger.admit_call("a", 1, three, at(s)) for s in (59, 60, 61)] == [1, 0, 9]


def test_a_minute_holds_as_many_tokens_as_the_limit(ledger: SqlLedger) -> None:
    hundred = limits(tokens=100)
    assert [ledger.admit_call("a", n, hundred, at(0)) for n in (60, 40, 1)] == [0, 0, 60]
    assert ledger.admit_call("a", 500, hundred, at(60)) == 0  # larger than a minute: goes alone
    assert ledger.admit_call("a", 1, hundred, at(61)) == 59


def test_profiles_do_not_count_for_each_other(ledger: SqlLedger) -> None:
    one = limits(requests=1)
    assert [ledger.admit_call(name, 1, one, at(0)) for name in ("a", "b", "a")] == [0, 0, 60]


def test_a_call_dated_far_ahead_by_a_wrong_clock_holds_nobody_back(ledger: SqlLedger) -> None:
    one = limits(requests=1)
    assert ledger.admit_call("a", 1, one, at(86_400)) == 0
    assert ledger.admit_call("a", 1, one, at(0)) == 0


def test_many_at_once_are_never_more_than_the_limit(ledger: SqlLedger) -> None:
    ten = limits(requests=10)
    with ThreadPoolExecutor(4) as pool:
        waits = list(pool.map(lambda _: ledger.admit_call("a", 1, ten, at(0)), range(40)))
    assert sorted(waits) == [0] * 10 + [60] * 30


def test_what_one_found_of_a_provider_the_others_know(ledger: SqlLedger, url: str, tmp_path: Path) -> None:
    other = SqlLedger(url, tmp_path)
    assert ledger.circuit("a") == Circuit()
    for _ in range(OPENS_AFTER):
        other.change_circuit("a", lambda circuit: circuit.failed(at(0)))
    found = ledger.circuit("a")
    assert [found.width(at(s), 4) for s in (0, 15)] == [0, 1]
    assert ledger.circuit("b") == Circuit()
    before, after = ledger.change_circuit("a", Circuit.answered)
    assert (before, after) == (found, Circuit()) and other.circuit("a") == Circuit()
    other.close()


def test_failures_counted_at_the_same_time_all_count(ledger: SqlLedger) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ledger.change_circuit("a", lambda c: c.failed(at(0))), range(12)))
    assert ledger.circuit("a").failures == 12


@pytest.mark.parametrize("seconds", [0.5, 90.25])
def test_a_rest_is_kept_to_the_fraction_of_a_second(ledger: SqlLedger, seconds: float) -> None:
    ledger.change_circuit("a", lambda circuit: circuit.rested(at(0), seconds))
    assert ledger.circuit("a").resting_until == at(seconds)
