"""The block of a provider in the ledger, on SQLite and on Postgres: one row, one process that tries, kept over restarts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from llm_assets.domain.refusals import Refused
from llm_assets.domain.traffic.block import Block, Proof, after_success, blocked
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import DAY, plan, work

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


def put(ledger: SqlLedger, provider: str = "a") -> Block:
    _, after = ledger.blocks.change_block(
        provider, lambda block: blocked(block, Refused.MONEY, Proof.ANSWERED, "no credit", NOW)
    )
    assert after is not None
    return after


def test_a_block_is_kept_over_a_restart_and_concerns_its_provider_alone(
    ledger: SqlLedger, tmp_path: Path
) -> None:
    first = put(ledger)
    assert put(ledger) == first
    assert ledger.blocks.block("a") == first and ledger.blocks.block("b") is None
    assert ledger.blocks.all_blocks() == {"a": first}
    ledger.close()
    assert ledger.blocks.block("a") == first


def test_a_success_removes_it(ledger: SqlLedger) -> None:
    put(ledger)
    late = NOW + timedelta(hours=1)
    before, after = ledger.blocks.change_block(
        "a", lambda block: after_success(block, Proof.ANSWERED, late) if block is not None else None
    )
    assert (before is None, after) == (False, None)
    assert ledger.blocks.block("a") is None
    assert ledger.blocks.change_block("a", lambda block: block) == (None, None)


def test_of_many_that_come_when_it_is_time_one_tries(ledger: SqlLedger) -> None:
    put(ledger)
    late = NOW + timedelta(hours=1)

    def claim(_: int) -> bool:
        before, _after = ledger.blocks.change_block(
            "a", lambda block: block.claimed(late) if block is not None and block.may_try(late) else block
        )
        return before is not None and before.may_try(late)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(24))) == 1
    found = ledger.blocks.block("a")
    assert found is not None and found == replace(found, tries=1, next_try=late + timedelta(seconds=30))


def test_nights_with_due_requests_are_found(ledger: SqlLedger) -> None:
    plan(ledger, work([1, 2, 3]))
    eve = DAY - timedelta(days=1)
    assert list(ledger.blocks.due_days(eve, DAY)) == [DAY]
    assert list(ledger.blocks.due_days(eve, eve)) == []
