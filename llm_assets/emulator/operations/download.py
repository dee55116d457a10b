"""How much of a result file a download gets: all of it, none, or as many lines as the scenario allows."""

from itertools import islice
from pathlib import Path

from llm_assets.emulator.batches.phase import end_moment, faults_of
from llm_assets.emulator.batches.store import BatchRecord
from llm_assets.emulator.errors import ApiError
from llm_assets.emulator.operations.context import Context


def cut_results(ctx: Context, record: BatchRecord, path: Path, length: int) -> int:
    """Bytes to send for this download; `length` when the scenario cuts nothing."""
    for fault in faults_of(record):
        if fault.truncate_after_lines is None:
            continue
        early = ctx.clock.now() < end_moment(record) + fault.truncate_seconds
        if ctx.store.count(f"downloads.{path.name}") <= fault.truncate_times or early:
            with path.open("rb") as lines:
                whole = sum(map(len, islice(lines, fault.truncate_after_lines)))
                return whole + (len(lines.readline()) // 2 if fault.truncate_inside else 0)
    return length


def refuse_absent(ctx: Context, record: BatchRecord) -> None:
    """Raises ApiError 404 while the scenario keeps the results away."""
    now = ctx.clock.now()
    if any(now < end_moment(record) + fault.absent_seconds for fault in faults_of(record)):
        raise ApiError(404, f"The results of batch {record.id} were not found.")
