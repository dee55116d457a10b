"""Ends this process after the processes that use it: a thread watches their ids.

Imports nothing heavy, because every worker process runs this at its start.
"""

import os
import signal
import threading
import time

INTERVAL = 0.5
GRACE = 10.0
"""Seconds for an orderly end."""


class Parents:
    """Keeps this process alive as long as one of the watched processes. Watches nothing until the first `add`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._launcher = os.getppid()
        self._pids: set[int] = set()
        self._ending = False

    def add(self, pid: int) -> bool:
        """Watches one more process; False when this one is already ending."""
        with self._lock:
            if self._ending:
                return False
            first = not self._pids
            self._pids.add(pid)
        if first:
            threading.Thread(target=self._watch, daemon=True, name="watch-parents").start()
        return True

    @property
    def watching(self) -> bool:
        return bool(self._pids)

    def _watch(self) -> None:
        while True:
            time.sleep(INTERVAL)
            with self._lock:
                self._ending = not any(self._lives(pid) for pid in self._pids)
                if self._ending:
                    break
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(
            GRACE
        )  # who started this process may have blocked that signal, and a blocked one is inherited
        os.kill(os.getpid(), signal.SIGKILL)

    def _lives(self, pid: int) -> bool:
        """A dead launcher that is not reaped yet still has its process id, but our own parent id has changed."""
        return is_alive(pid) and (pid != self._launcher or os.getppid() == pid)


def end_with(pid: int) -> None:
    """Ends this process soon after `pid` is gone; returns at once."""
    Parents().add(pid)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
