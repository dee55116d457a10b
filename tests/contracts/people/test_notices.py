"""Notices in both databases: the same news is stored once, and told once at each place."""

from datetime import timedelta

from llm_assets.domain.notice import Notice, NoticeKind
from resources.ledger import SqlLedger
from tests.support.databases import NOW
from tests.support.nights.ledger_night import DAY, NEXT_DAY, plan, request, send, work

LATE = Notice(NoticeKind.NIGHT_LATE, "2026-11-20", {"day": "2026-11-20", "open_batches": 2})
READY = Notice(NoticeKind.REPORT_READY, "2026-11-20", {"totals": {"documents": 3}, "said": "тыныш"})
SINCE = NOW - timedelta(days=1)
LATER = NOW + timedelta(minutes=4)


def test_news_is_stored_once_with_the_facts_of_its_first_time(ledger: SqlLedger) -> None:
    assert ledger.notices.raise_notices([LATE, READY, LATE]) == 2
    assert ledger.notices.raise_notices([Notice(LATE.kind, LATE.about, {"open_batches": 0})]) == 0
    stored = {raised.notice.key: raised.notice for raised in ledger.notices.untold("lead", SINCE)}
    assert stored == {LATE.key: LATE, READY.key: READY}
    assert ledger.notices.untold("lead", NOW + timedelta(days=400)) == []


def test_what_is_told_at_one_place_is_still_to_be_told_at_another(ledger: SqlLedger) -> None:
    ledger.notices.raise_notices([LATE, READY])
    ledger.notices.told(LATE.key, "lead")
    assert [raised.notice for raised in ledger.notices.untold("lead", SINCE)] == [READY]
    assert len(ledger.notices.untold("chat", SINCE)) == 2
    assert ledger.notices.complaints(["lead", "chat"], SINCE) == {}


def test_a_failure_is_counted_and_named_until_it_is_told(ledger: SqlLedger) -> None:
    ledger.notices.raise_notices([LATE])
    assert ledger.notices.waiting_until("lead", SINCE) is None
    for _ in range(2):
        ledger.notices.failed(LATE.key, "lead", LATER, "smtp.example:25 does not answer")
    [raised] = ledger.notices.untold("lead", SINCE)
    assert (raised.tries, raised.said) == (2, "smtp.example:25 does not answer")
    assert ledger.notices.waiting_until("lead", SINCE) == LATER
    assert ledger.notices.waiting_until("chat", SINCE) is None
    assert ledger.notices.complaints(["lead", "chat"], SINCE) == {"lead": "smtp.example:25 does not answer"}
    assert ledger.notices.complaints(["chat"], SINCE) == {}
    ledger.notices.told(LATE.key, "lead")
    assert ledger.notices.untold("lead", SINCE) == []
    assert ledger.notices.waiting_until("lead", SINCE) is None
    assert ledger.notices.complaints(["lead"], SINCE) == {}


def test_requests_that_wait_for_money_are_counted_by_night_until_they_are_sent(ledger: SqlLedger) -> None:
    assert ledger.notices.held(DAY, "over_budget") == 0
    planned = plan(ledger, work(range(1, 4)))
    plan(ledger, work(range(3, 6)), day=NEXT_DAY)
    ledger.spending.hold([request(n) for n in (1, 2, 3)], "over_budget")
    ledger.spending.hold([request(4)], "region")
    assert ledger.notices.held(DAY, "over_budget") == 3
    assert ledger.notices.held(NEXT_DAY, "over_budget") == 1, "the request that both nights need"
    send(ledger, planned)
    assert ledger.notices.held(DAY, "over_budget") == 0
