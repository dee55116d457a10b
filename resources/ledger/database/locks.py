"""Locks that the kernel or the database server frees when their holder dies. No leases, no clocks."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import Engine, text

from llm_assets.domain.errors import ConfigurationError


@contextmanager
def file_lock(folder: Path, name: str, *, wait: bool) -> Iterator[bool]:
    """flock on a file of its own for each name. The file stays: removing it would let two holders in."""
    with _lock_file(folder, name) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def _lock_file(folder: Path, name: str) -> IO[bytes]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.lock").open("ab")
    except OSError as err:
        raise ConfigurationError(
            f"No lock can be kept in {folder} ({err.strerror}): check LLM_ASSETS_HOME and who owns it."
        ) from err


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
