"""Ending with another process: a thread that watches a process id. Imports nothing heavy, workers start with it."""

import os
import signal
import threading
import time

INTERVAL = 0.5


def end_with(pid: int) -> None:
    """End this process soon after `pid` is gone; returns at once."""
    threading.Thread(target=_watch, args=(pid, os.getppid()), daemon=True, name="watch-parent").start()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _watch(pid: int, parent: int) -> None:
    while is_alive(pid) and (parent != pid or os.getppid() == pid):
        time.sleep(INTERVAL)
    os.kill(os.getpid(), signal.SIGTERM)
