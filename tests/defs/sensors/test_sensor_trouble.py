"""A sensor's tick that cannot do its work: one sentence, reported once per change, tried again with a growing pause."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import dagster as dg
import pytest

from llm_assets.defs.checks import IN_ORDER
from llm_assets.defs.sensors.trouble import FIRST_PAUSE, LONGEST_PAUSE, Memory, read_memory, write_memory
from llm_assets.usecases.desk.opened import DefectError
from llm_assets.usecases.night import waiting
from tests.support.houses.small_desk import DAY, MAILS, SmallDesk

NOW = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
TWO = dict(list(MAILS.items())[:2])
SENSORS = {"new_mail": ("documents", "mail_arrives"), "batches": ("morning_report", "nights_continue")}


def test_each_pause_is_longer_than_the_one_before_and_bounded() -> None:
    memory, pauses = Memory("own"), []
    now = NOW
    for _ in range(9):
        memory = memory.failed("The disk is full.", now)
        assert memory.next_try is not None
        pauses.append(memory.next_try - now)
        now = memory.next_try
    assert (pauses[0], pauses[-1]) == (FIRST_PAUSE, LONGEST_PAUSE)
    assert all(second == min(2 * first, LONGEST_PAUSE) for first, second in pairwise(pauses))
    other = memory.failed("Another one.", now)
    assert other.next_try == now + FIRST_PAUSE


@pytest.mark.parametrize("own", [None, "", '{"position": 3, "asked": {}, "pending": []}', "no json {"])
@pytest.mark.parametrize("fails", [False, True])
def test_what_is_remembered_survives_the_cursor(own: str | None, fails: bool) -> None:
    memory = Memory(own).failed("Wrong.", NOW) if fails else Memory(own)
    assert read_memory(write_memory(memory)) == memory
    if own is not None and not fails:
        assert write_memory(memory) == own, "an older version can read it"


def test_the_same_refusal_of_another_request_is_no_change() -> None:
    first = Memory().worked(
        None, "It refused the key (401 no_key, request req_07a): check it. (2026-11-20 categories)"
    )
    again = first.worked(
        None, "It refused the key (401 no_key, request req_9-f): check it. (2026-11-20 categories)"
    )
    other = again.worked(
        None, "It refused the key (403 no_key, request req_11): check it. (2026-11-20 categories)"
    )
    assert first == again != other
    waits = Memory().failed("Another process writes for 30 s.", NOW)
    assert waits.failed("Another process writes for 31.5 s.", NOW).failures == 2


def test_a_clock_that_was_put_back_does_not_stop_a_sensor() -> None:
    memory = Memory().failed("Wrong.", NOW)
    assert memory.rests(NOW)
    assert not memory.rests(NOW + FIRST_PAUSE)
    assert not memory.rests(NOW - timedelta(days=1))


def broken_yaml(desk: SmallDesk) -> Iterator[str]:
    """Breaks queues.yaml; asked once more, repairs it."""
    assert desk.settings.config is not None
    path = desk.settings.config / "queues.yaml"
    path.write_text("queues: [unclosed", encoding="utf-8")
    yield "queues.yaml"
    path.unlink()
    yield ""


def dead_database(desk: SmallDesk) -> Iterator[str]:
    """The ledger's file is no database any more; asked once more, it is the old one."""
    files = {path: path.read_bytes() for path in desk.settings.home.glob("ledger.db*")}
    assert files
    for path in files:
        path.unlink()
    (ledger := desk.settings.home / "ledger.db").write_bytes(b"no database at all, " * 400)
    yield "The ledger"
    ledger.unlink()
    for path, data in files.items():
        path.write_bytes(data)
    yield ""


