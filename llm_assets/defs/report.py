"""Assets `review_queue` and `morning_report`: what a person opens in the morning."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Literal

import dagster as dg

from llm_assets.defs.freshness import caption, freshness_of_report
from llm_assets.defs.intake import GROUP, OWNERS
from llm_assets.defs.metadata import Metadata, links, table_metadata
from llm_assets.defs.parking import CUTOFF
from llm_assets.defs.polling import brief
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import REVIEW_QUEUE
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk, Settings
from llm_assets.usecases.desk.opened import opened
from llm_assets.usecases.desk.report_choices import SECTIONS, Audience
from llm_assets.usecases.night.cutoff import has_to_write
from llm_assets.usecases.night.night_report import REPORT_VERSION, Written, write_report, write_review_queue
from llm_assets.usecases.night.table_facts import night_figures, report_figures, review_version, table_facts
from llm_assets.usecases.review.queue.backlog import queue_figures


class ReportConfig(dg.Config):
    """What this run's report is like. Another choice than before is another revision; the next run without a choice makes
    the usual one again."""

    language: Literal["settings", "en", "ru", "kk"] = "settings"
    """`settings`: that of LLM_ASSETS_LANGUAGE."""
    sections: list[str] = list(SECTIONS)  # noqa: RUF012 - pydantic copies it
    """The sections of the page; what is missing and sums that do not hold are always shown."""
    audience: Literal["lead", "management", "operations"] = "lead"
    """lead: machine details folded away; management: figures without any case; operations: machine details open."""

    @property
    def chosen_language(self) -> Literal["en", "ru", "kk"] | None:
        return None if self.language == "settings" else self.language


def report_assets(
    steps: Sequence[Step], nights: dg.DailyPartitionsDefinition, settings: Settings
) -> list[dg.AssetsDefinition]:
    return [_review_queue(steps, nights), _morning_report(steps, nights, settings)]


def _review_queue(steps: Sequence[Step], nights: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    names = [s.name for s in steps]

    @dg.asset(
        deps=names,
        partitions_def=nights,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"parquet"},
        code_version="1",
        description="Every doubtful case with the reason, and who settles it.",
    )
    def review_queue(
        context: dg.AssetExecutionContext, desk: dg.ResourceParam[Desk]
    ) -> dg.MaterializeResult[None]:
        day = date.fromisoformat(context.partition_key)
        with opened(desk) as assembly:
            facts = table_facts(assembly, REVIEW_QUEUE, day, write_review_queue(assembly, day))
            metadata = table_metadata(facts) | night_figures(assembly, day)
            metadata |= asdict(queue_figures(assembly, day)) | links(assembly, day, "queue")
            version = review_version(assembly, day)
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(version))

    return review_queue


def _morning_report(
    steps: Sequence[Step], nights: dg.DailyPartitionsDefinition, settings: Settings
) -> dg.AssetsDefinition:
    what = "What came in, what grew, what is late, what it cost; a new revision whenever that changes."

    @dg.asset(
        deps=["documents", *(s.name for s in steps), "review_queue"],
        partitions_def=nights,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"html", "markdown"},
        code_version=REPORT_VERSION,
        freshness_policy=freshness_of_report(settings),
        description=f"{what}\n\n{caption(settings)}",
    )
    def morning_report(
        context: dg.AssetExecutionContext, config: ReportConfig, desk: dg.ResourceParam[Desk]
    ) -> dg.MaterializeResult[None]:
        day, pause = date.fromisoformat(context.partition_key), brief(desk, "morning_report")
        with opened(desk) as assembly:
            written = write_report(
                assembly,
                day,
                pause,
                language=config.chosen_language,
                sections=config.sections,
                audience=Audience(config.audience),
                by_rule=has_to_write(desk, assembly, day, cut=CUTOFF in context.run.tags),
            )
            metadata = _shown(assembly, day, written)
        version = dg.DataVersion(f"revision-{written.revision.number}")
        return dg.MaterializeResult(metadata=metadata, data_version=version)

    return morning_report


def _shown(assembly: Assembly, day: date, written: Written) -> Metadata:
    return {
        "report": dg.MetadataValue.path(str(written.revision.html)),
        "revision": written.revision.number,
        "totals": dg.MetadataValue.json(dict(written.totals)),
        **report_figures(assembly, day, written.totals),
        **asdict(queue_figures(assembly, day)),
        **links(assembly, day, "report_page", "queue"),
    }
