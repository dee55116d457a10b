"""The phase that a batch shows at a moment of the emulator's clock.

Pure functions of the stored record and the time, so a restart changes nothing that a client can see. Both providers'
operations read them; what runs in the background is in `background.py`.
"""

from typing import Literal

from llm_assets.emulator.batches.store import BatchRecord
from llm_assets.emulator.scenario import BatchFault

Phase = Literal[
    "validating", "in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled"
]
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})

WINDOW = 86_400.0
CANCEL_SECONDS = 0.2
"""A cancel takes this share of a batch's latency."""
VALIDATING_UNTIL, FINALIZING_FROM = 0.1, 0.9


def faults_of(record: BatchRecord) -> list[BatchFault]:
    return [BatchFault.model_validate(fault) for fault in record.faults]


def end_moment(record: BatchRecord) -> float:
    if record.cancelled_at is not None:
        return record.cancelled_at + record.latency * CANCEL_SECONDS
    return record.created_at + min(record.latency, WINDOW)


def phase(record: BatchRecord, now: float) -> Phase:
    """The phase of a batch. It ends only when its answers are written, however late the clock is."""
    if (held := _held(record)) is not None:
        return held
    elapsed = now - record.created_at
    ready = record.work is not None
    if ready and record.work is not None and record.work.errors:
        return "failed" if elapsed >= record.latency * VALIDATING_UNTIL else "validating"
    if record.cancelled_at is not None:
        return "cancelled" if ready and now >= end_moment(record) else "cancelling"
    if elapsed < record.latency * VALIDATING_UNTIL:
        return "validating"
    if now >= end_moment(record) and ready:
        return "expired" if record.executed is not None and record.rest == "expired" else "completed"
    return "finalizing" if elapsed >= record.latency * FINALIZING_FROM else "in_progress"


def _held(record: BatchRecord) -> Phase | None:
    """The phase in which a scenario holds the batch for ever; None when it holds it in none."""
    if not record.faults:
        return None
    faults = faults_of(record)
    if record.cancelled_at is not None:
        return "cancelling" if any(fault.cancel_never_ends for fault in faults) else None
    return next((fault.stuck for fault in faults if fault.stuck is not None), None)


def nulled(record: BatchRecord, now: float) -> bool:
    """Whether a scenario hides output_file_id or results_url from the client."""
    return any(
        fault.null_output or now < end_moment(record) + fault.null_seconds for fault in faults_of(record)
    )


def shows_status(fault: BatchFault, record: BatchRecord, now: float) -> bool:
    """Whether the invented status of a fault is still shown."""
    return fault.status_seconds is None or now < record.created_at + fault.status_seconds


def progress(record: BatchRecord, now: float) -> float:
    """Share of the requests that have run by now, 0 to 1."""
    if record.latency <= 0:
        return 1.0
    return max(0.0, min(1.0, (now - record.created_at) / record.latency))
