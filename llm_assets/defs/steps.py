"""The steps as assets: one multi-asset for each round of steps that can be submitted together."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from llm_assets.defs.intake import GROUP, OWNERS
from llm_assets.defs.metadata import Metadata, data_version, table_metadata
from llm_assets.defs.parking import LANE, work_or_park
from llm_assets.defs.rework import ReworkConfig, rework_of
from llm_assets.domain.desk.step import Step
from llm_assets.domain.profile import Lane
from llm_assets.engine.night.night import Night, in_reading_order
from llm_assets.engine.rounds.progress import Progress
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk

EARLY_SHARE = 20
"""A round writes its tables early for at most one part in so many of its time."""


def step_assets(steps: Sequence[Step], nights: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """An op per round; any subset of a round can be materialized."""
    return [_round(members, nights) for members in in_reading_order(steps)]


def _spec(step: Step) -> dg.AssetSpec:
    return dg.AssetSpec(
        step.name,
        deps=["documents", *step.reads],
        skippable=True,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"llm", "parquet"},
        description=step.description or f"Step {step.name}, a row per case.",
        code_version=step.code_version,
        metadata={"prompt_version": step.prompt.version, "tier": step.tier.value},
    )


def _round(steps: Sequence[Step], nights: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    name = "__".join(s.name for s in steps)

    @dg.multi_asset(
        name=f"work_{name}",
        specs=[_spec(s) for s in steps],
        can_subset=True,
        partitions_def=nights,
        pool="llm",
    )
    def work_round(
        context: dg.AssetExecutionContext, config: ReworkConfig, desk: dg.ResourceParam[Desk]
    ) -> Iterator[dg.MaterializeResult[None]]:
        chosen = [s for s in steps if dg.AssetKey(s.name) in context.selected_asset_keys]
        day = date.fromisoformat(context.partition_key)
        with desk.open() as assembly:
            night = assembly.night(day, Lane(context.run.tags.get(LANE, Lane.NIGHTLY)))
            rework = rework_of(config, context.run.tags, assembly, day)
            early = EarlyRows(assembly, night, chosen)
            progress = work_or_park(context, desk, night, chosen, rework, early)
            if progress is None:
                return
            for step in chosen:
                yield materialized(assembly, night, step, progress)

    return work_round


def materialized(
    assembly: Assembly, night: Night, step: Step, progress: Progress
) -> dg.MaterializeResult[None]:
    """Writes the step's table as things stand and reports it."""
    lake = assembly.lake
    rows = written(assembly, night, step)
    versioned = ("case_id", "request_id", "status", "decided_by")
    return dg.MaterializeResult(
        asset_key=step.name,
        metadata=table_metadata(lake, step.table, night.day, rows)
        | _costs(assembly, night.day, step, progress),
        data_version=data_version(lake.read(step.table, night.day, versioned), versioned),
    )


def written(assembly: Assembly, night: Night, step: Step) -> int:
    """Writes the step's table as things stand and publishes it, unless it stands so already; returns its row count."""
    lake = assembly.lake
    with assembly.ledger.owner(f"write:{step.name}:{night.day}", wait=True):
        made_from = night.made_from(step)
        rows = lake.rows_made_from(step.table, night.day, made_from)
        if rows is None:
            rows = lake.write(step.table, night.day, night.rows(step), made_from)
        assembly.write_usage(night.day)
        lake.publish()
    return rows


class EarlyRows:
    """Writes what the first batches of a round brought while its last ones still run."""

    def __init__(self, assembly: Assembly, night: Night, steps: Sequence[Step]) -> None:
        self._assembly = assembly
        self._night = night
        self._steps = steps
        self._not_before = assembly.clock()
        self._answered = self._count()

    def __call__(self) -> None:
        begun = self._assembly.clock()
        if begun < self._not_before:
            return
        answered = self._count()
        fresh = [s for s in self._steps if answered[s.name] > self._answered[s.name]]
        for step in fresh:
            written(self._assembly, self._night, step)
        self._answered = answered
        self._not_before = begun + EARLY_SHARE * (self._assembly.clock() - begun)

    def _count(self) -> Counter[str]:
        counts = self._assembly.ledger.counts(self._night.day)
        return Counter({name: c["ok"] + c["review"] + c["dead"] for name, c in counts.items()})


def _costs(assembly: Assembly, day: date, step: Step, progress: Progress) -> Metadata:
    usage = [u for u in assembly.ledger.usage(day) if u.step == step.name]
    metadata: Metadata = {
        "cost_usd": float(sum(u.cost_usd for u in usage)),
        "requests": sum(u.requests for u in usage),
        "input_tokens": sum(u.input_tokens for u in usage),
        "output_tokens": sum(u.output_tokens for u in usage),
        "requests_sent_in_this_run": progress.sent,
        "prompt": dg.MetadataValue.md(f"```\n{step.prompt.system}\n```"),
    }
    return metadata | ({"blocked": progress.blocked} if progress.blocked is not None else {})
