"""One reader process as its pool uses it: start, give an order, hear the answer, end. Decides nothing about messages."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from llm_assets.intake.workers import limits as say
from llm_assets.intake.workers.job import Order, order_to_wire
from llm_assets.intake.workers.limits import Limits

COMMAND = (sys.executable, "-P", "-m", "llm_assets.intake.workers.worker")
"""A fresh interpreter: nothing of this process's threads, locks and open files is in it."""
_PASSED_ON = frozenset(
    {
        "HOME",
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_CTYPE",
        "LC_MESSAGES",
        "LD_LIBRARY_PATH",
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHASHSEED",
        "PYTHONHOME",
        "PYTHONIOENCODING",
        "PYTHONNOUSERSITE",
        "PYTHONPATH",
        "PYTHONPROFILEIMPORTTIME",
        "PYTHONPYCACHEPREFIX",
        "PYTHONUTF8",
        "PYTHONWARNINGS",
        "TESSDATA_PREFIX",
        "TMPDIR",
        "VIRTUAL_ENV",
    }
)
"""Every variable that a process gets which reads what strangers wrote."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer. One of `message`, `lost` and `broke` is there."""

    message: bytes | None = None
    lost: str | None = None
    broke: str | None = None
    """What an exception in a reader was, and where."""


@dataclass(frozen=True, slots=True)
class Died:
    timed_out: bool
    was_ready: bool
    code: int


class Process:
    def __init__(self, command: Sequence[str], limits: Limits, folder: Path) -> None:
        """`folder` is its own, for temporary files; it goes with it."""
        self._folder = folder
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [*command, str(theirs.fileno()), str(os.getpid()), json.dumps(asdict(limits))],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=clean_environment() | {"TMPDIR": str(folder)},
                start_new_session=True,
            )
        self.connection = Connection(ours.detach())
        self.started = time.monotonic()
        self.at: str | None = None
        """SHA-256 of the attachment that is being read."""
        self.retired = False
        self._ready = False

    def give(self, order: Order) -> None:
        """Hands out an order. `hear` reports a process that dies of it, or before it."""
        self.at = None
        with suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send_bytes(order_to_wire(order))
            if isinstance(order.job.content, bytes):
                self.connection.send_bytes(order.job.content)

    def hear(self) -> Said | Died | None:
        """One thing it said; None for what only this class needs to know."""
        try:
            frame = self.connection.recv_bytes()
        except (EOFError, OSError):
            return self._died()
        self.retired = frame.startswith(say.LAST)
        frame = frame.removeprefix(say.LAST)
        said = frame[1:]
        match frame[:1]:
            case say.READ:
                return Said(message=said)
            case say.LOST:
                return Said(lost=said.decode("utf-8", "replace"))
            case say.BROKE:
                return Said(broke=said.decode("utf-8", "replace"))
            case say.AT:
                self.at = said.decode("ascii") or None
            case _:
                self._ready = True
        return None

    def _died(self) -> Died:
        self.end()
        code = self._process.returncode
        return Died(code == -signal.SIGALRM, self._ready, code)

    def end(self) -> None:
        """Ends it and every program it started. How it had died stays known, since that is settled before its
        connection closes."""
        self.connection.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(
            self._folder, ignore_errors=True
        )  # what a killed program still writes goes with the pool


def clean_environment() -> dict[str, str]:
    """Without keys: a process that reads files of strangers must not hold any."""
    passed = {name: value for name, value in os.environ.items() if name in _PASSED_ON}
    return passed | {"OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1", "PYDANTIC_DISABLE_PLUGINS": "1"}


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
