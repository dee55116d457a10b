"""Accounts, sessions and leases in both databases."""

from datetime import date, timedelta

from llm_assets.domain.people import Person, PersonRole
from resources.ledger import SqlLedger
from tests.support.databases import NOW

DAY = date(2026, 11, 20)
AMINA = Person("amina", PersonRole.REVIEWER, ("bank", "shop"))
SOON = NOW + timedelta(hours=1)
BEFORE = NOW - timedelta(seconds=1)


def test_a_person_is_added_once_and_removed_with_the_sessions(ledger: SqlLedger) -> None:
    assert ledger.people.add(AMINA, "hash")
    assert not ledger.people.add(Person("amina", PersonRole.LEAD), "another hash")
    assert ledger.people.everybody() == [AMINA]
    assert ledger.people.with_hash("amina") == (AMINA, "hash")
    ledger.people.open_session("digest", AMINA, SOON)
    assert ledger.people.session("digest") == AMINA
    assert ledger.people.remove("amina") and not ledger.people.remove("amina")
    assert ledger.people.session("digest") is None
    assert ledger.people.with_hash("amina") is None


def test_a_session_ends_with_its_time_its_person_or_a_new_password(ledger: SqlLedger) -> None:
    ledger.people.add(AMINA, "hash")
    ledger.people.open_session("old", AMINA, BEFORE)
    assert ledger.people.session("old") is None
    for ends in (
        lambda: ledger.people.close_session("now"),
        lambda: ledger.people.change_password("amina", "new"),
    ):
        ledger.people.open_session("now", AMINA, SOON)
        assert ledger.people.session("now") == AMINA
        ends()
        assert ledger.people.session("now") is None
    assert not ledger.people.change_password("nobody", "new")


def test_a_lease_tells_others_who_looks_at_a_case_and_runs_out(ledger: SqlLedger) -> None:
    assert ledger.people.lease(DAY, "c1", "amina", SOON) is None
    assert ledger.people.lease(DAY, "c1", "boris", SOON) == "amina"
    assert ledger.people.lease(DAY, "c1", "amina", BEFORE) is None, "the holder may renew it"
    assert ledger.people.lease(DAY, "c1", "boris", SOON) is None, "it had run out"
    assert ledger.people.leases(DAY) == {"c1": "boris"}
