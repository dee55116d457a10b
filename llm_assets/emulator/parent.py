"""Ending with other processes: a thread that watches process ids. Imports nothing heavy, workers start with it."""

import os
import signal
import threading
import time

INTERVAL = 0.5


class Parents:
    """This process lives while one of the watched processes does. Watches nothing until the first `add`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._launcher = os.getppid()
        self._pids: set[int] = set()
        self._ending = False

    def add(self, pid: int) -> bool:
        """Watch one more process; False when this one is already ending."""
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

    def _lives(self, pid: int) -> bool:
        """A launcher that is gone shows in our own parent id even while nobody has reaped it."""
        return is_alive(pid) and (pid != self._launcher or os.getppid() == pid)


def end_with(pid: int) -> None:
    """End this process soon after `pid` is gone; returns at once."""
    Parents().add(pid)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
