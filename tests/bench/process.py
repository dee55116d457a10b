"""This process's own CPU and memory, as its kernel counts them; its children are no part of either."""

import resource
import time
from pathlib import Path

_STATUS = Path("/proc/self/status")
_FOREIGN = "/proc/{}/status"
_FORGET_PEAK = Path("/proc/self/clear_refs")


class Stopwatch:
    """CPU seconds of the code inside `with`, added up."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._started = 0.0

    def __enter__(self) -> None:
        self._started = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.process_time() - self._started


def resident_mb() -> float:
    """Memory this process holds now. Where there is no /proc, the most it ever held."""
    return _status("VmRSS") if _STATUS.exists() else _most_ever()


def peak_mb(pid: int | None = None) -> float:
    """The most memory this process held since `forget_peak`, since it began where that cannot be reset; or that
    another process ever held."""
    if pid is not None:
        return _status("VmHWM", Path(_FOREIGN.format(pid)))
    return _status("VmHWM") if _STATUS.exists() else _most_ever()


def forget_peak() -> None:
    if _FORGET_PEAK.exists():
        _FORGET_PEAK.write_text("5", encoding="ascii")


def _status(name: str, of: Path = _STATUS) -> float:
    lines = of.read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def _most_ever() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
