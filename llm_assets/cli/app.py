"""The command line: its commands in the order of `--help`, and errors as one sentence. A file for each kind of command.

Commands print and exit; use cases do the work. Heavy modules are imported inside the commands.
"""

import errno
import io
import os
import re
import sys
from typing import NoReturn

import typer

from llm_assets.cli.ahead.simulate import simulate
from llm_assets.cli.audit import audit
from llm_assets.cli.batches import batches, reconcile
from llm_assets.cli.console import quiet_logs, redact_errors
from llm_assets.cli.dead_letters import dead_letters
from llm_assets.cli.delete import delete
from llm_assets.cli.doctor import doctor
from llm_assets.cli.files import mask, parse
from llm_assets.cli.night import night
from llm_assets.cli.options import EXIT_INCOMPLETE, EXIT_USAGE
from llm_assets.cli.people.control_set import control_set
from llm_assets.cli.people.decide import decide
from llm_assets.cli.people.drafts import drafts
from llm_assets.cli.people.notify import notify
from llm_assets.cli.people.review import review
from llm_assets.cli.people.trace import trace
from llm_assets.cli.people.users import users
from llm_assets.cli.plan import plan
from llm_assets.cli.serving.answers import answers, keys
from llm_assets.cli.serving.serve import emulator, forms, webhooks
from llm_assets.cli.status import status
from llm_assets.domain.errors import ConfigurationError, DeskError
from llm_assets.usecases.desk.process import read_dotenv

_NOT_TAKEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_ONE_LINE = re.compile(r"\s*[\r\n]+\s*")

UMASK = 0o077
"""What a command writes, wherever it writes it, is for its owner alone."""

app = typer.Typer(
    name="llm-assets",
    help="The overnight LLM desk: a day's mail in, a morning report out, through batch APIs at half the price.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    night,
    parse,
    status,
    plan,
    simulate,
    reconcile,
    emulator,
    forms,
    webhooks,
    answers,
    mask,
    review,
    decide,
    trace,
    notify,
    doctor,
    delete,
):
    app.command()(command)
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(users, name="users")
app.add_typer(keys, name="keys")
app.add_typer(control_set, name="control-set")
app.add_typer(drafts, name="drafts")
app.add_typer(audit, name="audit")
app.add_typer(batches, name="batches")


def main() -> None:
    """Entry point: errors become one sentence on stderr, exit code 2 for configuration, 1 otherwise."""
    os.umask(UMASK)
    redact_errors()
    if sys.argv[1:2] != ["parse"]:  # which sets its logs up when it has something to say
        quiet_logs()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # file names may hold any bytes
    try:
        read_dotenv()
        try:
            app()
        finally:
            sys.stdout.flush()
    except ConfigurationError as err:
        _fail(str(err), EXIT_USAGE)
    except DeskError as err:
        _fail(str(err), EXIT_INCOMPLETE)
    except OSError as err:
        if err.errno not in _NOT_TAKEN or err.filename is not None:
            raise
        _close_stdout()
        _fail(f"stdout took no more ({err.strerror}): free some space or write elsewhere", EXIT_INCOMPLETE)


def _close_stdout() -> None:
    """What it did not take would be tried once more at the end of this process."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _fail(message: str, code: int) -> NoReturn:
    print(f"llm-assets: {_ONE_LINE.sub(' ', message)}", file=sys.stderr)
    raise SystemExit(code)
