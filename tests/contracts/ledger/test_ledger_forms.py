"""Forms in the register: the first content at a place stays, whoever comes second and however close."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.mail.document import Received
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import DAY, NEXT_DAY


def form(place: str, content: str = "first", source: str = "forms") -> Received:
    arrived_at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    return Received(source, place, DAY, digest_bytes(content.encode()), "form", arrived_at)


def test_what_comes_first_to_a_place_stays_there(ledger: SqlLedger) -> None:
    assert ledger.forms.standing("forms", "contact:1") is None
    assert ledger.forms.receive_once(form("contact:1")) == form("contact:1")
    assert ledger.forms.receive_once(replace(form("contact:1", "second"), day=NEXT_DAY)) == form("contact:1")
    assert ledger.forms.standing("forms", "contact:1") == form("contact:1")
    assert (ledger.register.received(DAY), ledger.register.received(NEXT_DAY)) == ([form("contact:1")], [])


def test_of_many_that_come_at_once_from_several_processes_one_stays(url: str, tmp_path: Path) -> None:
    ledgers = [SqlLedger(url, tmp_path) for _ in range(4)]
    items = [form("contact:1", f"content {n}") for n in range(24)]
    with ThreadPoolExecutor(len(items)) as pool:
        answers = list(pool.map(lambda n: ledgers[n % 4].forms.receive_once(items[n]), range(len(items))))
    assert len(set(answers)) == 1
    assert ledgers[0].register.received(DAY) == answers[:1]
    for ledger in ledgers:
        ledger.close()


def test_what_a_source_brought_after_a_position_is_told_in_order_and_bounded(ledger: SqlLedger) -> None:
    ledger.register.receive([form("a", source="inbox"), form("b")])
    position, _ = ledger.register.grown_since(0)
    assert ledger.forms.registered_after("forms", position, 10) == []
    ledger.register.receive([form("d"), form("c"), form("e", source="inbox")])
    assert ledger.forms.registered_after("forms", position, 10) == [form("d"), form("c")]
    assert ledger.forms.registered_after("forms", position, 1) == [form("d")]
    assert ledger.forms.registered_after("forms", 0, 10) == [form("b"), form("d"), form("c")]
