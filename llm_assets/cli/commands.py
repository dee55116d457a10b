"""The commands of a night. Each wires settings to a use case and prints; heavy modules are imported inside."""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from dotenv import load_dotenv

from llm_assets.cli.audit import audit, who
from llm_assets.cli.console import Console, day_option, log_warning, quiet_logs
from llm_assets.cli.delete import delete
from llm_assets.domain.errors import ConfigurationError, DeskError

if TYPE_CHECKING:
    from llm_assets.intake.workers.pool import ReaderPool
    from llm_assets.usecases.desk.assembly import Assembly

EXIT_INCOMPLETE, EXIT_USAGE = 1, 2

app = typer.Typer(
    name="llm-assets",
    help="The overnight LLM desk: a day's mail in, a morning report out, through batch APIs at half the price.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
dead_letters = typer.Typer(no_args_is_help=True, help="Records that failed for good, and putting them back.")
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(audit, name="audit")

DayOption = Annotated[
    datetime, typer.Option("--day", formats=["%Y-%m-%d"], help="Business day, e.g. 2026-11-20.")
]
MaybeDayOption = Annotated[
    datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Business day; default: today's.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on the last line of stdout.")]


def main() -> None:
    """Entry point: errors become one sentence on stderr, exit code 2 for configuration, 1 otherwise."""
    parsing = sys.argv[1:2] == ["parse"] and "--help" not in sys.argv
    if not parsing:
        quiet_logs()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # file names may hold any bytes
    load_dotenv(Path(".env"))  # keys too: the SDKs read the environment only
    if parsing:
        _readers()
    try:
        app()
    except ConfigurationError as err:
        _fail(str(err), EXIT_USAGE)
    except DeskError as err:
        _fail(str(err), EXIT_INCOMPLETE)


@cache
def _readers() -> "ReaderPool":
    """The reader processes of `parse`. The first one starts now and imports its libraries while this process still
    imports its own: half of the time of a short call."""
    from llm_assets.intake.workers.pool import ReaderPool

    pool = ReaderPool(warn=log_warning)
    pool.start_one()
    return pool


def _fail(message: str, code: int) -> NoReturn:
    print(f"llm-assets: {message}", file=sys.stderr)
    raise SystemExit(code)


@contextmanager
def _assembly() -> "Iterator[Assembly]":
    from llm_assets.steps import STEPS
    from llm_assets.usecases.desk.assembly import Assembly
    from resources.settings.environment import load_settings

    assembly = Assembly(load_settings(), STEPS)
    try:
        yield assembly
    finally:
        assembly.close()


@app.command()
def night(
    day: DayOption,
    inbox: Annotated[
        list[Path] | None,
        typer.Option(help="Folder, mbox, maildir or file added to the sources; repeatable."),
    ] = None,
    rework: Annotated[
        str,
        typer.Option(help="missing | stale; default: stale until the night's deadline, missing after it."),
    ] = "auto",
    as_json: JsonOption = False,
) -> None:
    """Work one day's partition in this process, waiting for the provider, and write its report.

    Exit 0: report written, nothing open. 1: something is open or lost. 2: usage or configuration error.
    """
    from llm_assets.cli.nightly import run_night
    from resources.settings.environment import load_settings

    if rework not in ("auto", "missing", "stale"):
        raise ConfigurationError(f"--rework {rework} is not known; use missing or stale")
    paths = _existing(inbox or [])
    with Console() as console:
        outcome = run_night(load_settings(), day.date(), paths, rework, console)
    for line in outcome.lines():
        print(line)
    if as_json:
        print(json.dumps(outcome.report, ensure_ascii=False))
    raise SystemExit(EXIT_INCOMPLETE if outcome.incomplete else 0)


@app.command()
def parse(
    paths: Annotated[list[Path], typer.Argument(help="Mails, mboxes or documents.", metavar="PATH...")],
    no_ocr: Annotated[bool, typer.Option("--no-ocr", help="Do not read scans.")] = False,
) -> None:
    """Print what the platform reads, one JSON object per message."""
    from llm_assets.intake.records.mapping import DropRules
    from llm_assets.intake.rows import parse_rows
    from resources.settings.environment import load_settings
    from resources.settings.sources import load_sources

    with _readers() as pool, Console(disable=sys.stdout.isatty()) as console:
        settings = load_settings()
        rules = DropRules(load_sources(settings).drops, settings.timezone)
        rows = parse_rows(paths, ocr=not no_ocr, rules=rules, pool=pool)
        for number, row in enumerate(rows, start=1):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
            console.stage("read", number, None)


@app.command()
def status(day: MaybeDayOption = None, as_json: JsonOption = False) -> None:
    """Show how a night stands: per step due, in flight, ok, in review, dead; open batches; spend."""
    from llm_assets.usecases.night.status import night_status, status_lines

    with _assembly() as assembly:
        found = night_status(assembly, day_option(assembly, day))
    for line in [] if as_json else status_lines(found):
        print(line)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, default=str))


