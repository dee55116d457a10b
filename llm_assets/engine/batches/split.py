"""Split: a batch that is too large for the provider becomes two halves, from its own spooled lines."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import structlog

from llm_assets.domain.digest import digest
from llm_assets.domain.errors import OverBudgetError
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.request import BATCH_ID_LENGTH, CustomId, digest_of_lines
from llm_assets.engine.batches.spooled import custom_id_of
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.budget import limits_of
from llm_assets.engine.ports.batches import Member

log = structlog.get_logger()


def split(engine: Engine, batch: Batch, why: str, *, halvings: int, not_before: datetime | None) -> None:
    """Two intents of half the requests each in place of a batch that the caller owns; nothing of it ran.

    The lines are written before the batch gives its requests free. A death in between leaves them due: they are
    planned again and, if the provider still finds them too many, split again.
    """
    again = min(batch.turned_away, 1)  # a queue that stays full turns a half away once, not twice
    first = batch.requests // 2
    halves = [
        replace(half, halvings=halvings, not_before=not_before, turned_away=again)
        for half in _parts(engine, batch, (first, batch.requests - first), "half")
    ]
    _take_its_place(engine, batch, halves, why)
    log.warning("batch split", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=why)


def cut_off(engine: Engine, batch: Batch, mode: Mode, why: str) -> str | None:
    """An intent of one request beside one of all others, in place of a batch that the caller owns; nothing of them ran,
    and what was answered online of the batch is not among them. Returns the id of the one, which goes as `mode` says; None
    when it could not be written, as when the budget is used up. A death in between leaves all of them due.

    Both keep the place of the batch in the order of sending, the one before the others: it is tried again next time."""
    due = len(engine.ledger.batches.members(batch.batch_id, unsettled=True))
    one, *rest = _parts(engine, batch, (1, due - 1), "one and the others")
    creates = batch.creates if mode is batch.mode else 0  # online, it counts rounds
    first = replace(one, mode=mode, created_at=batch.created_at, creates=creates)
    later = batch.created_at + timedelta(microseconds=1)
    others = [replace(r, created_at=later, creates=batch.creates) for r in rest]
    written = _take_its_place(engine, batch, [first, *others], why)
    return one.batch_id if one.batch_id in written else None


def _take_its_place(engine: Engine, batch: Batch, parts: Sequence[Batch], why: str) -> set[str]:
    """Returns the ids of the parts that are in the ledger."""
    members = engine.ledger.batches.members(batch.batch_id, unsettled=True)
    of_part = [_members_in(engine.spool.path(part.batch_id), members) for part in parts]
    engine.ledger.batches.transition(batch.batch_id, batch.state, BatchState.CANCELLED, detail=why[:500])
    written = {p.batch_id for p, own in zip(parts, of_part, strict=True) if _is_intended(engine, p, own)}
    engine.spool.discard(batch.batch_id)
    return written


def _is_intended(engine: Engine, half: Batch, members: list[Member]) -> bool:
    try:
        engine.ledger.batches.intend(half, members, limits_of(engine.budget, engine.lanes, half.day))
    except (ValueError, OverBudgetError) as err:  # another process sent them meanwhile, or took the money
        engine.spool.discard(half.batch_id)
        log.warning("another process was first; planned again", batch=half.batch_id, error=str(err))
        return False
    return True


def _parts(engine: Engine, batch: Batch, sizes: Sequence[int], what: str) -> list[Batch]:
    """The batches of these sizes of what is not settled, with their lines on the disk; none for a size of 0."""
    found = []
    due = engine.ledger.batches.members(batch.batch_id, unsettled=True)
    with engine.spool.path(batch.batch_id).open("rb") as source:
        lines = (line for line in source if custom_id_of(line).request_id in due)
        for number, count in enumerate(size for size in sizes if size):
            batch_id = digest([batch.batch_id, what, number])[:BATCH_ID_LENGTH]
            size, sha256 = _write(engine.spool.path(batch_id), batch_id, islice(lines, count))
            found.append(
                replace(
                    batch,
                    batch_id=batch_id,
                    state=BatchState.INTENT,
                    requests=count,
                    bytes=size,
                    sha256=sha256,
                    created_at=engine.clock(),
                    creating_at=None,
                    submitted_at=None,
                    provider_batch_id=None,
                    provider_file_id=None,
                    detail="",
                    creates=0,
                )
            )
    return found


def _write(path: Path, batch_id: str, lines: Iterable[bytes]) -> tuple[int, str]:
    """The lines under the new batch's id, on the disk; their size and digest."""
    ids, size = [], 0
    with path.open("wb") as file:
        for line in lines:
            old = custom_id_of(line)
            ids.append(CustomId(batch_id, old.request_id, old.attempt))
            size += file.write(line.replace(str(old).encode(), str(ids[-1]).encode(), 1))
        file.flush()
        os.fsync(file.fileno())
    return size, digest_of_lines(ids)


def _members_in(path: Path, members: Mapping[str, Member]) -> list[Member]:
    with path.open("rb") as lines:
        return [members[custom_id_of(line).request_id] for line in lines]
