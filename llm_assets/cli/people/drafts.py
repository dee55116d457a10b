"""The commands `drafts release|export|push`: released drafts where people work. None of them sends anything."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from llm_assets.cli.console import Console, say
from llm_assets.cli.options import DayOption, who
from llm_assets.domain.errors import ConfigurationError

drafts = typer.Typer(
    no_args_is_help=True, help="Released drafts as files or in a mailbox. Nothing is sent to a customer."
)
NAMED = 20
"""Records named in a line."""


@drafts.command("release")
def release_drafts(
    day: DayOption,
    queue: Annotated[str | None, typer.Option(help="Release whatever is ready in this queue.")] = None,
    record: Annotated[
        str | None, typer.Option(help="Release the draft of this record_id or case_id alone.")
    ] = None,
    take_back: Annotated[
        bool, typer.Option("--take-back", help="With --record: the release no longer holds.")
    ] = False,
) -> None:
    """Release drafts as a lead does in the review app: all that are ready in a queue, or one."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.drafts import release as use_case

    if (queue is None) == (record is None) or (take_back and record is None):
        raise ConfigurationError("give exactly one of --queue and --record; --take-back goes with --record")
    with open_desk() as assembly:
        ready = use_case.Drafts(assembly)
        if take_back and record is not None:
            draft = use_case.find(ready, day.date(), record)
            use_case.take_back(assembly, day.date(), draft.case_id, who())
            print(f"the draft of {draft.record_id} is not released any more")
            return
        if queue is not None:
            use_case.check_queue(assembly, day.date(), queue)
            made = use_case.release_queue(assembly, ready, day.date(), queue, None, who())
        else:
            draft = use_case.find(ready, day.date(), record or "")
            made = use_case.release_text(assembly, ready, day.date(), draft.case_id, draft.text, who())
    print(f"{made.released} released")
    for late in made.overtaken:
        print(f"not released: {late}")


@drafts.command("export")
def export_drafts(
    day: DayOption,
    to: Annotated[
        str, typer.Option(help="eml: a mail for each, opened for editing | csv: one table")
    ] = "eml",
    out: Annotated[Path | None, typer.Option(help="Folder; default: drafts-DAY in this one.")] = None,
) -> None:
    """Write the released drafts of a day as files. Run twice it writes the same files."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.drafts.export import export as use_case

    folder = out if out is not None else Path(f"drafts-{day.date()}")
    with open_desk() as assembly:
        made = use_case(assembly, day.date(), to, folder, who())
    if not made.drafts:
        print(_nothing(day.date().isoformat()))
    else:
        plural = "" if made.drafts == 1 else "s"
        print(f"{made.drafts} draft{plural} in {made.files[0] if len(made.files) == 1 else folder}")
    _name("without an address to answer to", made.without_address)
    _name("of an earlier export, not released any more, remove them", [p.name for p in made.stale])


@drafts.command("push")
def push_drafts(
    day: DayOption,
    mailbox: Annotated[str, typer.Option(help="A mailbox by its name in sources.yaml.")],
) -> None:
    """Put the released drafts of a day into a mailbox's Drafts folder, each once. Run twice it adds none."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.drafts.push import push as use_case

    with open_desk() as assembly, Console() as console:
        made = use_case(
            assembly, day.date(), mailbox, who(), lambda done, of: console.stage("drafts", done, of)
        )
    total = made.added + made.found + made.before
    if not total and not made.elsewhere:
        print(_nothing(day.date().isoformat()))
    else:
        where = f" in {made.folder}" if made.folder else ""
        say(f"{made.added} added{where}, {made.found + made.before} were handed over before")
    for name, count in sorted(made.elsewhere.items()):
        print(f"{count} of mailbox {name}: run `drafts push --day {day.date()} --mailbox {name}`")
    _name("without an address to answer to", made.without_address)
    _name("in the folder, not released any more, remove them there", made.withdrawn)


def _nothing(day: str) -> str:
    return f"no draft of {day} is released: a lead does that in `llm-assets review`, or `llm-assets drafts release`"


def _name(what: str, names: Sequence[str]) -> None:
    if names:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        print(f"{len(names)} {what}: {', '.join(names[:NAMED])}{more}")