@app.command()
def plan(
    day: DayOption,
    inbox: Annotated[
        list[Path] | None,
        typer.Option(help="Folder, mbox, maildir or file counted as if it belonged to that day; repeatable."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a night would take before a paid call: requests, tokens, price, duration, window and budget.

    Needs no key; nothing is registered, written or sent.
    """
    from llm_assets.steps import STEPS
    from llm_assets.usecases.desk.rehearsal import Rehearsal
    from llm_assets.usecases.night.preview import plan_lines, plan_night
    from resources.settings.environment import load_settings

    paths = _existing(inbox or [])
    rehearsal = Rehearsal(load_settings(), STEPS)
    try:
        with Console() as console:
            found = plan_night(rehearsal, day.date(), paths, console.stage)
    finally:
        rehearsal.close()
    for line in plan_lines(found):
        print(line)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))


@dead_letters.command("list")
def list_dead_letters(
    day: MaybeDayOption = None, step: Annotated[str | None, typer.Option(help="Only this step.")] = None
) -> None:
    """List records that failed for good, with the reason."""
    _check_step(step)
    with _assembly() as assembly:
        letters = assembly.ledger.dead_letters(_maybe(day), step)
    for letter in letters:
        print(
            f"{letter.day}  {letter.step:<18} {letter.request_id}  {letter.provider}  "
            f"{letter.provider_batch_id or '-'}  {letter.custom_id or '-'}  {letter.outcome}: {letter.detail}"
        )
    print(f"{len(letters)} dead letters")


@dead_letters.command("requeue")
def requeue_dead_letters(
    day: MaybeDayOption = None, step: Annotated[str | None, typer.Option(help="Only this step.")] = None
) -> None:
    """Put dead letters back; the next night run sends them again."""
    _check_step(step)
    with _assembly() as assembly:
        count = assembly.ledger.requeue(_maybe(day), step, by=who())
    print(f"{count} requests are due again")


@app.command()
def reconcile() -> None:
    """Adopt or close what a crash left between us and the provider, and print what was done."""
    from llm_assets.domain.requests.batch import BatchState
    from llm_assets.engine.rounds.advance import nudge

    with _assembly() as assembly:
        before = assembly.ledger.open_batches()
        nudge(assembly.engine, None, None)
        after = {b.batch_id: assembly.ledger.batch(b.batch_id) for b in before}
    for batch in before:
        now = after[batch.batch_id]
        moved = f"{batch.state} -> {now.state}" if now.state is not batch.state else f"still {now.state}"
        print(
            f"{batch.batch_id}  {batch.day}  {batch.step}  {moved}  {now.provider_batch_id or '-'}  {now.detail}"
        )
    waiting = sum(b.state is BatchState.CREATING for b in after.values())
    print(f"{len(before)} open batches, {waiting} still to be reconciled")


@app.command()
def emulator(
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.")] = 0,
    scenario: Annotated[Path | None, typer.Option(help="YAML file of faults.")] = None,
    record: Annotated[
        Path | None, typer.Option(help="Write every request to this file as JSON Lines.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="Folder of its batches and files; default: under LLM_ASSETS_HOME.")
    ] = None,
    latency: Annotated[float, typer.Option(help="Seconds a batch takes.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the order of results.")] = 0,
    exit_with_parent: Annotated[
        int | None, typer.Option(help="Process id; end soon after that process does.", hidden=True)
    ] = None,
) -> None:
    """Serve both providers' wire protocols on loopback: a demo model of rules, not an LLM."""
    from llm_assets.emulator.options import EmulatorOptions
    from llm_assets.emulator.server import serve
    from resources.settings.environment import load_settings

    home = state or load_settings().home / "emulator"
    serve(
        EmulatorOptions(
            home=home,
            port=port,
            latency=latency,
            seed=seed,
            scenario=scenario,
            record=record,
            exit_with_parent=exit_with_parent,
        )
    )


@app.command()
def forms(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8090,
    host: Annotated[str, typer.Option(help="Address to listen on; other machines need a proxy with TLS.")] = (
        "127.0.0.1"
    ),
    client_seconds: Annotated[
        int, typer.Option(min=1, help="How long a client may take for its request; large ones get more.")
    ] = 15,
) -> None:
    """Take in web forms that other programs post to /forms/NAME, until SIGTERM: those that sources.yaml declares."""
    from llm_assets.web.forms import Listening, serve

    with _assembly() as assembly:
        serve(assembly, Listening(host, port, client_seconds), lambda url: print(url, flush=True))


@app.command()
def mask(file: Annotated[Path, typer.Argument(help="A mail or document.")]) -> None:
    """Print what leaves the house: the text of a mail with personal data masked, and a word about scans that stay."""
    from llm_assets.usecases.mail.mask import masked_preview
    from resources.settings.environment import load_lanes, load_settings

    reading = load_lanes(load_settings()).reading
    try:
        for text in masked_preview(file, reading):
            print(text)
    except OSError as err:
        raise ConfigurationError(f"cannot read {file}: {err.strerror}; name a mail or document") from err


@app.command()
def doctor() -> None:
    """Check configuration, keys, reachability, database, time zone, OCR and daemon; one line each, with the cure."""
    from llm_assets.usecases.doctor import examine

    findings = list(examine())
    for finding in findings:
        print(f"{finding.sign} {finding.what}: {finding.says}")
    raise SystemExit(EXIT_INCOMPLETE if any(f.fails for f in findings) else 0)


app.command()(delete)


def _check_step(name: str | None) -> None:
    from llm_assets.steps import STEPS
    from llm_assets.steps.night_summary.step import NAME

    known = [*(s.name for s in STEPS), NAME]
    if name is not None and name not in known:
        raise ConfigurationError(f"--step {name} is not known; use one of: {', '.join(known)}")


def _existing(paths: list[Path]) -> list[Path]:
    """Raises ConfigurationError that names the first path which is not there."""
    for path in paths:
        if not path.exists():
            raise ConfigurationError(f"--inbox {path} does not exist; name a folder, mbox, maildir or file")
    return paths


def _maybe(day: datetime | None) -> date | None:
    return day.date() if day is not None else None
