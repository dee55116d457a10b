"""Read a day: turn its new messages into documents and rewrite the day's `documents`."""

from datetime import date

from llm_assets.engine.night.read_day import DayReader, DaySummary
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.intake.workers.pool import ReaderPool
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.source_versions import day_version, reader_version
from llm_assets.usecases.mail.triage import called_urgent


def _silent(stage: str, done: int, total: int | None) -> None:
    return None


def read_day(assembly: Assembly, day: date, on_progress: OnProgress = _silent) -> DaySummary:
    """Reads what is new of a day and publishes the table. One process at a time writes the documents of a day."""
    with assembly.ledger.locks.owner(f"write:documents:{day}", wait=True):
        assembly.remember_queues()
        with ReaderPool(folder=assembly.spool.readers()) as pool:
            reader = DayReader(
                assembly.ledger.register,
                assembly.raw,
                assembly.lake,
                assembly.queues_of(day),
                pool,
                assembly.scratch,
                reader_version(),
                day_version(),
                called_urgent(assembly, day),
            )
            summary = reader.read(day, on_progress)
        assembly.lake.publish()
    return summary