class Daemon:
    """Ticks of one sensor, as the daemon keeps its cursor."""

    def __init__(self, desk: SmallDesk, sensor: str) -> None:
        self.desk, self.sensor = desk, sensor
        self.cursor: str | None = None

    def tick(self) -> Any:  # dagster does not export SensorExecutionData
        found = self.desk.tick(self.sensor, self.cursor)
        self.cursor = found.cursor or self.cursor
        for event in found.asset_events:
            self.desk.instance.report_runless_asset_event(event)
        return found


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize("sensor", SENSORS)
@pytest.mark.parametrize("break_it", [broken_yaml, dead_database])
def test_a_wrong_file_or_a_dead_database_is_reported_once_tried_again_and_forgotten_when_cured(
    parking_desk: SmallDesk, sensor: str, break_it: Any
) -> None:
    desk = parking_desk
    desk.clock.now = NOW
    desk.receive(TWO)
    desk.materialize()  # opens every file
    daemon = Daemon(desk, sensor)
    for request in daemon.tick().run_requests:
        if sensor == "batches":
            desk.queue(request)
    breaking = break_it(desk)
    word = next(breaking)

    ticks = [daemon.tick()]
    for _ in range(40):
        desk.clock.now += timedelta(seconds=10)
        ticks.append(daemon.tick())
    events = [event for found in ticks for event in found.asset_events]
    assert [(e.asset_key.to_user_string(), e.check_name, e.passed) for e in events] == [
        (*SENSORS[sensor], False)
    ]
    assert word in events[0].description
    assert all(word in found.skip_message and "\n" not in found.skip_message for found in ticks)
    tried = json.loads(daemon.cursor or "{}")["failures"]
    assert 4 <= tried <= 6, "15 s, 30 s, 60 s, 120 s: not at each of 41 ticks"

    next(breaking)
    assert word in daemon.tick().skip_message, "the pause lasts"
    desk.clock.now += LONGEST_PAUSE
    cured = daemon.tick()
    [green] = cured.asset_events
    assert (green.passed, green.description) == (True, IN_ORDER)
    assert daemon.tick().asset_events == []


def test_a_refused_key_turns_a_check_red_by_name_while_the_night_is_parked(parking_desk: SmallDesk) -> None:
    desk = parking_desk
    desk.receive(TWO)
    desk._post("scenario", {"calls": [{"when": {"operation": "create_batch"}, "status": 401}]})
    desk.materialize()
    daemon = Daemon(desk, "batches")
    ticks = []
    for _ in range(4):
        ticks.append(daemon.tick())
        desk.clock.now += timedelta(seconds=20)
    events = [event for found in ticks for event in found.asset_events]
    assert [event.passed for event in events] == [False]
    assert "OPENAI_API_KEY" in (events[0].description or "")
    desk._post("scenario", {})
    desk.clock.now += timedelta(hours=1)
    daemon.tick()  # sends
    desk.clock.now += timedelta(seconds=20)
    found = daemon.tick()
    assert "OPENAI_API_KEY" not in (found.skip_message or "")


def test_a_tick_that_dies_before_its_cursor_is_kept_reports_the_same_again(parking_desk: SmallDesk) -> None:
    next(broken_yaml(parking_desk))
    first, again = parking_desk.tick("new_mail"), parking_desk.tick("new_mail")
    assert [e.description for e in first.asset_events] == [e.description for e in again.asset_events] != []
    assert first.cursor == again.cursor


def test_a_defect_is_raised_with_its_place(parking_desk: SmallDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """No person at the desk can cure it, so its trace is worth a red tick."""
    monkeypatch.setattr(waiting, "unfinished_nights", lambda *_: 1 / 0)
    with pytest.raises(DefectError, match="ZeroDivisionError"):
        parking_desk.tick("batches")


def test_a_schedule_asks_for_its_run_all_the_same_and_the_run_fails_with_the_sentence(
    parking_desk: SmallDesk,
) -> None:
    desk = parking_desk
    desk.receive(TWO)
    breaking = broken_yaml(desk)
    word = next(breaking)
    nightly = desk.definitions.resolve_schedule_def("nightly")
    context = dg.build_schedule_context(
        scheduled_execution_time=NOW, repository_def=desk.definitions.get_repository_def()
    )
    [asked] = nightly.evaluate_tick(context).run_requests
    assert asked.tags["dagster/partition"] == DAY.isoformat()
    failed = [event for event in desk.materialize().all_events if event.is_step_failure]
    errors = [event.step_failure_data.error for event in failed]
    causes = [error.cause.message if error and error.cause else "" for error in errors]
    assert any(
        word in cause and cause.startswith("llm_assets.domain.errors.Configuration") for cause in causes
    )
