"""What a person sees in the terminal: progress bars when stderr is one, and logs that never hold mail."""

import logging
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO, cast

from llm_assets.usecases.desk.process import without_secrets

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from llm_assets.usecases.desk.desk import Progress as StepProgress


class _Redacting:
    """A stream that everything passes without the secrets of the settings: errors, logs and tracebacks alike."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(without_secrets(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:  # whatever a stream has
        return getattr(self._stream, name)


def redact_errors() -> None:
    """From here on nothing on stderr shows a secret. The one place for that: errors, warnings and logs all end there."""
    sys.stderr = cast(TextIO, _Redacting(sys.stderr))


def say(line: str) -> None:
    """A line of stdout that may repeat what a server, a driver or a file said."""
    print(without_secrets(line), flush=True)


def quiet_logs(level: int = logging.WARNING) -> None:
    """Logs go to stderr as one line of key=value pairs; the SDKs and Dagster only speak when something is wrong."""
    import structlog  # with all that it imports, it takes as long as reading a mail

    logging.basicConfig(stream=sys.stderr, level=level, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


def log_warning(event: str, **about: object) -> None:
    """One warning, for a command that sets up its logs only when it has something to say."""
    import structlog

    quiet_logs()
    structlog.get_logger().warning(event, **about)


class Console:
    """Progress of long work. Silent when stderr is no terminal, so that logs and pipes stay clean."""

    def __init__(self, *, disable: bool = False) -> None:
        self._progress = _progress() if sys.stderr.isatty() and not disable else None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Console":
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def stage(self, name: str, done: int, total: int | None, note: str = "") -> None:
        """Shows `done` of `total` for a stage; a total of None shows that it is under way."""
        if self._progress is None:
            return
        if name not in self._tasks:
            _finish_counts(self._progress)
            self._tasks[name] = self._progress.add_task(name, total=total, note=note)
        self._progress.update(self._tasks[name], completed=done, total=total, note=note)

    def steps(self, name: str, progress: "StepProgress") -> None:
        """The engine's progress, as the desk's `on_progress`."""
        total = progress.done + progress.in_flight + progress.due
        batches = progress.open_batches
        note = f"{batches} batch{'' if batches == 1 else 'es'} open" if batches else ""
        self.stage(name, progress.done, total, progress.blocked or progress.failure or note)


def _progress() -> "Progress":
    from rich.console import Console as RichConsole
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.table import Column

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
        console=RichConsole(stderr=True),
    )


def _finish_counts(progress: "Progress") -> None:
    """A count whose total was never known is complete when the next stage begins."""
    for task in progress.tasks:
        if task.total is None:
            progress.update(task.id, total=task.completed)
