"""The decisions behind sensors, schedules and parking, without Dagster around them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from llm_assets.defs.metadata import markdown_table
from llm_assets.defs.parking import config_of, parked_assets
from llm_assets.defs.rework import REWORK_TAG, ReworkConfig, rework_word
from llm_assets.defs.schedules import last_closed_day
from llm_assets.domain.desk.night import Calendar, Rework
from llm_assets.usecases.mail.grown_days import (
    DAYS_AT_ONCE,
    QUIET,
    Cursor,
    Growth,
    Nights,
    days_to_read,
    due_days,
    read_cursor,
    write_cursor,
)
from llm_assets.usecases.night.continue_nights import EARLY_ROWS_EVERY, Gate, UnfinishedNight, gate_for
from llm_assets.usecases.night.process_steps import rework_of

ALMATY = ZoneInfo("Asia/Almaty")
DAY = date(2026, 11, 20)
DEADLINE = datetime(2026, 11, 21, 8, 0, tzinfo=ALMATY)
EVENING = DEADLINE - timedelta(hours=7)
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Moment:
    done: bool
    parked_at: datetime
    now: datetime
    gate: Gate
    ready: bool = False


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(Moment(True, EVENING, EVENING, Gate.OPEN), id="done-before-the-deadline"),
        pytest.param(Moment(True, EVENING, DEADLINE, Gate.OPEN), id="done-at-the-deadline-needs-no-cut"),
        pytest.param(
            Moment(False, EVENING, DEADLINE - timedelta(seconds=1), Gate.HOLD), id="a-second-before"
        ),
        pytest.param(Moment(False, EVENING, DEADLINE, Gate.CUT), id="at-the-deadline"),
        pytest.param(Moment(False, EVENING, DEADLINE + timedelta(hours=3), Gate.CUT), id="daemon-was-down"),
        pytest.param(Moment(False, DEADLINE, DEADLINE, Gate.HOLD), id="parked-at-the-deadline-itself"),
        pytest.param(
            Moment(False, DEADLINE + timedelta(days=9), DEADLINE + timedelta(days=10), Gate.HOLD),
            id="a-backfill-has-no-deadline-left",
        ),
        pytest.param(
            Moment(False, EVENING, EVENING + EARLY_ROWS_EVERY - timedelta(seconds=1), Gate.HOLD, ready=True),
            id="first-results-wait-for-more-of-them",
        ),
        pytest.param(
            Moment(False, EVENING, EVENING + EARLY_ROWS_EVERY, Gate.OPEN, ready=True),
            id="first-results-do-not-wait-for-the-last-batch",
        ),
        pytest.param(
            Moment(False, EVENING, DEADLINE, Gate.CUT, ready=True), id="the-deadline-cuts-all-the-same"
        ),
    ],
)
def test_a_parked_night_goes_on_when_done_or_when_its_deadline_comes(moment: Moment) -> None:
    gate = gate_for(
        done=moment.done, ready=moment.ready, parked_at=moment.parked_at, cut_at=DEADLINE, now=moment.now
    )
    assert gate is moment.gate


@pytest.mark.parametrize(
    ("ready", "now", "gate"),
    [
        pytest.param(False, EVENING, Gate.HOLD, id="nothing-to-do-before-the-next-try"),
        pytest.param(True, EVENING, Gate.OPEN, id="what-has-ended-is-collected"),
        pytest.param(False, EVENING + timedelta(minutes=10), Gate.OPEN, id="the-next-try"),
        pytest.param(False, DEADLINE, Gate.OPEN, id="the-deadline-is-a-next-try-too"),
    ],
)
def test_a_parked_night_whose_provider_is_blocked_waits_for_the_next_try(
    ready: bool, now: datetime, gate: Gate
) -> None:
    found = gate_for(
        done=True,
        ready=ready,
        parked_at=EVENING,
        cut_at=DEADLINE,
        now=now,
        next_try=EVENING + timedelta(minutes=10),
    )
    assert found is gate


def test_a_blocked_night_is_cut_at_its_deadline() -> None:
    late = DEADLINE + timedelta(minutes=10)
    found = gate_for(done=True, ready=False, parked_at=EVENING, cut_at=DEADLINE, now=DEADLINE, next_try=late)
    assert found is Gate.CUT


A, B = date(2026, 11, 19), DAY
NIGHTS = Nights(date(2026, 1, 1), DAY)


def test_a_day_is_read_at_once_then_at_most_every_quarter_of_an_hour() -> None:
    assert due_days({A}, {}, NOW, nights=NIGHTS, urgent=set()) == {A}
    recently = {A: NOW - QUIET + timedelta(seconds=1)}
    assert due_days({A}, recently, NOW, nights=NIGHTS, urgent=set()) == set()
    assert due_days({A}, {A: NOW - QUIET}, NOW, nights=NIGHTS, urgent=set()) == {A}


def test_urgent_mail_does_not_wait_for_the_pause_and_pulls_no_other_day_along() -> None:
    assert due_days({A, B}, {A: NOW, B: NOW}, NOW, nights=NIGHTS, urgent={A}) == {A}


def test_only_days_that_are_partitions_are_asked_for() -> None:
    before, after = NIGHTS.first - timedelta(days=1), DAY + timedelta(days=1)
    days = {before, NIGHTS.first, DAY, after}
    assert due_days(days, {}, NOW, nights=NIGHTS, urgent=days) == {NIGHTS.first, DAY}


def test_a_tick_asks_for_what_is_due_keeps_what_waits_and_names_what_is_too_old() -> None:
    before = NIGHTS.first - timedelta(days=1)
    found = days_to_read(Cursor(7, {B: NOW}, {before}), Growth(9, {A, B, before}, set()), NIGHTS, NOW)
    assert (found.due, found.too_old) == ({A}, {before})
    assert found.cursor == Cursor(9, {A: NOW, B: NOW}, {B, before})


def test_a_burst_over_many_days_is_asked_for_a_few_at_a_time_and_urgent_mail_with_the_first() -> None:
    days = [DAY - timedelta(days=back) for back in range(9, -1, -1)]
    first = days_to_read(Cursor(0, {}, frozenset()), Growth(10, set(days), {DAY}), NIGHTS, NOW)
    assert first.due == {*days[:DAYS_AT_ONCE], DAY}
    second = days_to_read(first.cursor, Growth(10, set(), set()), NIGHTS, NOW)
    assert first.due | second.due == set(days) and not first.due & second.due
    assert days_to_read(second.cursor, Growth(10, set(), set()), NIGHTS, NOW).due == set()


def test_a_run_for_late_results_has_a_key_of_its_batches_and_another_one_a_while_later() -> None:
    key = UnfinishedNight(DAY, ["b1", "b2"]).run_key(NOW)
    assert UnfinishedNight(DAY, ["b2", "b1"]).run_key(NOW + timedelta(minutes=14)) == key
    assert UnfinishedNight(DAY, ["b1"]).run_key(NOW) != key
    assert UnfinishedNight(DAY, ["b1", "b2"]).run_key(NOW + timedelta(minutes=15)) != key


def test_the_cursor_remembers_what_waits_and_forgets_old_pauses() -> None:
    recent, old = NOW - timedelta(minutes=1), NOW - QUIET
    text = write_cursor(Cursor(7, {B: recent, A: old}, {B}), NOW)
    assert read_cursor(text) == Cursor(7, {B: recent}, {B})


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_cursor_yet_means_the_register_from_its_beginning(nothing: str | None) -> None:
    assert read_cursor(nothing) == Cursor(0, {}, frozenset())


def test_a_continuation_takes_the_parked_steps_and_what_needs_them() -> None:
    upstream = {
        "documents": frozenset[str](),
        "fields": frozenset({"documents"}),
        "categories": frozenset({"documents"}),
        "drafts": frozenset({"fields", "categories"}),
        "report": frozenset({"documents", "drafts"}),
    }
    everything = list(upstream)
    assert parked_assets(everything, ["drafts"], upstream) == ["drafts", "report"]
    assert parked_assets(everything, ["fields"], upstream) == ["drafts", "fields", "report"]
    # A night's two first steps park together and are continued by one run.
    assert parked_assets(everything, ["fields", "categories"], upstream) == [
        "categories",
        "drafts",
        "fields",
        "report",
    ]
    assert parked_assets(["fields", "report"], ["fields"], upstream) == ["fields"], (
        "report's way to fields leads through drafts, which nobody selected"
    )


def test_the_nightly_run_works_the_day_that_has_just_closed() -> None:
    calendar = Calendar(ALMATY)
    assert last_closed_day(calendar, datetime(2026, 11, 21, 1, 0, tzinfo=ALMATY)) == DAY
    late = Calendar(ALMATY, day_closes=time(2, 0), night_starts=time(3, 0))
    assert last_closed_day(late, datetime(2026, 11, 21, 3, 0, tzinfo=ALMATY)) == DAY
    evening = Calendar(ALMATY, day_closes=time(18, 0), night_starts=time(19, 0))
    assert last_closed_day(evening, datetime(2026, 11, 20, 19, 0, tzinfo=ALMATY)) == DAY


@pytest.mark.parametrize(
    ("config", "tags", "now", "expected"),
    [
        ("auto", {}, EVENING, Rework.STALE),
        ("auto", {}, DEADLINE, Rework.MISSING),
        ("stale", {}, DEADLINE, Rework.STALE),
        ("missing", {}, EVENING, Rework.MISSING),
        ("missing", {REWORK_TAG: "stale"}, EVENING, Rework.STALE),
        ("stale", {REWORK_TAG: "auto"}, DEADLINE, Rework.MISSING),
    ],
)
def test_rework_comes_from_the_tag_then_the_config_then_the_deadline(
    config: str, tags: dict[str, str], now: datetime, expected: Rework
) -> None:
    word = rework_word(ReworkConfig(rework=config), tags)
    assert rework_of(word, Calendar(ALMATY), DAY, now) is expected


def test_an_unknown_word_for_rework_is_refused() -> None:
    with pytest.raises(ValueError, match="everything"):
        rework_of("everything", Calendar(ALMATY), DAY, EVENING)


def test_a_preview_cell_cannot_break_its_table() -> None:
    table = markdown_table(["a", "b"], [{"a": "x|y\nz", "b": None}])
    assert table.splitlines()[2] == "| x\\|y z |  |"
    assert markdown_table(["a"], []) == "_no rows_"


def test_a_continuation_gets_the_config_of_its_own_assets_alone() -> None:
    given = {"ops": {"morning_report": {"config": {"language": "ru"}}, "work_a__b": {"config": {}}}}
    assert config_of(given, ["morning_report", "b"]) == given
    assert config_of(given, ["morning_report", "drafts"]) == {
        "ops": {"morning_report": given["ops"]["morning_report"]}
    }
    assert config_of(given, ["drafts"]) == config_of({}, ["drafts"]) == {}
