"""Leftovers: what a batch that is over left at the provider, its files or its results, is removed there.

Only after the ledger holds the end of the batch, and never at the cost of a night: what could not be removed stays, is
logged, and is tried again by later starts. When it is removed the ledger says so, so that a death between the two only
repeats the removal.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog

from llm_assets.domain.errors import DeskError
from llm_assets.domain.requests.batch import Batch, StoredFile
from llm_assets.engine.engine import Engine

KEPT = timedelta(days=30)
"""Both providers remove files and results by themselves after 29 or 30 days."""
AT_A_START = 20
"""Most batches of earlier runs whose leftovers a start removes; each takes up to four calls."""
MOST_FAILURES = 3
PAUSE = timedelta(minutes=15)
"""After a removal that failed, so that a night of many rounds does not try it in each."""
_EVERY = 100_000

log = structlog.get_logger()


def remove_leftovers(engine: Engine, batch: Batch) -> bool:
    """Removes what a batch left, if its profile says so. False when it is still there."""
    return engine.provider.profile.files.remove and _removed(engine, batch)


def sweep_leftovers(engine: Engine, most: int = AT_A_START) -> None:
    """Removes what earlier processes did not come to."""
    failures = 0
    now = engine.clock()
    for batch in with_leftovers(engine, most, due_by=now) if engine.provider.profile.files.remove else ():
        failures += not _removed(engine, batch)
        if failures >= MOST_FAILURES:
            return


def with_leftovers(engine: Engine, most: int = _EVERY, *, due_by: datetime | None = None) -> list[Batch]:
    """Batches that are over and whose files or results at the provider are not known to be removed; `due_by` leaves out
    those that are to be tried only after this time."""
    profile, since = engine.provider.profile.name, engine.clock() - KEPT
    return engine.ledger.batches.with_files(profile, since, most, due_by=due_by)


def stored_of_ours(engine: Engine) -> list[tuple[Batch, StoredFile]]:
    """Input files at the provider that are named after a batch of ours that is over."""
    files: dict[str, list[StoredFile]] = {}
    for file in engine.provider.stored_files():
        files.setdefault(file.name.removesuffix(".jsonl"), []).append(file)
    ours = engine.ledger.batches.over(sorted(files))
    here = engine.provider.profile.name
    return [(batch, file) for batch in ours if batch.provider == here for file in files[batch.batch_id]]


class Cleaned(NamedTuple):
    """How many times something was removed, and how many times the provider did not let us."""

    removed: int
    failed: int


def clean(engine: Engine) -> Cleaned:
    """Removes all that is left, whatever the profile says."""
    done = [_removed(engine, batch) for batch in with_leftovers(engine)]
    for batch, file in stored_of_ours(engine):
        alone = replace(batch, provider_file_id=file.file_id, provider_batch_id=None)
        done.append(_removed(engine, alone))
    return Cleaned(sum(done), len(done) - sum(done))


def _removed(engine: Engine, batch: Batch) -> bool:
    try:
        engine.provider.remove(batch)
    except DeskError as err:
        log.warning("files left at the provider", batch=batch.batch_id, step=batch.step, error=str(err))
        again_at = engine.clock() + PAUSE
        engine.ledger.batches.transition(batch.batch_id, batch.state, batch.state, not_before=again_at)
        return False
    engine.ledger.batches.transition(
        batch.batch_id, batch.state, batch.state, files_removed_at=engine.clock()
    )
    return True
