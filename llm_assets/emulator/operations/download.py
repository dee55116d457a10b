"""How much of a result file a download gets: all of it, or as many whole lines as the scenario allows."""

from itertools import islice
from pathlib import Path

from llm_assets.emulator.batches.phase import faults_of
from llm_assets.emulator.batches.store import BatchRecord
from llm_assets.emulator.operations.context import Context


def cut_results(ctx: Context, record: BatchRecord, path: Path, length: int) -> int:
    """Bytes to send for this download; `length` when the scenario cuts nothing."""
    for fault in faults_of(record):
        if fault.truncate_after_lines is None:
            continue
        if ctx.store.count(f"downloads.{path.name}") <= fault.truncate_times:
            with path.open("rb") as lines:
                return sum(map(len, islice(lines, fault.truncate_after_lines)))
    return length
