"""What a person sees in the terminal: progress bars when stderr is one, and logs that never hold mail."""

import logging
import sys
from types import TracebackType
from typing import TYPE_CHECKING

import structlog
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

if TYPE_CHECKING:
    from rich.progress import TaskID

    from llm_assets.usecases.desk.desk import Progress as StepProgress


def quiet_logs(level: int = logging.WARNING) -> None:
    """Logs go to stderr as one line of key=value pairs; the SDKs and Dagster only speak when something is wrong."""
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


class Console:
    """Progress of long work. Silent when stderr is no terminal, so that logs and pipes stay clean."""

    def __init__(self, *, disable: bool = False) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=RichConsole(stderr=True),
            disable=disable or not sys.stderr.isatty(),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Console":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage(self, name: str, done: int, total: int | None, note: str = "") -> None:
        """Shows `done` of `total` for a stage; a total of None shows that it is under way."""
        if name not in self._tasks:
            self._finish_counts()
            self._tasks[name] = self._progress.add_task(name, total=total, note=note)
        self._progress.update(self._tasks[name], completed=done, total=total, note=note)

    def _finish_counts(self) -> None:
        """A count whose total was never known is complete when the next stage begins."""
        for task in self._progress.tasks:
            if task.total is None:
                self._progress.update(task.id, total=task.completed)

    def steps(self, name: str, progress: "StepProgress") -> None:
        """The engine's progress, as the desk's `on_progress`."""
        total = progress.done + progress.in_flight + progress.due
        batches = progress.open_batches
        note = f"{batches} batch{'' if batches == 1 else 'es'} open" if batches else ""
        self.stage(name, progress.done, total, progress.blocked or progress.failure or note)
