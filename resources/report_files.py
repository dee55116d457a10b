"""Report files: `reports/<day>/rev-<n>/report.{html,md,json}`, written whole and never changed.

What belongs here: when a night gets another revision, and how it appears at once. What does not: what a report
says (report/).
"""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import orjson

from llm_assets.domain.audit import Action, Entry, Event
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.errors import DeskError
from llm_assets.report.redact import redacted_html, redacted_json, redacted_markdown
from llm_assets.report.render import Rendered
from resources.lake.lake import STRAY_SECONDS
from resources.ledger.audit.trail import Trail

STAMP = ("revision", "generated_at", "audit")
"""What `report.json` says about itself; everything else is content."""

_TOLD = {"report.json": "sha256", "report.html": "html", "report.md": "markdown"}
"""A revision's files, and the names of their digests in the audit trail."""

Json = Mapping[str, Any]  # a JSON object


@dataclass(frozen=True, slots=True)
class Revision:
    number: int
    folder: Path
    new: bool
    """False when the newest revision said the same already."""

    @property
    def html(self) -> Path:
        return self.folder / "report.html"


def write_revision(
    reports: Path, day: date, content: Json, render: Callable[[int], Rendered], audit: Json | None = None
) -> Revision:
    """A revision that says `content`: the newest one if it does so already, else the next number.

    `render` is called with that number, again if another process takes it first; it must not change anything
    but the stamp. `audit` is the end of the audit trail, for the stamp. Raises DeskError when the disk does not take the files; earlier revisions stay in any case.
    """
    night = reports / day.isoformat()
    said = orjson.loads(_dumped(content))
    try:
        while True:
            newest = newest_revision(reports, day)
            if newest is not None and content_of(newest) == said:
                return newest
            number = 1 if newest is None else newest.number + 1
            if _appeared(night, number, render(number), {"audit": audit} if audit is not None else {}):
                return Revision(number, night / f"rev-{number}", new=True)
    except OSError as error:
        raise DeskError(
            f"could not write the report of {day}: {error.strerror}; check free space and permissions of {reports} "
            "and run it again, earlier revisions are untouched"
        ) from error


def newest_revision(reports: Path, day: date) -> Revision | None:
    night = reports / day.isoformat()
    numbers = [int(p.name[4:]) for p in night.glob("rev-*") if p.name[4:].isdigit()]
    return Revision(max(numbers), night / f"rev-{max(numbers)}", new=False) if numbers else None


def read_json(revision: Revision) -> dict[str, Any]:
    """Its report.json. Raises DeskError when somebody damaged it."""
    path = revision.folder / "report.json"
    try:
        said = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise DeskError(f"{path} is no longer JSON; restore it or move {revision.folder} away") from error
    if not isinstance(said, dict):
        raise DeskError(f"{path} holds no JSON object; restore it or move {revision.folder} away")
    return said


def anchors(reports: Path) -> Iterator[tuple[int, str, str]]:
    """Entries and last digest of the audit trail as each revision wrote them down, and which revision it is. One that was
    damaged says nothing here: `altered` names it."""
    for path in sorted(reports.glob("*/rev-*/report.json")):
        with contextlib.suppress(DeskError):
            audit = read_json(Revision(int(path.parent.name[4:]), path.parent, new=False)).get("audit")
            if isinstance(audit, dict) and isinstance(audit.get("entries"), int):
                where = f"the report of {path.parents[1].name}, revision {path.parent.name[4:]},"
                yield audit["entries"], str(audit.get("digest")), where


def exported(day: date, revision: Revision) -> Event:
    """The event of the audit trail for a revision that was written."""
    return _told_of(revision.folder, {name: (revision.folder / name).read_bytes() for name in _TOLD})


def _told_of(folder: Path, files: Mapping[str, bytes], by: str = "desk", **more: str) -> Event:
    day, number = folder.parent.name, int(folder.name[4:])
    digests = {_TOLD[name]: digest_bytes(data) for name, data in files.items()}
    detail = {"day": day, "revision": number, **digests, **more}
    return Event(by, Action.EXPORTED, _subject(folder), detail)


def _subject(folder: Path) -> str:
    return f"report {folder.parent.name} revision {folder.name[4:]}"


class Altered(NamedTuple):
    report: str
    what: str
    entry: int | None
    """The newest one about this report."""


