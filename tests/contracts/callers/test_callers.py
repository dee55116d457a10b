"""Keys of callers in the ledger, and what their limits leave, over threads and processes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from llm_assets.domain.audit import Action
from llm_assets.domain.callers.answer import Bill, Order
from llm_assets.domain.callers.caller import Caller
from resources.ledger import SqlLedger
from resources.ledger.callers.callers import KeyNameTakenError
from tests.contracts.ledger.test_audit import begin_anew, findings, of
from tests.contracts.ledger.test_ledger_crashes import FORK
from tests.support.databases import NOW
from tests.support.nights.ledger_night import DAY, NEXT_DAY

CRM = Caller("k1", "crm", ("categories", "drafts"), ("shop",), budget_usd=Decimal("0.10"))
TENTH = Decimal("0.04")
"""What each answer is admitted for here: two fit into the budget."""


def order(number: int, key: str | None = None, **changes: object) -> Order:
    return Order(f"ans_{number}", "categories", DAY, "body", key)._replace(**changes)  # type: ignore[arg-type]


@pytest.fixture
def add(ledger: SqlLedger, url: str) -> Callable[..., Caller]:
    begin_anew(url)

    def added(**changes: object) -> Caller:
        caller = replace(CRM, **changes)  # type: ignore[arg-type]
        ledger.callers.add(caller, "digest of its secret", "os:amina")
        return caller

    return added


def test_a_key_is_found_as_it_was_added_until_it_is_revoked(
    ledger: SqlLedger, add: Callable[..., Caller]
) -> None:
    crm = add(requests_per_minute=60, expires_at=NOW + timedelta(days=1))
    stored = ledger.callers.key("k1")
    assert stored is not None
    assert (stored.caller, stored.secret_sha256) == (crm, "digest of its secret")
    assert crm.is_valid(NOW) and not crm.is_valid(NOW + timedelta(days=1))
    assert ledger.callers.key("k2") is None
    with pytest.raises(KeyNameTakenError):
        add(key_id="k2")
    assert ledger.callers.revoke("crm", "os:lena")
    assert not ledger.callers.revoke("crm", "os:lena"), "only once"
    [revoked] = ledger.callers.all()
    assert not revoked.is_valid(NOW)
    add(key_id="k2")
    assert [caller.key_id for caller in ledger.callers.all()] == ["k1", "k2"]


def test_who_added_and_revoked_a_key_is_in_the_audit_trail_without_its_secret(
    ledger: SqlLedger, add: Callable[..., Caller]
) -> None:
    add()
    ledger.callers.revoke("crm", "os:lena")
    entries = list(ledger.trail.entries())
    [added], [revoked] = of(entries, Action.KEY_ADDED), of(entries, Action.KEY_REVOKED)
    assert (added.actor, added.subject, added.parsed_detail["budget_usd"]) == ("os:amina", "k1", "0.10")
    assert (revoked.actor, revoked.subject, revoked.parsed_detail) == ("os:lena", "k1", {"name": "crm"})
    assert "digest of its secret" not in "".join(entry.detail for entry in entries)
    assert findings(ledger) == []


def test_a_budget_is_reserved_from_the_estimate_and_settled_with_what_was_paid(
    ledger: SqlLedger, add: Callable[..., Caller]
) -> None:
    crm = add()
    for number in (1, 2):
        assert ledger.answers.admit(crm, order(number), "here", 10, TENTH).opened is not None
    third = ledger.answers.admit(crm, order(3), "here", 10, TENTH)
    assert third.over_budget and third.opened is None
    use = ledger.callers.used(DAY)["k1"]
    assert (use.answers, use.spent_usd, use.reserved_usd, use.last_used) == (2, 0, 2 * TENTH, NOW)
    ledger.answers.answered("ans_1", "here", Bill(1, 100, 0, 20, Decimal("0.01")), "record", {"a": 1})
    assert ledger.answers.admit(crm, order(3), "here", 10, TENTH).opened is not None
    assert ledger.answers.admit(crm, order(4, day=NEXT_DAY), "here", 10, TENTH).opened is not None
    assert ledger.callers.used(DAY)["k1"].spent_usd == Decimal("0.01")
    assert ledger.callers.used(NEXT_DAY)["k1"].reserved_usd == TENTH, "each day has its own budget"


def test_tokens_of_the_estimate_that_were_not_used_are_given_back(
    ledger: SqlLedger, add: Callable[..., Caller]
) -> None:
    crm = add(tokens_per_minute=1000, budget_usd=None)
    assert ledger.answers.admit(crm, order(1), "here", 800, TENTH).opened is not None
    assert ledger.answers.admit(crm, order(2), "here", 800, TENTH).wait_seconds == pytest.approx(36)
    ledger.answers.answered("ans_1", "here", Bill(1, 100, 0, 50, TENTH), "record", {})
    second = ledger.answers.admit(crm, order(2), "here", 800, TENTH)
    assert second.opened is not None
    assert second.allowance.tokens is not None and second.allowance.tokens.left == pytest.approx(50)


def test_an_answer_settled_twice_gives_back_once(ledger: SqlLedger, add: Callable[..., Caller]) -> None:
    crm = add(tokens_per_minute=1000, budget_usd=None)
    ledger.answers.admit(crm, order(1), "here", 800, TENTH)
    ledger.answers.failed("ans_1", "here")
    ledger.answers.answered("ans_1", "here", Bill(1, 300, 0, 0, TENTH), "record", {})
    left = ledger.answers.admit(crm, order(2), "here", 1, TENTH).allowance.tokens
    assert left is not None and left.left == pytest.approx(699)


def _admits(url: str, home: Path, first: int, place: str) -> None:
    """A process that asks ten times at once, and writes down how often it was let in."""
    ledger = SqlLedger(url, home, clock=lambda: NOW)
    stored = ledger.callers.key("k1")
    assert stored is not None

    def admitted(number: int) -> bool:
        return ledger.answers.admit(stored.caller, order(number), place, 1, TENTH / 4).opened is not None

    with ThreadPoolExecutor(10) as pool:
        let_in = sum(pool.map(admitted, range(first, first + 10)))
    (home / place).write_text(str(let_in))
    ledger.close()


@pytest.mark.parametrize(
    ("limits", "fit"), [({"requests_per_minute": 7}, 7), ({}, 10)], ids=["rate", "budget"]
)
def test_a_limit_holds_over_threads_and_processes(
    ledger: SqlLedger, url: str, tmp_path: Path, add: Callable[..., Caller], limits: dict[str, int], fit: int
) -> None:
    add(**limits)
    processes = [
        FORK.Process(target=_admits, args=(url, tmp_path, 100 * number, f"p{number}")) for number in (1, 2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert sum(int((tmp_path / name).read_text()) for name in ("p1", "p2")) == fit
    assert ledger.callers.used(DAY)["k1"].answers == fit
