"""The commands that read single files and register nothing: `parse` and `mask`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from llm_assets.cli.console import Console, log_warning
from llm_assets.domain.errors import ConfigurationError


def parse(
    paths: Annotated[list[Path], typer.Argument(help="Mails, mboxes or documents.", metavar="PATH...")],
    no_ocr: Annotated[bool, typer.Option("--no-ocr", help="Do not read scans.")] = False,
    why: Annotated[
        bool, typer.Option("--why", help="Add which rule cut, chose or flagged what, and in which lines.")
    ] = False,
) -> None:
    """Print what the platform reads, one JSON object per message."""
    from llm_assets.usecases.mail.parse_files import parse_files

    rows = parse_files(paths, ocr=not no_ocr, why=why, warn=log_warning)
    with Console(disable=sys.stdout.isatty()) as console:
        for number, row in enumerate(rows, start=1):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
            console.stage("read", number, None)


def mask(
    file: Annotated[Path, typer.Argument(help="A mail, document or register.")],
    step: Annotated[
        str | None, typer.Option("--step", help="Print the whole request of this step, e.g. categories.")
    ] = None,
    queue: Annotated[str | None, typer.Option("--queue", help="Default: the queue of its mailbox.")] = None,
    upstream: Annotated[
        Path | None,
        typer.Option("--upstream", help="JSON with the rows a step reads: step -> column -> value."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per case, with the line that a batch would hold.")
    ] = False,
) -> None:
    """Print what leaves the house: the text of a mail or of each record of a register with personal data masked, and a word
    about scans that stay. With --step the exact request that the provider would get. Sends nothing."""
    if step is None:
        if as_json or upstream is not None:
            raise ConfigurationError("--json and --upstream belong to a request: name a --step")
        from llm_assets.usecases.mail.mask import mask_file

        for text in mask_file(file, queue):
            print(text)
        return
    from llm_assets.usecases.mail.show_request import show_requests

    for shown in show_requests(file, step, queue=queue, upstream=upstream):
        print(shown.json if as_json else shown.text)