def altered(reports: Path, entries: Iterable[Entry]) -> Iterator[Altered]:
    """Revisions that differ from their entry in the trail, and those without an entry in a night that has some. A revision
    that is gone is not reported: whoever keeps reports may remove them."""
    told = {e.subject: e for e in entries if e.action == Action.EXPORTED and e.subject.startswith("report ")}
    nights = {str(entry.told.get("day")) for entry in told.values()}
    for folder in sorted(reports.glob("*/rev-*")):
        entry = told.get(_subject(folder))
        if entry is None:
            if folder.parent.name in nights:
                what = "no entry tells that it was written; a night that was killed there tells it when it is run again"
                yield Altered(_subject(folder), what, None)
            continue
        wrong = [name for name, key in _TOLD.items() if _digest(folder / name) != entry.told.get(key)]
        changed = [name for name in wrong if _TOLD[name] in entry.told]
        if changed:
            yield Altered(_subject(folder), f"{', '.join(changed)} was changed or removed", entry.number)


def _digest(path: Path) -> str:
    return digest_bytes(path.read_bytes()) if path.is_file() else ""


def content_of(revision: Revision) -> dict[str, Any]:
    return {key: value for key, value in read_json(revision).items() if key not in STAMP}


def _appeared(night: Path, number: int, rendered: Rendered, stamp: Json) -> bool:
    """Builds the folder beside and renames it; False when that number exists by now."""
    night.mkdir(parents=True, exist_ok=True)
    _sweep(night)
    building = night / f".rev-{number}-{uuid4().hex}"
    building.mkdir()
    try:
        _write(building / "report.html", rendered.html.encode())
        _write(building / "report.md", rendered.markdown.encode())
        _write(building / "report.json", _dumped({**rendered.json, **stamp}))
        _sync(building)
        target = night / f"rev-{number}"
        try:
            building.rename(target)
        except OSError:
            # A folder is only ever renamed onto nothing: one that is there is another process's revision.
            if target.exists():
                return False
            raise
        _sync(night)
        return True
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _sweep(night: Path) -> None:
    """Removes what a killed process was building: nobody reads it, and it names cases."""
    before = time.time() - STRAY_SECONDS
    for stray in night.glob(".rev-*"):
        with contextlib.suppress(FileNotFoundError):  # its writer has just finished
            if stray.stat().st_mtime < before:
                shutil.rmtree(stray, ignore_errors=True)


def _dumped(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def erase_case(reports: Path, day: date, records: Collection[str], trail: Trail, by: str) -> int:
    """Removes these records from every revision of a day, with an entry in the trail first; returns how many files changed.
    May be repeated after a death. Unfinished revisions of killed processes are removed; a process that is building one
    now fails and is run again."""
    night = reports / day.isoformat()
    for stray in night.glob(".rev-*"):
        shutil.rmtree(stray, ignore_errors=True)
    changed = 0
    for folder in sorted(night.glob("rev-*")):
        for stray in folder.glob(".*.tmp"):
            stray.unlink(missing_ok=True)
        before = {name: (folder / name).read_bytes() for name in _TOLD if (folder / name).is_file()}
        after = before | _redacted(folder, before, records)
        if after != before:
            _tell(trail, folder, before, after, by)
        for name in (name for name in after if after[name] != before[name]):
            _replace(folder / name, after[name])
            changed += 1
    return changed


def _redacted(folder: Path, files: Mapping[str, bytes], records: Collection[str]) -> dict[str, bytes]:
    texts = {"report.html": redacted_html, "report.md": redacted_markdown}
    found = {
        name: change(files[name].decode(), records).encode()
        for name, change in texts.items()
        if name in files
    }
    report = read_json(Revision(0, folder, new=False))
    said = redacted_json(report, records)
    return found | ({"report.json": _dumped(said)} if said != report else {})


def _tell(
    trail: Trail, folder: Path, before: Mapping[str, bytes], after: Mapping[str, bytes], by: str
) -> None:
    """Appends the new digests before anything is written, so that the trail knows what a killed process leaves. Files that
    somebody else has changed get no entry: they stay altered."""
    told = trail.of_subject(Action.EXPORTED, _subject(folder))
    known = {str(value) for entry in told for value in entry.told.values()}
    event = _told_of(folder, after, by, because="a record was deleted")
    whole = all(digest_bytes(data) in known for data in before.values())
    if told and whole and any(told[-1].told.get(key) != event.detail.get(key) for key in _TOLD.values()):
        trail.append(event)


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}-{uuid4().hex}.tmp")
    _write(beside, data)
    beside.replace(path)
    _sync(path.parent)
