"""The command `delete`: it shows what would go, asks, deletes and prints."""

import os
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from llm_assets.cli.console import Console
from llm_assets.cli.options import date_of, who
from llm_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from llm_assets.domain.desk.step import Step
    from llm_assets.usecases.records.delete_record import Found


def delete(
    names: Annotated[
        list[str],
        typer.Argument(
            help="record_id, as the tables and reports show it; or the digest of its raw file or its place in the "
            "source, also before a night has read it.",
            metavar="RECORD...",
        ),
    ],
    reason: Annotated[
        str, typer.Option(help="Why and at whose request; kept in the audit. Name no customer.")
    ],
    day: Annotated[
        datetime | None,
        typer.Option("--day", formats=["%Y-%m-%d"], help="Only what it is of this business day."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete records: raw mail, tables, answers, decisions, and what reports say of them. Nothing brings them back.

    What a provider was sent stays there for as long as it keeps it, and the source keeps its own copy.
    """
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.records import delete_record as deletion

    if not reason.strip():
        raise ConfigurationError("--reason is empty; say why, for the audit")
    only = date_of(day)
    with open_desk() as assembly:
        records = list(dict.fromkeys(r for name in names for r in deletion.resolved(assembly, name)))
        for record in records:
            deletion.finish_begun(assembly, record, who())  # a killed process had its yes
        looked_up = (
            deletion.find(assembly, r, only)
            or deletion.find_unread(assembly, r, only)
            or deletion.find_told(assembly, r)
            for r in records
        )
        found = [each for each in looked_up if each is not None]
        for record in set(records) - {f.record_id for f in found}:
            deletion.check_deleted(assembly, record)
        for line in (line for each in found for line in found_lines(each)):
            typer.echo(line)
        if found and not yes:
            typer.confirm("Delete for good?", abort=True)
        if found:
            typer.echo(_close_events([night for each in found for night in each.days], assembly.steps))
        with Console() as console:
            for number, each in enumerate(found, start=1):
                deletion.delete(assembly, each, who(), reason)
                console.stage("records deleted", number, len(found))
    for record in records:
        typer.echo(f"{record} is deleted")
    for night in sorted({night for each in found for night in each.days}):
        typer.echo(f"run `llm-assets night --day {night}` for a revision of its report without it")


def _close_events(nights: Sequence[date], steps: "Sequence[Step]") -> str:
    """Before anything is deleted: it may be repeated, and a killed deletion is finished without it."""
    if not os.environ.get("DAGSTER_HOME"):
        return "Dagster's storage was not looked at: set DAGSTER_HOME where nights run in Dagster"
    from llm_assets.defs.old_events import close_events_of, configured_instance

    with configured_instance() as instance:
        closed = close_events_of(instance, steps, sorted(set(nights)))
    return f"Dagster's storage: {closed.looked_at} events of these nights hold no words and no ids of records"


def found_lines(found: "Found") -> Iterator[str]:
    """What would be deleted, and what stays, for people."""
    from llm_assets.usecases.mail.receive_form import SOURCE as POSTED

    going = found.going
    nights = ", ".join(str(day) for day in found.days)
    yield (
        f"record {found.record_id}: stored versions {len(going.messages)}, nights {nights or 'none'}, "
        f"cases with answers {len(going.cases)}"
    )
    if found.told:
        yield f"  answers that callers of the online door got about it: {found.told}"
    yield from (
        f"  at its source it stays: {m.source} {m.place}" for m in going.messages if m.source != POSTED
    )
    if found.companions:
        yield f"  these stay, and may repeat or quote it: {', '.join(found.companions)}"
