"""Asks a process that holds no key for a mail's page, one of its files or a drawn page, and bounds what it may take.

Each look has a process of its own, up after 0.2 s of CPU: whatever a hostile file does in it, the next look knows nothing of it.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Literal

from llm_assets.domain.errors import DeskError
from llm_assets.intake.workers.process import clean_environment

_COMMAND = (sys.executable, "-P", "-m", "llm_assets.intake.originals.presenter")
SECONDS = 20
AT_ONCE = 3
"""Looks at the same time, whoever asks: each may take MEMORY."""
_TURN = BoundedSemaphore(AT_ONCE)
MEMORY = 1_500_000_000
LARGEST_FILE = 60_000_000
"""Bytes of a file that is handed out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One look. `file` is the digest of a file of the message; empty for the page of the mail."""

    what: Literal["page", "file", "picture"]
    path: str
    raw_sha256: str
    file: str = ""
    number: int = 0
    """The page to draw, from 0."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the process answered. `found` is False where the message has no such thing."""

    found: bool
    about: dict[str, Any]
    data: bytes


class UnshownError(DeskError):
    """The process that looks came to no answer."""


def look(asked: Asked) -> Looked:
    """Raises UnshownError for a message that broke the reader or took too long, and for one that is gone or was changed."""
    with _TURN:
        try:
            ran = subprocess.run(  # noqa: S603 - our own module
                [*_COMMAND, str(os.getpid())],
                input=json.dumps(asdict(asked)).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=clean_environment(),
                cwd=Path(asked.path).anchor,
                timeout=SECONDS,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired as err:
            raise UnshownError(f"looking at it took more than {SECONDS} seconds: download the file") from err
    if ran.returncode != 0:
        raise UnshownError("it cannot be shown: reading it broke the reader, or its raw file is gone")
    head, _, data = ran.stdout.partition(b"\n")
    about = json.loads(head)
    return Looked(about.pop("found"), about, data)
