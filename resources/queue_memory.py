"""Queues as they were last known, in files under the home, so that a closed night keeps the rules it was worked with.

A queue or category that is removed from queues.yaml is looked up here by nights that are closed: their records stay in
their queue, and nothing of them becomes due. A file per queue, replaced at once; a process that dies before it is written
has asked nobody anything, since it is written before a day's requests are planned.
"""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from pydantic import ValidationError

from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.errors import DeskError


class Remembered(NamedTuple):
    queue: Queue
    lost: Sequence[Category]
    """Categories that it had and has no more, newest removal first."""


class QueueMemory:
    """The folder `queues` of a home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "queues"

    def remember(self, queues: Sequence[Queue]) -> None:
        """Stores queues as they are now. What they lost since the last time is kept beside them."""
        for queue in queues:
            earlier = [found for name in (queue.name, *queue.was) if (found := self._read(name)) is not None]
            names = {name for c in queue.categories for name in (c.name, *c.was)}
            ever = {c.name: c for found in reversed(earlier) for c in (*found.lost, *found.queue.categories)}
            lost = [c for name, c in ever.items() if name not in names]
            self._write(Remembered(queue, lost))

    def all(self) -> Iterator[Remembered]:
        """Every queue there ever was. Raises DeskError for a file that cannot be read."""
        for path in sorted(self._folder.glob("*.json")):
            found = self._read(path.stem)
            if found is not None:
                yield found

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _read(self, name: str) -> Remembered | None:
        path = self._path(name)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            queue = Queue.model_validate(_known(stored["queue"]))
            return Remembered(queue, [Category.model_validate(_known_of_category(c)) for c in stored["lost"]])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as err:
            raise DeskError(
                f"{path} cannot be read as a queue ({type(err).__name__}): restore it from a backup, or remove it; without "
                "it a closed night treats records of this queue as records of the default queue if it was removed"
            ) from err

    def _write(self, found: Remembered) -> None:
        dumped = {
            "queue": found.queue.model_dump(mode="json"),
            "lost": [c.model_dump(mode="json") for c in found.lost],
        }
        text = json.dumps(dumped, ensure_ascii=False, indent=1, sort_keys=True)
        path = self._path(found.queue.name)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}-{uuid4().hex}.tmp")
        try:
            with beside.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as err:
            raise DeskError(
                f"{path} cannot be written: {err.strerror}; make room or correct permissions, and run the same again"
            ) from err
        finally:
            beside.unlink(missing_ok=True)


def _known(stored: dict[str, Any]) -> dict[str, Any]:
    """Without what another version of the platform stored and this one does not know."""
    kept = {name: value for name, value in stored.items() if name in Queue.model_fields}
    return {**kept, "categories": [_known_of_category(c) for c in stored["categories"]]}


def _known_of_category(stored: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stored.items() if name in Category.model_fields}
