"""What every process does that reads what strangers wrote: it ends with its parent, and says nothing of what it reads."""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

_DIES_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""
_STDERR = 2


def end_with(parent: int) -> None:
    """Lets the kernel end this process with the one that started it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that asked for this one is gone")


def be_expendable(memory_bytes: int) -> None:
    """Bounds this process's memory, and lets the kernel take it before any other."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold mail
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def be_silent() -> None:
    """What parsing libraries say of a file may quote it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)
