"""Parking: a step whose batches run for hours ends its run and is continued, without a process in between.

A parked run ends as a success that did not materialize. Its continuation waits in Dagster's queue behind a tag
rule with limit 0; the batch sensor changes the tag when the provider is done. All state is in the tags of the two
runs, so no second store can differ from it. Should Dagster suspend runs itself one day, only this file changes.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg

from llm_assets.defs.metadata import Metadata, markdown_table
from llm_assets.defs.polling import Pause
from llm_assets.usecases.desk.desk import Desk, Progress, Wait
from llm_assets.usecases.night.process_steps import StepRound
from llm_assets.usecases.night.waiting import BATCH_COLUMNS, WaitsFor, waits_for

PARKED = "llm/parked"
"""On a run that parked: its own run id. A retry copies tags, so only an equal id proves that this run parked."""
PARKED_STATE = "llm/parked_state"
STATES = [WAITING, RESUMED, STOPPED] = ["waiting", "resumed", "stopped"]
PARKED_ASSETS = "llm/parked_assets"
"""Comma-separated assets the continuation has to materialize."""
GATE = "llm/gate"
"""On a continuation: `waiting` is held back by the run queue (limit 0 in dagster.yaml), `ready` is not."""
READY = "ready"
CONTINUES = "llm/continues"
CUTOFF = "llm/cutoff"
CUT = "true"
"""On a continuation released for the deadline, and on a run that stopped for it: materialize what exists, do not park."""
WAITS_FOR = "llm/waits_for"
"""On a continuation: how many batches and requests of which steps it waits for, as long as it is held back."""
BATCHES = "llm/batches"
"""On a continuation: the ids of these batches at the provider; our own before it has one."""
UNTIL = "llm/until"
"""On a continuation: the batches it is parked until, when they are expected, and how probable it is that they end in time."""
LANE = "llm/lane"
COPIED_TAGS = (LANE, "dagster/priority", "dagster/backfill", "llm/rework")

HANDSHAKE_SECONDS = 45.0
"""A backfill is judged stalled when a run ends before its successor exists; the sensor needs one tick for it."""
HANDSHAKE_POLL_SECONDS = 1.0


def process_or_park(context: dg.AssetExecutionContext, desk: Desk, steps: StepRound) -> Progress | None:
    """Processes the steps and writes early rows while they wait; None when the run has been parked and has to end."""
    waits_here = desk.wait is Wait.INLINE
    until = _waits_until(desk, steps)
    progress = steps.process(Pause(desk, steps.name, until, steps.early_rows()))
    desk.on_progress(steps.name, progress)
    if steps.stopped and not (waits_here or progress.finished):
        context.instance.add_run_tags(context.run.run_id, {CUTOFF: CUT})
        return progress
    if waits_here or CUTOFF in context.run.tags or progress.finished or progress.halted:
        return progress
    park(context, steps.day, [s.name for s in steps.steps], progress)
    for step in steps.steps:
        _show_waiting(context, step.name, waits_for(steps.assembly, steps.day, [step.name]))
    return None


def _waits_until(desk: Desk, steps: StepRound) -> datetime | None:
    if desk.wait is Wait.INLINE:
        return steps.stops_at
    grace = desk.clock() + timedelta(seconds=desk.settings.grace_seconds)
    return grace if steps.stops_at is None else min(grace, steps.stops_at)


def park(context: dg.AssetExecutionContext, day: date, steps: Sequence[str], progress: Progress) -> None:
    """Marks the run as parked and waits until its continuation exists."""
    run = context.run
    assets = parked_assets(_selected(context), steps, _edges(context))
    context.instance.add_run_tags(
        run.run_id, {PARKED: run.run_id, PARKED_STATE: WAITING, PARKED_ASSETS: ",".join(assets)}
    )
    waits, then = f"{progress.in_flight} requests of {', '.join(steps)}", "the provider is done"
    if progress.next_try is not None:
        waits, then = f"{progress.due + progress.in_flight} requests of {', '.join(steps)}", "it takes them"
    why = f": {progress.blocked}" if progress.next_try is not None else ""
    context.log.info(
        f"parked: {waits} wait for the provider for {day}{why}; the sensor `batches` continues with a new run when {then}"
    )
    if not _until(lambda: bool(continuations(context.instance, run.run_id)), HANDSHAKE_SECONDS):
        context.log.warning(
            "no continuation was queued yet: is the daemon running and the sensor `batches` on? It will be queued then"
        )


def parked_itself(run: dg.DagsterRun) -> bool:
    """False for a retry, which copied the tags of the run that parked."""
    return run.tags.get(PARKED) == run.run_id


def _show_waiting(context: dg.AssetExecutionContext, step: str, waits: WaitsFor) -> None:
    """On the pages of the asset and of the run: which batches it waits for, and the run that continues."""
    metadata: Metadata = {
        "waiting_batches": len(waits.batches),
        "waiting_requests": waits.requests,
        "batches": dg.MetadataValue.md(markdown_table(BATCH_COLUMNS, waits.rows)),
    }
    if waits.until:
        metadata["parked_until"] = waits.until
    for following in continuations(context.instance, context.run.run_id):
        metadata["continued_in"] = dg.MetadataValue.dagster_run(following.run_id)
    context.log_event(dg.AssetObservation(step, partition=context.partition_key, metadata=metadata))


def continuations(instance: dg.DagsterInstance, run_id: str) -> Sequence[dg.DagsterRun]:
    return instance.get_runs(dg.RunsFilter(tags={CONTINUES: run_id}), limit=1)


def parked_assets(
    selected: Sequence[str], parked: Sequence[str], upstream: dict[str, frozenset[str]]
) -> list[str]:
    """The parked steps and every selected asset that needs one of them, directly or not. Pure."""
    needed = set(parked)
    while True:
        more = {a for a in selected if a not in needed and upstream.get(a, frozenset()) & needed}
        if not more:
            return sorted(needed & (set(selected) | set(parked)))
        needed |= more


def config_of(run_config: Mapping[str, Any], assets: Sequence[str]) -> dict[str, Any]:
    """Of a parked run's config what is of these assets: the continuation has no op for the others. Pure."""
    ops = run_config.get("ops", {})
    kept = {op: given for op, given in ops.items() if set(op.removeprefix("work_").split("__")) & set(assets)}
    return {"ops": kept} if kept else {}


def _selected(context: dg.AssetExecutionContext) -> list[str]:
    keys = context.run.asset_selection or context.job_def.asset_layer.executable_asset_keys
    return sorted(key.to_user_string() for key in keys)


def _edges(context: dg.AssetExecutionContext) -> dict[str, frozenset[str]]:
    graph = context.job_def.asset_layer.asset_graph
    return {
        key.to_user_string(): frozenset(parent.to_user_string() for parent in graph.get(key).parent_keys)
        for key in context.job_def.asset_layer.executable_asset_keys
    }


def _until(holds: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(HANDSHAKE_POLL_SECONDS)
    return holds()
