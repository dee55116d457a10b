"""Sensor `batches`: queues the continuations of parked runs, opens their gate when the provider is done or the
deadline has come, and picks up late results. A shell over the pure `gate_for`; bounded work per tick."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

import dagster as dg

from llm_assets.defs import parking
from llm_assets.domain.desk.step import Step
from llm_assets.domain.digest import digest
from llm_assets.domain.requests.batch import BatchState
from llm_assets.engine.rounds.nudge import nudge
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk

RUNS_A_TICK = 50
INTERVAL_SECONDS = 5
TICK_SECONDS = 20.0
"""After this a tick begins nothing more at the provider: Dagster ends it after 60."""
EARLY_ROWS_EVERY = timedelta(minutes=15)
"""How often at most a night goes on for results of its first batches: a run is a process of 100 MB for some seconds."""
LATE_AGAIN_SECONDS = 900
"""How soon another run may be asked for after one that collected nothing."""
REPORTING = ("review_queue", "morning_report")
_OVER = (dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS)
_LIVE = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


class Gate(StrEnum):
    HOLD = "hold"
    OPEN = "open"
    CUT = "cut"
    """The deadline has come: go on with what exists."""


def gate_for(*, done: bool, ready: bool, parked_at: datetime, deadline: datetime, now: datetime) -> Gate:
    """Whether a parked night may go on. A night parked after its deadline (a backfill) has none to keep. `ready` says
    that some of its batches have ended: their rows are written early, and the run parks again for the others. Pure."""
    if done:
        return Gate.OPEN
    if parked_at < deadline <= now:
        return Gate.CUT
    return Gate.OPEN if ready and now - parked_at >= EARLY_ROWS_EVERY else Gate.HOLD


def batch_sensor(steps: Sequence[Step], targets: dg.AssetSelection) -> dg.SensorDefinition:
    @dg.sensor(
        name="batches",
        target=targets,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Continues parked runs when their batches have ended or the deadline has come.",
    )
    def batches(
        context: dg.SensorEvaluationContext, desk: dg.ResourceParam[Desk]
    ) -> dg.SensorResult | dg.SkipReason:
        with desk.open() as assembly:
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
    assets = run.tags[parking.PARKED_ASSETS].split(",")
    steps = [s.name for s in assembly.steps if s.name in assets]
    done = nudge(assembly.engine, day, steps, until=until)
    ended = (b.state is BatchState.ENDED for b in assembly.ledger.batches.open_batches(day, steps))
    gate = gate_for(
        done=done,
        ready=any(ended),
        parked_at=parked_at,
        deadline=assembly.settings.calendar.deadline_of(day),
        now=assembly.clock(),
    )
    if gate is Gate.HOLD:
        return
    if gate is Gate.CUT:
        context.instance.add_run_tags(following.run_id, {parking.CUTOFF: "true"})
    context.instance.add_run_tags(following.run_id, {parking.GATE: parking.READY})
    context.instance.add_run_tags(run.run_id, {parking.PARKED_STATE: parking.RESUMED})


def _late_results(
    context: dg.SensorEvaluationContext, assembly: Assembly, steps: Sequence[Step], until: datetime
) -> Iterator[dg.RunRequest]:
    """Nights with open batches that no run waits for, e.g. after a cutoff or a crash: one run when they ended.

    The control set's batches are not of a night and are waited for where they were sent.
    """
    by_day: dict[date, list[str]] = {}
    today = assembly.settings.calendar.day_of(assembly.clock())
    for batch in assembly.ledger.batches.open_batches():
        if not assembly.settings.first_day <= batch.day <= today:
            continue  # no partition: a run for it would fail the tick, and every parked night with it
        by_day.setdefault(batch.day, []).append(batch.batch_id)
    for day, ids in sorted(by_day.items())[:RUNS_A_TICK]:
        if _is_left_alone(context.instance, day) or not nudge(assembly.engine, day, None, until=until):
            continue
        yield dg.RunRequest(
            run_key=f"late:{day}:{digest(sorted(ids))}:{_period(assembly.clock())}",
            partition_key=day.isoformat(),
            asset_selection=[dg.AssetKey(name) for name in (*(s.name for s in steps), *REPORTING)],
        )


def _period(now: datetime) -> int:
    """A key is used once: without the time in it, a late run that died would be the last of its batches."""
    return int(now.timestamp() // LATE_AGAIN_SECONDS)


def _is_left_alone(instance: dg.DagsterInstance, day: date) -> bool:
    """Whether a run works or waits for the night, or a person stopped the last one that waited."""
    partition = {"dagster/partition": day.isoformat()}
    if instance.get_runs(dg.RunsFilter(tags=partition, statuses=list(_LIVE)), limit=1):
        return True
    parked = instance.get_runs(dg.RunsFilter(tags={**partition, parking.PARKED_STATE: parking.STATES}))
    states = [run.tags[parking.PARKED_STATE] for run in parked if _parked_itself(run)]  # newest first
    return parking.WAITING in states or states[:1] == [parking.STOPPED]
