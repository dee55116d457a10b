"""Sensor `batches`: queues the continuations of parked runs, opens their gates (`gates.py`), and asks for runs for late
results. The use case decides; here are Dagster's runs and tags."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

import dagster as dg

from llm_assets.defs import parking
from llm_assets.defs.checks import NIGHTS_CONTINUE
from llm_assets.defs.jobs import AGAIN, MATERIALIZE, NIGHTLY, PRIORITY, URGENT, WORK, UnresolvedJob
from llm_assets.defs.polling import SENSOR_SECONDS
from llm_assets.defs.sensors.gates import open_gates, waiting_tags
from llm_assets.defs.sensors.trouble import Found, tick
from llm_assets.domain.desk.step import Step
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.night.continue_nights import book_races, has_ended, unfinished_nights
from llm_assets.usecases.night.waiting import troubles_of_nights, waits_for

RUNS_A_TICK = 50
TICK_SECONDS = 20.0
"""After this a tick begins no more calls to the provider: Dagster ends it after 60."""
REPORTING = ("review_queue", "morning_report")
_OVER = (dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS)
_LIVE = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def batch_sensor(steps: Sequence[Step], jobs: Sequence[UnresolvedJob]) -> dg.SensorDefinition:
    """`jobs`: those that a continuation may belong to."""

    @dg.sensor(
        name="batches",
        jobs=jobs,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Continues parked runs when their batches have ended or the deadline has come.",
    )
    def batches(
        context: dg.SensorEvaluationContext, desk: dg.ResourceParam[Desk]
    ) -> dg.SensorResult | dg.SkipReason:
        return tick(context, desk.clock, NIGHTS_CONTINUE, lambda _: _look(context, desk, steps))

    return batches


def _look(context: dg.SensorEvaluationContext, desk: Desk, steps: Sequence[Step]) -> Found:
    with opened(desk) as assembly:
        until = assembly.clock() + timedelta(seconds=TICK_SECONDS)
        held = open_gates(context.instance, assembly, RUNS_A_TICK, until)
        book_races(assembly)
        requests = [
            *_continue_parked(context, assembly),
            *_late_results(context, assembly, steps, until),
        ]
        waits = "; ".join(held) or "nothing to continue"
        return Found(requests, waits=waits, trouble=troubles_of_nights(assembly))


def _continue_parked(context: dg.SensorEvaluationContext, assembly: Assembly) -> Iterator[dg.RunRequest]:
    """A continuation for each parked run that has none, and what became of the others."""
    waiting = {parking.PARKED_STATE: parking.WAITING}
    for run in context.instance.get_runs(dg.RunsFilter(tags=waiting), limit=RUNS_A_TICK):
        if not parking.parked_itself(run):
            _forget_copies(context.instance, run)
            continue
        following = parking.continuations(context.instance, run.run_id)
        if not following and run.status is not dg.DagsterRunStatus.CANCELED:
            yield _continuation(run, assembly)
        elif not following or following[0].status in _OVER:
            was_released = bool(following) and following[0].tags.get(parking.GATE) == parking.READY
            # Else somebody cancelled it while it waited: a person stopped it, so it is not resumed.
            state = parking.RESUMED if was_released else parking.STOPPED
            context.instance.add_run_tags(run.run_id, {parking.PARKED_STATE: state})


def _forget_copies(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """A retry that has ended without parking waits for nothing; a running one may still park under its own id."""
    if run.status in _OVER:
        instance.add_run_tags(run.run_id, {parking.PARKED_STATE: parking.RESUMED})


def _continuation(run: dg.DagsterRun, assembly: Assembly) -> dg.RunRequest:
    """In the job of the run that it continues."""
    copied = {name: run.tags[name] for name in parking.COPIED_TAGS if name in run.tags}
    day, assets = run.tags["dagster/partition"], run.tags[parking.PARKED_ASSETS].split(",")
    waits = waits_for(assembly, date.fromisoformat(day), assets)
    return dg.RunRequest(
        run_key=f"continue:{run.run_id}",
        job_name=run.job_name if run.job_name == NIGHTLY else MATERIALIZE,
        partition_key=day,
        asset_selection=[dg.AssetKey(name) for name in assets],
        run_config=parking.config_of(run.run_config, assets),
        tags={
            **copied,
            **waiting_tags(waits),
            parking.GATE: parking.WAITING,
            parking.CONTINUES: run.run_id,
        },
    )


def _late_results(
    context: dg.SensorEvaluationContext, assembly: Assembly, steps: Sequence[Step], until: datetime
) -> Iterator[dg.RunRequest]:
    """A run for each night whose batches have ended and that no run waits for, e.g. after a cutoff or a crash."""
    for night in unfinished_nights(assembly, RUNS_A_TICK):
        if is_left_alone(context.instance, night.day) or not has_ended(assembly, night.day, until):
            continue
        if night.is_urgent:
            key = f"urgent:{night.run_key(assembly.clock())}"
            yield dg.RunRequest(run_key=key, job_name=URGENT, partition_key=night.day.isoformat())
            continue
        yield dg.RunRequest(
            run_key=night.run_key(assembly.clock()),
            job_name=NIGHTLY,
            partition_key=night.day.isoformat(),
            asset_selection=[dg.AssetKey(name) for name in (*(s.name for s in steps), *REPORTING)],
            tags={PRIORITY: "0", WORK: AGAIN},
        )


def is_left_alone(instance: dg.DagsterInstance, day: date) -> bool:
    """Whether a run of the night is in progress or parked, or a person stopped the last one that was parked."""
    partition = {"dagster/partition": day.isoformat()}
    if instance.get_runs(dg.RunsFilter(tags=partition, statuses=list(_LIVE)), limit=1):
        return True
    parked = instance.get_runs(dg.RunsFilter(tags={**partition, parking.PARKED_STATE: parking.STATES}))
    states = [run.tags[parking.PARKED_STATE] for run in parked if parking.parked_itself(run)]  # newest first
    return parking.WAITING in states or states[:1] == [parking.STOPPED]
