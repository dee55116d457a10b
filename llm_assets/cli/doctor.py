"""The command `doctor`."""

from itertools import chain
from typing import Annotated

import typer

from llm_assets.cli.console import Console, say
from llm_assets.cli.options import EXIT_INCOMPLETE


def doctor(
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Also find out what the provider's server takes; costs a cent or two."),
    ] = False,
) -> None:
    """Check configuration, keys, reachability, database, time zone, OCR and daemon; one line each, with the cure."""
    from llm_assets.usecases.doctor import examine
    from llm_assets.usecases.probe import probe_server

    failed = False
    with Console() as console:
        for finding in chain(examine(console.stage), probe_server() if probe else ()):
            say(f"{finding.sign} {finding.what}: {finding.says}")
            failed = failed or finding.fails
    raise SystemExit(EXIT_INCOMPLETE if failed else 0)
