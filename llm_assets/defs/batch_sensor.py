"""Sensor `batches`: queues the continuations of parked runs, opens their gate when the provider is done or the
deadline has come, and asks for runs for late results. The use case decides; here are Dagster's runs and tags."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

import dagster as dg

from llm_assets.defs import parking
from llm_assets.defs.polling import SENSOR_SECONDS
from llm_assets.domain.desk.step import Step
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.night.continue_nights import Gate, gate_of, has_ended, unfinished_nights

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


def batch_sensor(steps: Sequence[Step], targets: dg.AssetSelection) -> dg.SensorDefinition:
    @dg.sensor(
        name="batches",
        target=targets,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Continues parked runs when their batches have ended or the deadline has come.",
    )
    def batches(
        context: dg.SensorEvaluationContext, desk: dg.ResourceParam[Desk]
    ) -> dg.SensorResult | dg.SkipReason:
        with opened(desk) as assembly:
            until = assembly.clock() + timedelta(seconds=TICK_SECONDS)
            requests = [
                *_continue_parked(context, assembly, until),
                *_late_results(context, assembly, steps, until),
            ]
        return dg.SensorResult(run_requests=requests) if requests else dg.SkipReason("nothing to continue")

    return batches


def _continue_parked(
    context: dg.SensorEvaluationContext, assembly: Assembly, until: datetime
) -> Iterator[dg.RunRequest]:
    waiting = {parking.PARKED_STATE: parking.WAITING}
    for record in context.instance.get_run_records(
        dg.RunsFilter(tags=waiting), limit=RUNS_A_TICK, ascending=True
    ):
        run = record.dagster_run
        if not _parked_itself(run):
            _forget_copies(context.instance, run)
            continue
        following = parking.continuations(context.instance, run.run_id)
        if following and following[0].status not in _OVER:
            _open_gate(context, assembly, run, following[0], record.create_timestamp, until)
        elif not following and run.status is not dg.DagsterRunStatus.CANCELED:
            yield _continuation(run)
        else:
            was_released = bool(following) and following[0].tags.get(parking.GATE) == parking.READY
            # Else somebody cancelled it while it waited: a person stopped it, so it is not resumed.
            state = parking.RESUMED if was_released else parking.STOPPED
            context.instance.add_run_tags(run.run_id, {parking.PARKED_STATE: state})


def _parked_itself(run: dg.DagsterRun) -> bool:
    """False for a retry, which copied the tags of the run that parked."""
    return run.tags.get(parking.PARKED) == run.run_id


def _forget_copies(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """A retry that has ended without parking waits for nothing; a running one may still park under its own id."""
    if run.status in _OVER:
        instance.add_run_tags(run.run_id, {parking.PARKED_STATE: parking.RESUMED})


def _continuation(run: dg.DagsterRun) -> dg.RunRequest:
    copied = {name: run.tags[name] for name in parking.COPIED_TAGS if name in run.tags}
    return dg.RunRequest(
        run_key=f"continue:{run.run_id}",
        partition_key=run.tags["dagster/partition"],
        asset_selection=[dg.AssetKey(name) for name in run.tags[parking.PARKED_ASSETS].split(",")],
        tags={**copied, parking.GATE: parking.WAITING, parking.CONTINUES: run.run_id},
    )


def _open_gate(
    context: dg.SensorEvaluationContext,
    assembly: Assembly,
    run: dg.DagsterRun,
    following: dg.DagsterRun,
    parked_at: datetime,
    until: datetime,
) -> None:
    day = date.fromisoformat(run.tags["dagster/partition"])
    gate = gate_of(assembly, day, run.tags[parking.PARKED_ASSETS].split(","), parked_at, until)
    if gate is Gate.HOLD:
        return
    if gate is Gate.CUT:
        context.instance.add_run_tags(following.run_id, {parking.CUTOFF: "true"})
    context.instance.add_run_tags(following.run_id, {parking.GATE: parking.READY})
    context.instance.add_run_tags(run.run_id, {parking.PARKED_STATE: parking.RESUMED})


def _late_results(
    context: dg.SensorEvaluationContext, assembly: Assembly, steps: Sequence[Step], until: datetime
) -> Iterator[dg.RunRequest]:
    """A run for each night whose batches have ended and that no run waits for, e.g. after a cutoff or a crash."""
    for night in unfinished_nights(assembly, RUNS_A_TICK):
        if _is_left_alone(context.instance, night.day) or not has_ended(assembly, night.day, until):
            continue
        yield dg.RunRequest(
            run_key=night.run_key(assembly.clock()),
            partition_key=night.day.isoformat(),
            asset_selection=[dg.AssetKey(name) for name in (*(s.name for s in steps), *REPORTING)],
        )


def _is_left_alone(instance: dg.DagsterInstance, day: date) -> bool:
    """Whether a run of the night is in progress or parked, or a person stopped the last one that was parked."""
    partition = {"dagster/partition": day.isoformat()}
    if instance.get_runs(dg.RunsFilter(tags=partition, statuses=list(_LIVE)), limit=1):
        return True
    parked = instance.get_runs(dg.RunsFilter(tags={**partition, parking.PARKED_STATE: parking.STATES}))
    states = [run.tags[parking.PARKED_STATE] for run in parked if _parked_itself(run)]  # newest first
    return parking.WAITING in states or states[:1] == [parking.STOPPED]
