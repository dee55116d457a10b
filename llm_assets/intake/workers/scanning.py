"""Scanning in a process of its own, which holds no key: its items as `sources.scan` would give them here."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from llm_assets.domain.errors import DeskError
from llm_assets.domain.mail.document import Kind
from llm_assets.domain.sources.versions import Known
from llm_assets.intake.inside import Inside
from llm_assets.intake.records.apart import Broken
from llm_assets.intake.records.mapping import DropRules
from llm_assets.intake.sources import LeftOut, RawItem
from llm_assets.intake.workers.process import clean_environment

_COMMAND = (sys.executable, "-P", "-m", "llm_assets.intake.workers.scanner")

ITEM, LEFT, SPOILT, FAILED, BROKE, OVER = b"=", b"-", b"~", b"?", b"!", b"."
"""The first byte of a frame: an item, an entry left out, a register that broke its reader, an OSError of the source itself, a defect, and the end."""


class Asked(NamedTuple):
    """What to scan: the arguments of `sources.scan`."""

    root: Path
    source: str
    relative_to: Path | None
    rules: DropRules
    known: Known


def scan_apart(
    root: Path,
    *,
    source: str,
    left_out: Callable[[LeftOut], None],
    relative_to: Path | None = None,
    rules: DropRules | None = None,
    known: Known = Known(),
) -> Iterator[RawItem]:
    """The items of `sources.scan` with these arguments. Raises what it raises, and DeskError for a process that died."""
    asked = Asked(root.absolute(), source, relative_to, rules or DropRules(), known)
    if (
        root.is_dir() and next(root.iterdir(), None) is None
    ):  # names alone are nothing to fear, and a process costs 0.2 s
        return
    with _started() as connection:
        try:
            connection.send(asked)
            while (frame := connection.recv_bytes())[:1] != OVER:
                if frame[:1] == ITEM:
                    yield _item(source, json.loads(frame[1:]), connection.recv_bytes())
                elif frame[:1] == LEFT:
                    left_out("link" if frame[1:] == b"link" else "special")
                elif frame[:1] == SPOILT:
                    _warn(Broken(*json.loads(frame[1:])))
                else:
                    raise _failure(root, frame)
        except (EOFError, ConnectionResetError, BrokenPipeError) as err:
            raise DeskError(
                f"the process that scans {root} ended: see whether the machine has memory and processes left, and run the "
                "same again"
            ) from err


@contextmanager
def _started() -> Iterator[Connection]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [*_COMMAND, str(theirs.fileno()), str(os.getpid())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=clean_environment(),
            start_new_session=True,
        )
    connection = Connection(ours.detach())
    try:
        yield connection
    finally:
        connection.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _warn(register: Broken) -> None:
    import structlog  # when there is something to say, as in the pool

    structlog.get_logger().warning(
        "register_broke", flag=register.how, where=register.where, file_sha256=register.sha256
    )


def _item(source: str, fields: list[object], content: bytes) -> RawItem:
    place, kind, arrived, file, where = fields
    assert isinstance(place, str) and isinstance(arrived, str) and (file is None or isinstance(file, str))
    found: bytes | Path | Inside = content
    if isinstance(where, list):
        root, names = where
        found = Inside(Path(root), tuple(names)) if names is not None else Path(root)
    return RawItem(source, place, _kind(kind), found, datetime.fromisoformat(arrived), file)


def _kind(named: object) -> Kind:
    match named:
        case "mail" | "document" | "crm" | "form" as kind:
            return kind
    raise DeskError(f"the process that scans named the kind {named!r}, which is none")


def _failure(root: Path, frame: bytes) -> Exception:
    if frame[:1] == FAILED:
        number, words = json.loads(frame[1:])
        return OSError(number, words, str(root))
    return DeskError(f"scanning {root} failed with {frame[1:].decode()}, a defect: report it with this line")
