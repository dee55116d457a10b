"""Gates: the continuations in Dagster's queue that wait for the provider, what they show, and when they may start."""

from collections.abc import Iterator
from datetime import date, datetime

import dagster as dg

from llm_assets.defs.parking import (
    BATCHES,
    CONTINUES,
    CUTOFF,
    GATE,
    PARKED_STATE,
    READY,
    RESUMED,
    UNTIL,
    WAITING,
    WAITS_FOR,
)
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.night.continue_nights import Gate, gate_of
from llm_assets.usecases.night.waiting import WaitsFor, waits_for

IDS_SHOWN = 10
_HELD = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]


def open_gates(instance: dg.DagsterInstance, assembly: Assembly, limit: int, until: datetime) -> list[str]:
    """Lets the continuations start whose batches have ended or whose deadline has come, oldest first; returns what the
    others wait for.

    By the continuation alone, so that one whose parked run was deleted, or that a person started again after it had been
    terminated, is not held for ever.
    """
    waiting = dg.RunsFilter(tags={GATE: WAITING}, statuses=_HELD)
    records = instance.get_run_records(waiting, limit=limit, ascending=True)
    ours = [record for record in records if CONTINUES in record.dagster_run.tags]
    return [said for record in ours for said in _open(instance, assembly, record, until)]


def _open(
    instance: dg.DagsterInstance, assembly: Assembly, record: dg.RunRecord, until: datetime
) -> Iterator[str]:
    run = record.dagster_run
    day = date.fromisoformat(run.tags["dagster/partition"])
    assets = [key.to_user_string() for key in run.asset_selection or ()]
    parked = instance.get_run_record_by_id(run.tags[CONTINUES])
    parked_at = (parked or record).create_timestamp
    gate = gate_of(assembly, day, assets, parked_at, until)
    if gate is Gate.HOLD:
        waits = waits_for(assembly, day, assets)
        if any(run.tags.get(name) != said for name, said in waiting_tags(waits).items()):
            instance.add_run_tags(run.run_id, waiting_tags(waits))
        yield f"{day} waits for {waits.in_words}"
        return
    cut = {CUTOFF: "true"} if gate is Gate.CUT else {}
    instance.add_run_tags(run.run_id, {**cut, GATE: READY})
    if parked is not None:
        instance.add_run_tags(parked.dagster_run.run_id, {PARKED_STATE: RESUMED})


def waiting_tags(waits: WaitsFor) -> dict[str, str]:
    """What a run's page shows of the batches that it waits for."""
    ids = [b.provider_batch_id or b.batch_id for b in waits.batches]
    more = f" and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else ""
    shown = {WAITS_FOR: waits.in_words, BATCHES: ", ".join(ids[:IDS_SHOWN]) + more}
    return {**shown, UNTIL: waits.until} if waits.until else shown
