"""The steps as assets: one multi-asset for each round of steps that can be submitted together."""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from llm_assets.defs.intake import GROUP, OWNERS
from llm_assets.defs.metadata import Metadata, kept, table_metadata
from llm_assets.defs.parking import CUTOFF, LANE, process_or_park
from llm_assets.defs.rework import ReworkConfig, rework_word
from llm_assets.domain.desk.step import Step
from llm_assets.domain.profile import Lane
from llm_assets.usecases.desk.desk import Desk, Progress
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.night.cutoff import run_stops_at
from llm_assets.usecases.night.process_steps import StepRound, rounds_of
from llm_assets.usecases.night.table_facts import step_version, table_facts


def step_assets(steps: Sequence[Step], nights: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """An op per round; any subset of a round can be materialized."""
    return [_round(members, nights) for members in rounds_of(steps)]


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
    def process_round(
        context: dg.AssetExecutionContext, config: ReworkConfig, desk: dg.ResourceParam[Desk]
    ) -> Iterator[dg.MaterializeResult[None]]:
        chosen = [s for s in steps if dg.AssetKey(s.name) in context.selected_asset_keys]
        day, tags = date.fromisoformat(context.partition_key), context.run.tags
        with opened(desk) as assembly:
            lane, rework = Lane(tags.get(LANE, Lane.NIGHTLY)), rework_word(config, tags)
            until = run_stops_at(desk, assembly, day, cut=CUTOFF in tags)
            steps_now = StepRound(assembly, day, chosen, lane, rework, until)
            progress = process_or_park(context, desk, steps_now)
            if progress is None:
                return
            for step in chosen:
                yield materialized(steps_now, step, progress)

    return process_round


def materialized(steps: StepRound, step: Step, progress: Progress) -> dg.MaterializeResult[None]:
    """Writes the step's table from what is answered by now and reports it."""
    facts = table_facts(steps.assembly, step.table, steps.day, steps.write(step))
    more: Metadata = {
        **steps.costs(step),
        "requests_sent_in_this_run": progress.sent,
        "prompt": dg.MetadataValue.md(f"```\n{step.prompt.system}\n```"),
    }
    if progress.blocked is not None:
        more["blocked"] = progress.blocked
    return dg.MaterializeResult(
        asset_key=step.name,
        metadata=kept(table_metadata(facts) | more, step.table),
        data_version=dg.DataVersion(step_version(steps.assembly, step.table, steps.day)),
    )
