"""Sensor `batches` on a real instance: what becomes of a parked night, by the tags people see in the UI."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from llm_assets.defs.metadata import KEPT
from llm_assets.defs.parking import (
    BATCHES,
    CONTINUES,
    CUTOFF,
    GATE,
    LANE,
    PARKED,
    PARKED_ASSETS,
    PARKED_STATE,
    WAITS_FOR,
)
from llm_assets.domain.desk.night import Rework
from llm_assets.domain.requests.batch import BatchState
from llm_assets.engine.rounds.drive import drive
from llm_assets.engine.rounds.start import start
from llm_assets.steps import STEPS
from llm_assets.usecases.control_set import CONTROL_DAY
from llm_assets.usecases.mail.read_day import read_day
from llm_assets.usecases.mail.receive import receive
from llm_assets.usecases.night.cutoff import STARTING
from tests.support.houses.small_desk import DAY, MAILS, NIGHTLY, NOON, SmallDesk, materialized

TWO = dict(list(MAILS.items())[:2])
STEPPED = ["categories", "drafts", "extracted_fields", "morning_report", "review_queue"]
LATENCY = 1000.0


@pytest.fixture
def parked(parking_desk: SmallDesk) -> SmallDesk:
    """A night of two mails whose run has parked; the only run there is."""
    parking_desk.receive(TWO)
    result = parking_desk.materialize(tags={LANE: "nightly", "dagster/priority": "10", "other": "x"})
    assert result.success
    assert materialized(result) == {"documents"}
    return parking_desk


def only_run(desk: SmallDesk) -> dg.DagsterRun:
    [run] = desk.instance.get_runs()
    return run


def test_a_run_that_parks_says_so_in_tags_and_log_and_ends_as_a_success(parked: SmallDesk) -> None:
    run = only_run(parked)
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert run.tags[PARKED] == run.run_id
    assert run.tags[PARKED_STATE] == "waiting"
    assert run.tags[PARKED_ASSETS].split(",") == STEPPED
    said = [record.user_message for record in parked.instance.all_logs(run.run_id)]
    assert any(line.startswith("parked: 4 requests of extracted_fields, categories wait") for line in said)


def test_a_night_that_parks_gets_the_report_that_its_run_was_asked_for(parking_desk: SmallDesk) -> None:
    parking_desk.receive(TWO)
    report = {"morning_report": {"config": {"language": "kk", "audience": "operations"}}}
    work = {"work_extracted_fields__categories": {"config": {"rework": "stale"}}}
    without_drafts = [name for name in NIGHTLY if name != "drafts"]
    assert parking_desk.materialize(without_drafts, config={"ops": report | work}).success
    [request] = parking_desk.tick("batches").run_requests
    assert request.run_config == {"ops": report | work}
    continuation = parking_desk.queue(request)
    parking_desk.advance_provider(LATENCY)
    assert parking_desk.dequeue(continuation).success
    made = parking_desk.report()
    assert (made["language"], made["audience"]) == ("kk", "operations")


def test_a_parked_run_gets_one_continuation_that_waits_behind_the_gate(parked: SmallDesk) -> None:
    run = only_run(parked)
    [request] = parked.tick("batches").run_requests
    assert request.tags[GATE] == "waiting"
    assert request.tags[CONTINUES] == run.run_id
    assert (request.tags[LANE], request.tags["dagster/priority"]) == ("nightly", "10")
    assert "other" not in request.tags
    assert sorted(key.to_user_string() for key in request.asset_selection) == STEPPED
    assert request.tags["dagster/partition"] == DAY.isoformat()
    assert [r.run_key for r in parked.tick("batches").run_requests] == [request.run_key], (
        "until it exists, dagster drops the second request by its key"
    )
    queued = parked.queue(request)
    assert parked.tick("batches").run_requests == []
    assert parked.run(queued).tags[GATE] == "waiting"


@pytest.mark.slow
def test_a_night_is_continued_when_its_batches_have_ended_and_parks_again_for_what_follows(
    parking_desk: SmallDesk,
) -> None:
    desk = parking_desk
    desk.receive({"arrival.eml": MAILS["arrival.eml"]})
    desk.materialize(["documents", "extracted_fields", "categories", "drafts"])
    first = only_run(desk)
    queued = desk.queue(desk.tick("batches").run_requests[0])
    desk.advance_provider(LATENCY)
    desk.tick("batches")
    assert desk.run(queued).tags[GATE] == "ready"
    assert CUTOFF not in desk.run(queued).tags
    assert desk.run(first.run_id).tags[PARKED_STATE] == "resumed"

    second = desk.dequeue(queued)
    assert second.success
    assert materialized(second) == {"extracted_fields", "categories"}, "drafts wait for their own batch"
    queued = desk.queue(desk.tick("batches").run_requests[0])
    desk.advance_provider(LATENCY)
    desk.tick("batches")
    third = desk.dequeue(queued)
    assert materialized(third) == {"drafts"}
    assert {row["status"] for row in desk.rows(STEPS[2].table)} <= {"ok", "review", "not_needed"}
    assert desk.tick("batches").run_requests == []


@pytest.mark.soak
def test_a_continuation_that_a_person_cancelled_is_not_resumed_by_anything(parked: SmallDesk) -> None:
    first = only_run(parked)
    queued = parked.queue(parked.tick("batches").run_requests[0])
    parked.instance.report_run_canceled(parked.run(queued))
    parked.advance_provider(LATENCY)
    assert parked.tick("batches").run_requests == []
    assert parked.run(first.run_id).tags[PARKED_STATE] == "stopped"
    assert parked.tick("batches").run_requests == [], "nor by the sweep for late results"
    parked.materialize(["extracted_fields", "categories"])
    with parked.desk.open() as assembly:
        assert assembly.ledger.batches.open_batches() == [], (
            "a person who starts it again gets what was paid for"
        )


def test_a_terminated_continuation_that_is_executed_again_continues_the_night(parked: SmallDesk) -> None:
    """The UI copies its tags, the closed gate among them."""
    first = only_run(parked)
    [request] = parked.tick("batches").run_requests
    parked.instance.report_run_canceled(parked.run(parked.queue(request)))
    parked.tick("batches")
    assert parked.run(first.run_id).tags[PARKED_STATE] == "stopped"
    again = parked.queue(request)
    parked.tick("batches")
    assert parked.run(again).tags[GATE] == "waiting"
    parked.advance_provider(LATENCY)
    parked.tick("batches")
    assert parked.run(again).tags[GATE] == "ready"
    assert parked.run(first.run_id).tags[PARKED_STATE] == "resumed"


def test_a_continuation_starts_though_the_run_that_parked_was_deleted(parked: SmallDesk) -> None:
    first = only_run(parked)
    queued = parked.queue(parked.tick("batches").run_requests[0])
    parked.instance.delete_run(first.run_id)
    parked.tick("batches")
    assert parked.run(queued).tags[GATE] == "waiting"
    parked.advance_provider(LATENCY)
    assert parked.tick("batches").run_requests == []
    assert parked.run(queued).tags[GATE] == "ready"


def test_a_tick_that_dies_after_opening_a_gate_leaves_nothing_to_do_twice(
    parked: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = only_run(parked)
    queued = parked.queue(parked.tick("batches").run_requests[0])
    parked.advance_provider(LATENCY)
    add = parked.instance.add_run_tags

    def dying(run_id: str, tags: dict[str, str]) -> None:
        if PARKED_STATE in tags:
            raise KeyboardInterrupt
        add(run_id, tags)

    with monkeypatch.context() as killed:
        killed.setattr(parked.instance, "add_run_tags", dying)
        with pytest.raises(KeyboardInterrupt):
            parked.tick("batches")
    assert parked.run(queued).tags[GATE] == "ready"
    assert parked.run(first.run_id).tags[PARKED_STATE] == "waiting"
    assert parked.tick("batches").run_requests == [], "it has its continuation"
    parked.instance.report_run_failed(parked.run(queued))
    parked.tick("batches")
    assert parked.run(first.run_id).tags[PARKED_STATE] == "resumed"


def test_a_continuation_belongs_to_the_job_that_it_continues_and_shows_its_batches(
    parking_desk: SmallDesk,
) -> None:
    desk = parking_desk
    desk.receive(TWO)
    job = desk.definitions.resolve_job_def("nightly")
    assert job.execute_in_process(partition_key=DAY.isoformat(), instance=desk.instance).success
    tick = desk.tick("batches")
    [request] = tick.run_requests
    assert request.job_name == "nightly"
    assert request.tags[WAITS_FOR] == "2 batches with 4 requests: categories, extracted_fields"
    with desk.desk.open() as assembly:
        ids = [batch.provider_batch_id for batch in assembly.ledger.batches.open_batches(DAY)]
    assert request.tags[BATCHES].split(", ") == ids
    desk.queue(request)
    assert desk.tick("batches").skip_message == f"{DAY} waits for {request.tags[WAITS_FOR]}"


def test_a_night_that_waits_for_the_batch_of_another_night_says_so(parked: SmallDesk) -> None:
    """The same question on the next day is the same request, which is sent once."""
    parked.queue(parked.tick("batches").run_requests[0])
    later = DAY + timedelta(days=1)
    parked.clock.now += timedelta(days=1)
    [one] = [data for name, data in MAILS.items() if name == "arrival.eml"]
    parked.receive({"again.eml": one.replace(b"zebulon", b"ottilie")}, arrived=NOON + timedelta(days=1))
    parked.materialize(["documents", "categories"], day=later)
    [request] = parked.tick("batches").run_requests
    assert request.tags["dagster/partition"] == later.isoformat()
    assert request.tags[WAITS_FOR] == "1 batch with 2 requests: categories"


def test_a_parked_step_shows_its_batches_on_its_page(parked: SmallDesk) -> None:
    [seen] = parked.instance.fetch_observations(dg.AssetKey("categories"), limit=5).records
    assert seen.asset_observation is not None
    shown = seen.asset_observation.metadata
    assert (shown["waiting_batches"].value, shown["waiting_requests"].value) == (1, 2)
    with parked.desk.open() as assembly:
        [batch] = assembly.ledger.batches.open_batches(DAY, ["categories"])
    assert str(batch.provider_batch_id) in str(shown["batches"].value)
    assert set(shown) <= KEPT, "what is not named there is taken out of Dagster's storage"


def test_a_run_cancelled_while_it_parks_is_not_continued(parked: SmallDesk) -> None:
    run = only_run(parked)
    parked.instance.report_run_canceled(run)
    assert parked.tick("batches").run_requests == []
    assert parked.run(run.run_id).tags[PARKED_STATE] == "stopped"


def test_a_retry_that_copied_the_tags_of_a_parked_run_is_not_continued(parked: SmallDesk) -> None:
    run = only_run(parked)
    copied = {name: value for name, value in run.tags.items() if name.startswith("llm/")}
    parked.queue(parked.tick("batches").run_requests[0])
    retry = parked.materialize(["documents"], tags=copied)
    assert parked.tick("batches").run_requests == []
    assert parked.run(retry.run_id).tags[PARKED_STATE] == "resumed", "it waits for nothing"
    assert parked.run(run.run_id).tags[PARKED_STATE] == "waiting"


def test_a_finished_retry_does_not_keep_late_results_from_being_collected(parked: SmallDesk) -> None:
    run = only_run(parked)
    copied = {name: value for name, value in run.tags.items() if name.startswith("llm/")}
    retry = parked.materialize(["documents"], tags=copied)
    assert parked.run(retry.run_id).tags[PARKED] == run.run_id
    parked.instance.delete_run(run.run_id)
    parked.advance_provider(LATENCY)
    [late] = parked.tick("batches").run_requests
    assert late.run_key is not None and late.run_key.startswith(f"late:{DAY}:")


@pytest.mark.slow
def test_the_deadline_releases_the_night_and_late_results_make_a_second_revision(
    parking_desk: SmallDesk,
) -> None:
    """The night of today, because a run created after its night's deadline has none to keep. The desk's clock starts
    at most half a day before it: the deadline may be 32 hours away, and a batch that is a day old is given up."""
    desk, now = parking_desk, datetime.now(UTC)
    day = desk.settings.calendar.day_of(now)
    deadline = desk.settings.calendar.deadline_of(day)
    desk.receive(TWO, arrived=now)
    desk.clock.now = max(now, deadline - timedelta(hours=12))
    assert materialized(desk.materialize(day=day)) == {"documents"}
    first = only_run(desk)
    queued = desk.queue(desk.tick("batches").run_requests[0])
    released = deadline - timedelta(minutes=2) - STARTING
    desk.clock.now = released - timedelta(seconds=1)
    desk.tick("batches")
    assert desk.run(queued).tags[GATE] == "waiting"

    desk.clock.now = released
    desk.tick("batches")
    assert (desk.run(queued).tags[GATE], desk.run(queued).tags[CUTOFF]) == ("ready", "true")
    assert desk.run(first.run_id).tags[PARKED_STATE] == "resumed"
    desk.clock.now = deadline - timedelta(minutes=1)  # the run has taken its time to start
    cut = desk.dequeue(queued)
    assert cut.success
    assert materialized(cut) == {*NIGHTLY} - {"documents"}
    for step in STEPS:
        assert {row["status"] for row in desk.rows(step.table, day)} == {"open"}, step.name
    report = desk.report(day)
    assert (report["revision"], report["totals"]["documents"], report["totals"]["open"]) == (1, 2, 2)
    missing = {m["what"]: m["why"] for m in report["missing"]}
    assert missing["2 cases in categories"].startswith("waiting for the provider")

    assert datetime.fromisoformat(report["generated_at"]) < deadline

    desk.clock.now = deadline
    assert desk.tick("batches").run_requests == [], "the provider is still working"
    desk.advance_provider(LATENCY)
    desk.clock.now += timedelta(minutes=3)  # an old batch is looked at that often
    [late] = desk.tick("batches").run_requests
    assert late.tags["dagster/partition"] == day.isoformat()
    finish(desk, late)
    report = desk.report(day)
    assert (report["revision"], report["totals"]["open"], report["missing"]) == (2, 0, [])


def finish(desk: SmallDesk, request: dg.RunRequest) -> None:
    """Runs what was asked for, and every continuation of it, as the daemon would."""
    result = desk.dequeue(desk.queue(request))
    assert result.success
    for _ in range(3):
        requests = desk.tick("batches").run_requests
        if not requests:
            return
        queued = desk.queue(requests[0])
        desk.advance_provider(LATENCY)
        desk.tick("batches")
        assert desk.run(queued).tags[GATE] == "ready"
        assert desk.dequeue(queued).success
    raise AssertionError("the night does not come to an end")


def test_open_batches_that_no_run_waits_for_are_collected_by_one_run(parked: SmallDesk) -> None:
    parked.instance.delete_run(only_run(parked).run_id)
    assert parked.tick("batches").run_requests == [], "they have not ended"
    parked.advance_provider(LATENCY)
    [request] = parked.tick("batches").run_requests
    assert {key.to_user_string() for key in request.asset_selection} == {*NIGHTLY} - {"documents"}
    queued = parked.queue(request)
    assert parked.tick("batches").run_requests == [], "one run at a time"
    assert materialized(parked.dequeue(queued)) == {"extracted_fields", "categories"}
    with parked.desk.open() as assembly:
        assert [batch.step for batch in assembly.ledger.batches.open_batches()] == ["drafts"]


def test_a_run_for_late_results_that_died_is_asked_for_again(parked: SmallDesk) -> None:
    """Dagster starts a key once: another one is needed after a failure, and only one in a quarter of an hour."""
    parked.instance.delete_run(only_run(parked).run_id)
    parked.advance_provider(LATENCY)
    [request] = parked.tick("batches").run_requests
    died = parked.run(parked.queue(request))
    parked.instance.report_run_failed(died)
    parked.clock.now += timedelta(seconds=1)
    [at_once] = parked.tick("batches").run_requests
    parked.clock.now += timedelta(seconds=900)
    [later] = parked.tick("batches").run_requests
    assert request.run_key == at_once.run_key != later.run_key


def test_results_that_cannot_be_read_yet_start_no_run_before_their_time(parked: SmallDesk) -> None:
    parked.instance.delete_run(only_run(parked).run_id)
    parked.advance_provider(LATENCY)
    assert len(parked.tick("batches").run_requests) == 1
    again_at = parked.clock.now + timedelta(seconds=300)
    with parked.desk.open() as assembly:
        for batch in assembly.ledger.batches.open_batches():
            assert batch.state is BatchState.ENDED
            assembly.ledger.batches.transition(
                batch.batch_id, batch.state, batch.state, not_before=again_at, troubled_since=parked.clock.now
            )
    for _ in range(3):
        assert parked.tick("batches").run_requests == []
        parked.clock.now += timedelta(seconds=30)
    parked.clock.now = again_at
    assert len(parked.tick("batches").run_requests) == 1


def test_a_parked_night_waits_for_results_that_cannot_be_read_yet(parked: SmallDesk) -> None:
    queued = parked.queue(parked.tick("batches").run_requests[0])
    parked.advance_provider(LATENCY)
    with parked.desk.open() as assembly:
        for batch in assembly.ledger.batches.open_batches():
            drive(assembly.engine, batch.batch_id, until=BatchState.ENDED)
            again_at = parked.clock.now + timedelta(seconds=1200)
            assembly.ledger.batches.transition(
                batch.batch_id, BatchState.ENDED, BatchState.ENDED, not_before=again_at
            )
    parked.clock.now += timedelta(seconds=1000)
    parked.tick("batches")
    assert parked.run(queued).tags[GATE] == "waiting"
    parked.clock.now += timedelta(seconds=200)
    parked.tick("batches")
    assert parked.run(queued).tags[GATE] == "ready"


@pytest.mark.parametrize("day", [CONTROL_DAY, DAY + timedelta(days=5)], ids=["control set", "yet to come"])
def test_batches_of_no_night_disturb_none(parking_desk: SmallDesk, day: date) -> None:
    """They belong to no partition: a run for them would make every tick fail."""
    desk = parking_desk
    path = desk.drop("one.eml", MAILS["arrival.eml"])
    with desk.desk.open() as assembly:
        receive(assembly, paths=[path], day=day)
        read_day(assembly, day)
        plan = assembly.night(day).plan(STEPS[1])
        start(assembly.engine, day, [plan], Rework.STALE)
        assert len(assembly.ledger.batches.open_batches()) == 1
    desk.advance_provider(LATENCY)
    assert desk.tick("batches").run_requests == []
