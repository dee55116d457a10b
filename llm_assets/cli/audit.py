"""The commands `audit verify` and `audit export`. Each wires settings to a use case and prints."""

import getpass
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from resources.ledger.audit.verifying import Anchor

audit = typer.Typer(no_args_is_help=True, help="Who or what did what, when, to which record.")


def who() -> str:
    """The person who gives a command, as the machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return "unknown"


@audit.command("verify")
def verify_trail(
    kept: Annotated[
        list[str] | None,
        typer.Option(
            "--kept",
            metavar="N:DIGEST",
            help="An end of the trail that was written down before, as `verify` and `export` print it; repeatable.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with all records named.")] = False,
) -> None:
    """Compare the audit trail with itself, with the ledger and with what reports wrote down of it.

    Exit 0: it holds. 1: something was changed; the records concerned are named.
    """
    from llm_assets.steps import STEPS
    from llm_assets.usecases.desk.desk import Desk
    from llm_assets.usecases.records.audit import verified
    from resources.settings.environment import load_settings

    anchors = [_anchor(text) for text in kept or []]
    with Desk(load_settings(), STEPS).open() as assembly:
        found = verified(assembly, anchors)
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        for line in found.lines():
            typer.echo(line)
    raise SystemExit(1 if found.wrong else 0)


@audit.command("export")
def export_trail(
    day: Annotated[
        datetime | None,
        typer.Option("--day", formats=["%Y-%m-%d"], help="Only what concerns this business day."),
    ] = None,
    record: Annotated[str | None, typer.Option(help="Only this record, by its record_id.")] = None,
    kind: Annotated[str, typer.Option("--format", help="jsonl | csv")] = "jsonl",
    out: Annotated[Path | None, typer.Option(help="File to write; default: stdout.")] = None,
) -> None:
    """Print a line for each record and event. The export is an event of the trail itself."""
    from llm_assets.steps import STEPS
    from llm_assets.usecases.desk.desk import Desk
    from llm_assets.usecases.records.audit import Export, tell_export, written
    from resources.settings.environment import load_settings

    if kind not in ("jsonl", "csv"):
        raise ConfigurationError(f"--format {kind} is not known; use jsonl or csv")
    only = day.date() if day is not None else None
    with Desk(load_settings(), STEPS).open() as assembly:
        tell_export(assembly, who(), {"day": only, "record_id": record, "format": kind})
        lines = written(Export(assembly, only, record).lines(), kind)
        try:
            if out is None:
                sys.stdout.writelines(lines)
            else:
                with out.open("w", encoding="utf-8") as file:
                    file.writelines(lines)
        except OSError as err:
            raise ConfigurationError(f"--out {out} cannot be written: {err.strerror}") from err
        head = assembly.ledger.trail.head()
    typer.echo(f"the trail ends at {head.entries}:{head.digest}", err=True)


def _anchor(text: str) -> "Anchor":
    from resources.ledger.audit.verifying import Anchor

    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise ConfigurationError(f"--kept {text} is not the end of a trail; write N:DIGEST as it was printed")
    return Anchor(int(number), digest, f"--kept {number}")
