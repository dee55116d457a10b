"""Locks that the kernel or the database server frees when their holder dies. No leases, no clocks."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text


@contextmanager
def file_lock(folder: Path, name: str, *, wait: bool) -> Iterator[bool]:
    """flock on a file of its own for each name. The file stays: removing it would let two holders in."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.lock"
    with path.open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def advisory_lock(engine: Engine, name: str, *, wait: bool) -> Iterator[bool]:
    """Postgres advisory lock on a session of its own; `engine` must not pool, so that leaving ends the session."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    with engine.connect() as connection:
        if wait:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
            yield True
        else:
            yield bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))
