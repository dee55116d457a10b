"""How much of a result file one download gets: all of it, or a scenario's part that ends at a line end."""

from itertools import islice
from pathlib import Path

from llm_assets.emulator.batches.batches import faults_of
from llm_assets.emulator.operations.context import Context
from llm_assets.emulator.batches.store import BatchRecord


def cut_results(ctx: Context, record: BatchRecord, path: Path, length: int) -> int:
    """Bytes to send for this download."""
    for fault in faults_of(record):
        if fault.truncate_after_lines is None:
            continue
        if ctx.store.count(f"downloads.{path.name}") <= fault.truncate_times:
            with path.open("rb") as lines:
                return sum(map(len, islice(lines, fault.truncate_after_lines)))
    return length
