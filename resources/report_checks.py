"""Whether the report files still are what the audit trail recorded, and which ends of the trail they have written down.

A revision that no longer exists is not reported, because the owners of reports may remove them.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from llm_assets.domain.audit import Action, Entry
from llm_assets.domain.errors import DeskError
from llm_assets.intake.inside import open_named
from resources.report_files import DIGEST_KEYS, REVISION, Revision, read_json, subject_of

_BUILDING = re.compile(r"\.rev-[0-9]+-[0-9a-f]{32}")
"""A revision that a process is writing, or was writing when it was killed."""
_REPLACING = re.compile(r"\.report\.(html|md|json)-[0-9a-f]{32}\.tmp")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Altered(NamedTuple):
    report: str
    what: str
    entry: int | None
    """Number of the last entry about it."""


def anchors(reports: Path) -> Iterator[tuple[int, str, str]]:
    """The audit trail's number of entries and last digest as each revision has stored them, and the revision's name.

    A damaged revision is left out; `altered` reports it.
    """
    for folder in _revisions(reports):
        with suppress(DeskError):
            audit = read_json(Revision(int(folder.name[4:]), folder, new=False)).get("audit")
            if isinstance(audit, dict) and isinstance(audit.get("entries"), int):
                where = f"the report of {folder.parent.name}, revision {folder.name[4:]},"
                yield audit["entries"], str(audit.get("digest")), where


def altered(reports: Path, entries: Iterable[Entry]) -> Iterator[Altered]:
    """Revisions that differ from what the trail recorded or that it did not record, entries that replace a report
    though nothing of it was deleted, and files that belong to no report."""
    recorded = _Recorded(entries)
    yield from recorded.replaced()
    for folder in _revisions(reports):
        yield from _of_revision(folder, recorded)
    for path in _strangers(reports):
        name = _UNPRINTABLE.sub("?", str(path.relative_to(reports.parent)))
        yield Altered(name, "it is no part of a report; look at it and move it out of this folder", None)


class _Recorded:
    """What the trail says of reports."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._exports: dict[str, list[Entry]] = {}
        self._deleted: list[tuple[int, Sequence[str]]] = []
        self._older_until = ""
        for entry in entries:
            if entry.action == Action.EXPORTED and entry.subject.startswith("report "):
                self._exports.setdefault(entry.subject, []).append(entry)
            elif entry.action == Action.DELETING:
                self._deleted.append((entry.number, _told(entry).get("days", ())))
            elif entry.action == Action.BEGAN and any(_told(entry).get("found", {}).values()):
                self._older_until = entry.at.date().isoformat()

    def of(self, subject: str) -> Entry | None:
        return self._exports.get(subject, [None])[-1]

    def may_be_older(self, day: str) -> bool:
        """Whether a night's reports may have been written before the trail began: it has no entry, and there were
        nights before."""
        told = any(_told(e).get("day") == day for same in self._exports.values() for e in same)
        return not told and day <= self._older_until

    def replaced(self) -> Iterator[Altered]:
        for subject, same in self._exports.items():
            for before, after in pairwise(same):
                if _digests(before) != _digests(after) and not self._explained(before, after):
                    what = "an entry gives it other files, though no record of its night was deleted"
                    yield Altered(subject, what, after.number)

    def _explained(self, before: Entry, after: Entry) -> bool:
        day = _told(after).get("day")
        deleted = any(number < after.number and day in days for number, days in self._deleted)
        completed = _digests(before).items() <= _digests(after).items()
        return completed or (deleted and "because" in _told(after))


def _told(entry: Entry) -> dict[str, Any]:
    """What an entry says; nothing where it was damaged, which the trail's own check reports."""
    try:
        told = entry.parsed_detail
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _digests(entry: Entry) -> dict[str, str]:
    told = _told(entry)
    return {key: str(told[key]) for key in DIGEST_KEYS.values() if key in told}


def _of_revision(folder: Path, recorded: _Recorded) -> Iterator[Altered]:
    entry = recorded.of(subject_of(folder))
    if entry is None:
        if not recorded.may_be_older(folder.parent.name):
            what = "no entry tells that it was written; a night that was killed there tells it when it is run again"
            yield Altered(subject_of(folder), what, None)
        return
    told = _digests(entry)
    wrong = [name for name, key in DIGEST_KEYS.items() if key in told and _digest(folder / name) != told[key]]
    if wrong:
        yield Altered(subject_of(folder), f"{', '.join(wrong)} was changed or removed", entry.number)


def _digest(path: Path) -> str:
    """Empty for what cannot be read as a file."""
    try:
        with open_named(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _revisions(reports: Path) -> Iterator[Path]:
    for night in sorted(reports.glob("*")):
        if _is_night(night):
            yield from sorted(folder for folder in night.glob("rev-*") if _is_revision(folder))


def _is_night(path: Path) -> bool:
    try:
        return (
            path.is_dir() and not path.is_symlink() and date.fromisoformat(path.name).isoformat() == path.name
        )
    except ValueError:
        return False


def _is_revision(path: Path) -> bool:
    return REVISION.fullmatch(path.name) is not None and path.is_dir() and not path.is_symlink()


def _strangers(reports: Path) -> Iterator[Path]:
    """What lies among the reports and is none."""
    for night in sorted(reports.glob("*")):
        if not _is_night(night):
            yield night
            continue
        for folder in sorted(night.glob("*")):
            if _is_revision(folder):
                yield from (path for path in sorted(folder.glob("*")) if not _is_known(path))
            elif not _BUILDING.fullmatch(folder.name):
                yield folder


def _is_known(path: Path) -> bool:
    is_ours = path.name in DIGEST_KEYS or _REPLACING.fullmatch(path.name) is not None
    return is_ours and not path.is_symlink()
