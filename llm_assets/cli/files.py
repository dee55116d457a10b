"""The commands that read single files and register nothing: `parse` and `mask`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from llm_assets.cli.console import Console, log_warning


def parse(
    paths: Annotated[list[Path], typer.Argument(help="Mails, mboxes or documents.", metavar="PATH...")],
    no_ocr: Annotated[bool, typer.Option("--no-ocr", help="Do not read scans.")] = False,
) -> None:
    """Print what the platform reads, one JSON object per message."""
    from llm_assets.usecases.mail.parse_files import parse_files

    rows = parse_files(paths, ocr=not no_ocr, warn=log_warning)
    with Console(disable=sys.stdout.isatty()) as console:
        for number, row in enumerate(rows, start=1):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
            console.stage("read", number, None)


def mask(file: Annotated[Path, typer.Argument(help="A mail, document or register.")]) -> None:
    """Print what leaves the house: the text of a mail or of each record of a register with personal data masked, and a word
    about scans that stay."""
    from llm_assets.usecases.mail.mask import mask_file

    for text in mask_file(file):
        print(text)
