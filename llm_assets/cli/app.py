"""The command line: its commands in the order of `--help`, and errors as one sentence. A file for each kind of command.

Commands print and exit; use cases do the work. Heavy modules are imported inside the commands.
"""

import io
import os
import sys
from pathlib import Path
from typing import NoReturn

import typer
from dotenv import load_dotenv

from llm_assets.cli.audit import audit
from llm_assets.cli.console import quiet_logs
from llm_assets.cli.dead_letters import dead_letters
from llm_assets.cli.delete import delete
from llm_assets.cli.doctor import doctor
from llm_assets.cli.files import mask, parse
from llm_assets.cli.night import night
from llm_assets.cli.options import EXIT_INCOMPLETE, EXIT_USAGE
from llm_assets.cli.plan import plan
from llm_assets.cli.reconcile import reconcile
from llm_assets.cli.serve import emulator, forms
from llm_assets.cli.status import status
from llm_assets.domain.errors import ConfigurationError, DeskError

UMASK = 0o077
"""What a command writes, wherever it writes it, is for its owner alone."""

app = typer.Typer(
    name="llm-assets",
    help="The overnight LLM desk: a day's mail in, a morning report out, through batch APIs at half the price.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (night, parse, status, plan, reconcile, emulator, forms, mask, doctor, delete):
    app.command()(command)
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(audit, name="audit")


def main() -> None:
    """Entry point: errors become one sentence on stderr, exit code 2 for configuration, 1 otherwise."""
    os.umask(UMASK)
    if sys.argv[1:2] != ["parse"]:  # which sets its logs up when it has something to say
        quiet_logs()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # file names may hold any bytes
    load_dotenv(Path(".env"))  # keys too: the SDKs read the environment only
    try:
        app()
    except ConfigurationError as err:
        _fail(str(err), EXIT_USAGE)
    except DeskError as err:
        _fail(str(err), EXIT_INCOMPLETE)


def _fail(message: str, code: int) -> NoReturn:
    print(f"llm-assets: {message}", file=sys.stderr)
    raise SystemExit(code)
