"""The commands `audit verify` and `audit export`."""

import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_assets.cli.options import date_of, who
from llm_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from llm_assets.usecases.records.audit import TrailEnd, Verified, Wrong

NAMED = 20
"""Records named in a line of text; `--json` names all."""
KEPT_BYTES = 10_000_000
"""Of a file named by `--kept` that are looked through."""
_END = re.compile(r"(?<![0-9A-Za-z])(?P<number>[0-9]{1,15}):(?P<digest>[0-9a-fA-F]{64})(?![0-9A-Za-z])")
_STAMP = re.compile(
    r'"audit": ?\{\s*"entries": ?(?P<number>[0-9]{1,15}),\s*"digest": ?"(?P<digest>[0-9a-f]{64})"'
)
"""An end of the trail as report.json stores it."""

audit = typer.Typer(no_args_is_help=True, help="Who or what did what, when, to which record.")


@audit.command("verify")
def verify_trail(
    kept: Annotated[
        list[str] | None,
        typer.Option(
            "--kept",
            metavar="N:DIGEST|FILE",
            help="An end of the trail that was kept elsewhere, as `verify` and `export` print it, or a file that "
            "holds such ends or a copy of a report.json; repeatable.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with all records named.")] = False,
) -> None:
    """Compare the audit trail with itself, with the ledger and with what reports wrote down of it.

    Exit 0: it holds. 1: something was changed; the records concerned are named.
    """
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.records.audit import verified

    ends = [end for text in kept or [] for end in _trail_ends(text)]
    with open_desk() as assembly:
        found = verified(assembly, ends)
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        for line in verified_lines(found):
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
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.records import audit as use_case

    if kind not in ("jsonl", "csv"):
        raise ConfigurationError(f"--format {kind} is not known; use jsonl or csv")
    with open_desk() as assembly:
        lines = use_case.export(assembly, who(), day=date_of(day), record=record, kind=kind)
        try:
            if out is None:
                sys.stdout.writelines(lines)
            else:
                with out.open("w", encoding="utf-8") as file:
                    file.writelines(lines)
        except OSError as err:
            raise ConfigurationError(f"--out {out} cannot be written: {err.strerror}") from err
        end = use_case.trail_end(assembly)
    typer.echo(f"the trail ends at {end}", err=True)


def verified_lines(found: "Verified") -> list[str]:
    """What does not hold, or that everything holds, for people."""
    if found.wrong:
        return [
            *(_wrong_line(w) for w in found.wrong),
            f"{len(found.wrong)} finding{'' if len(found.wrong) == 1 else 's'} in {found.entries} entries",
        ]
    return [f"{found.entries} entries hold; the trail ends at {found.entries}:{found.head}"]


def _wrong_line(wrong: "Wrong") -> str:
    named = ", ".join(wrong.records[:NAMED]) or "no record"
    more = f" and {len(wrong.records) - NAMED} more" if len(wrong.records) > NAMED else ""
    place = f" (entry {wrong.entry})" if wrong.entry is not None else ""
    return f"{named}{more}: {wrong.what}{place}"


def _trail_ends(given: str) -> "list[TrailEnd]":
    """Raises ConfigurationError for what is neither an end of a trail nor a file with one."""
    if _END.fullmatch(given):
        return _ends_in(given, f"--kept {given.partition(':')[0]}")
    path = Path(given)
    try:
        with path.open("rb") as file:
            text = file.read(KEPT_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError) as err:
        why = f"no file either ({err.strerror})" if isinstance(err, OSError) else "no file either"
        raise ConfigurationError(
            f"--kept {given} is not the end of a trail, and {why}; write N:DIGEST as it was printed, or name a file "
            "that holds it"
        ) from err
    found = _ends_in(text, f"--kept {given}")
    if not found:
        raise ConfigurationError(
            f"--kept {given} holds no end of a trail; it needs N:DIGEST as `audit verify` prints it, or the `audit` of a "
            "report.json"
        )
    return found


def _ends_in(text: str, where: str) -> "list[TrailEnd]":
    from llm_assets.usecases.records.audit import TrailEnd

    found = [(m["number"], m["digest"]) for pattern in (_END, _STAMP) for m in pattern.finditer(text)]
    return [TrailEnd(int(number), digest.lower(), where) for number, digest in dict.fromkeys(found)]
