"""Who is looked at when: bounded ticks, a minute between looks, longer after failures, and what survives a restart."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from llm_assets.domain.sources.state import SourceState, failed_just_now, next_look, why_incomplete
from tests.support.houses.desk_with_mailboxes import NOON, DeskWithMailboxes, account
from tests.support.houses.dovecot import PASSWORD, Dovecot
from tests.support.houses.wire import Wire

Desks = Callable[..., DeskWithMailboxes]
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
ALMATY = ZoneInfo("Asia/Almaty")
CLOSES = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)


def state(
    ago: float = 0,
    *,
    complete: bool = True,
    failures: int = 0,
    trouble: str = "",
    read_until: datetime | None = None,
) -> SourceState:
    looked_at = NOW - timedelta(seconds=ago)
    return SourceState("imap:a", looked_at, looked_at if complete else read_until, failures, trouble)


@pytest.mark.parametrize(
    ("found", "seconds"),
    [
        (None, 0),
        (state(), 60),
        (state(ago=45), 15),
        (state(complete=False), 0),
        (state(complete=False, trouble="a folder is gone"), 60),
        (state(complete=False, failures=1, trouble="x"), 60),
        (state(complete=False, failures=3, trouble="x"), 240),
        (state(complete=False, failures=5, trouble="x"), 900),
        (state(complete=False, failures=5000, trouble="x"), 900),
        (state(ago=-3600), 0),
    ],
)
def test_the_sensor_waits_between_looks(found: SourceState | None, seconds: float) -> None:
    assert next_look(found, NOW) == NOW + timedelta(seconds=seconds)


def test_only_a_failure_of_the_last_minute_counts_as_just_now() -> None:
    assert failed_just_now(state(ago=59, failures=1), NOW)
    assert not failed_just_now(state(ago=60, failures=1), NOW)
    assert not failed_just_now(state(ago=-5, failures=1), NOW)
    assert not failed_just_now(state(ago=1), NOW)
    assert not failed_just_now(None, NOW)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "never looked at"),
        (state(), ""),
        (state(complete=False, read_until=CLOSES, failures=2, trouble="gone"), ""),
        (
            state(complete=False, read_until=CLOSES - timedelta(seconds=1), failures=2, trouble="gone"),
            "not read since 2026-11-20 23:59: gone",
        ),
        (state(complete=False, failures=1, trouble="gone"), "never read: gone"),
        (state(complete=False), "never read to its end"),
    ],
)
def test_a_day_is_complete_when_its_mailboxes_were_read_after_it(found: SourceState | None, why: str) -> None:
    assert why_incomplete(found, CLOSES, ALMATY) == why


def test_a_day_that_is_not_over_is_complete_up_to_the_last_look() -> None:
    later = NOW + timedelta(hours=10)
    assert why_incomplete(state(), later, ALMATY) == ""
    assert (
        why_incomplete(state(complete=False, read_until=NOON, failures=1, trouble="x"), later, ALMATY) != ""
    )


def test_a_tick_takes_no_more_than_its_limit_and_the_next_goes_on_at_once(
    server: Dovecot, user: str, desk: DeskWithMailboxes
) -> None:
    server.fill(user, 7, arrived=NOON)
    assert [desk.tick(limit=3).messages for _ in range(4)] == [3, 3, 1, 0]
    assert desk.subjects() == {f"Subject: Card {n}": 1 for n in range(7)}


def test_ticks_log_in_once_a_minute_whatever_process_makes_them(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    configured = account(server, user, port=wire.port)
    desk = desks(configured)
    for _ in range(3):
        desk.tick()
    assert wire.connections == 1
    restarted = desks(configured)
    restarted.now = desk.now + timedelta(seconds=59)
    restarted.tick()
    assert wire.connections == 1
    restarted.wait(1)
    restarted.tick()
    assert wire.connections == 2


def test_a_night_looks_however_short_ago_the_last_look_was(
    server: Dovecot, user: str, desk: DeskWithMailboxes
) -> None:
    desk.tick()
    server.fill(user, 1, arrived=NOON)
    assert desk.tick().messages == 0
    assert desk.read().messages == 1


def test_a_failing_mailbox_is_tried_less_often_until_it_works(
    server: Dovecot, user: str, desks: Desks, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desks(account(server, user, port=wire.port, password_env="WRONG_PASSWORD"))
    server.fill(user, 1, arrived=NOON)
    desk.tick()
    for seconds, connections in ((60, 2), (60, 2), (60, 3), (239, 3), (1, 4)):
        desk.wait(seconds)
        desk.tick()
        assert wire.connections == connections
    desk.read(insist=False)  # the asset's own look, short after the failure
    assert wire.connections == 4
    monkeypatch.setenv("WRONG_PASSWORD", PASSWORD)
    assert desk.read().messages == 1
    desk.wait(60)
    desk.tick()
    assert wire.connections == 6


def test_the_mailbox_that_waited_longest_goes_first(server: Dovecot, user: str, desks: Desks) -> None:
    desk = desks(account(server, f"{user}-a"), account(server, f"{user}-b"))
    for name in ("a", "b"):
        server.fill(f"{user}-{name}", 4, arrived=NOON)

    def sources() -> list[str]:
        return sorted(r.source[-1] for r in desk.received())

    desk.tick(limit=3)
    assert sources() == ["a"] * 3
    desk.wait(1)
    desk.tick(limit=3)
    assert sources() == ["a"] * 3 + ["b"] * 3


def test_what_another_process_reads_is_left_to_it(
    server: Dovecot, user: str, desk: DeskWithMailboxes
) -> None:
    server.fill(user, 1, arrived=NOON)
    with desk.assembly.ledger.owner(f"read:imap:{user}") as ours:
        assert ours
        assert desk.tick().messages == 0
    assert desk.tick().messages == 1


def test_a_plan_counts_what_lies_in_the_mailbox_and_leaves_no_trace(
    server: Dovecot, user: str, desk: DeskWithMailboxes
) -> None:
    from llm_assets.usecases.desk.rehearsal import Rehearsal

    server.fill(user, 3, arrived=NOON)
    server.fill(user, 2, start=3, arrived=NOON - timedelta(days=1))
    rehearsal = Rehearsal(desk.settings, desk.assembly.steps, lambda: desk.now)
    day = desk.settings.calendar.day_of(NOON)
    assert rehearsal.receive(day=day).messages == 3
    rehearsal.close()
    assert desk.assembly.ledger.source_state(f"imap:{user}") is None
    assert desk.received() == []
    assert desk.read().messages == 5
