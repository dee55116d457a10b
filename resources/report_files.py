"""Report files: `reports/<day>/rev-<n>/report.{html,md,json}`, written as a whole and never changed afterwards.

The only change ever made is to remove a deleted record. What belongs here: when a night gets another revision, how it is
put in place at once. What does not: the content of a report (`report/`), and whether files still match the audit trail
(`report_checks`).
"""

import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.errors import DeskError
from llm_assets.intake.inside import open_named
from llm_assets.report.redact import redacted_html, redacted_json, redacted_markdown
from llm_assets.report.render import Rendered
from resources.lake.lake import STRAY_SECONDS
from resources.ledger.audit.trail import Trail

STAMP = ("revision", "generated_at", "audit", "changes")
"""The keys of `report.json` that describe the revision, also what it says otherwise than the one before; everything else is
content."""

DIGEST_KEYS = {"report.json": "sha256", "report.html": "html", "report.md": "markdown"}
"""A revision's files, and the keys of their digests in the audit trail."""
REVISION = re.compile(r"rev-[1-9][0-9]{0,8}")
_MOST_BYTES = 100_000_000
"""Of a report.json; one that somebody has made larger is read no further, and so is no JSON."""

Json = Mapping[str, Any]  # a JSON object


@dataclass(frozen=True, slots=True)
class Revision:
    number: int
    folder: Path
    new: bool
    """False when the newest revision already had the same content."""

    @property
    def html(self) -> Path:
        return self.folder / "report.html"


def write_revision(
    reports: Path,
    day: date,
    content: Json,
    render: Callable[[int, Json | None], Rendered],
    audit: Json | None = None,
) -> Revision:
    """The revision with this content: the newest one if it has it already, else a new one with the next number.

    `render` is called with that number and the content of the revision before, None for the first; and again if another
    process takes the number first. Both must change nothing but the stamp. `audit` is the end of the audit trail, for the stamp. Raises DeskError when the disk refuses the
    files; earlier revisions are kept in any case.
    """
    night = reports / day.isoformat()
    wanted = orjson.loads(_dumped(content))
    try:
        while True:
            newest = newest_revision(reports, day)
            before = content_of(newest) if newest is not None else None
            if newest is not None and before == wanted:
                return newest
            number = 1 if newest is None else newest.number + 1
            stamp = {"audit": audit} if audit is not None else {}
            if _publish(night, number, render(number, before), stamp):
                return Revision(number, night / f"rev-{number}", new=True)
    except OSError as error:
        raise DeskError(
            f"could not write the report of {day}: {error.strerror}; check free space and permissions of {reports} "
            "and run it again, earlier revisions are untouched"
        ) from error


def newest_revision(reports: Path, day: date) -> Revision | None:
    night = reports / day.isoformat()
    numbers = [int(p.name[4:]) for p in night.glob("rev-*") if REVISION.fullmatch(p.name)]
    return Revision(max(numbers), night / f"rev-{max(numbers)}", new=False) if numbers else None


def read_json(revision: Revision) -> dict[str, Any]:
    """The revision's report.json. Raises DeskError when the file is damaged or cannot be read."""
    path = revision.folder / "report.json"
    try:
        with open_named(path) as file:
            found = orjson.loads(file.read(_MOST_BYTES))
    except OSError as error:
        raise DeskError(
            f"{path} cannot be read ({error.strerror}); restore it or move {revision.folder} away"
        ) from error
    except orjson.JSONDecodeError as error:
        raise DeskError(f"{path} is no longer JSON; restore it or move {revision.folder} away") from error
    if not isinstance(found, dict):
        raise DeskError(f"{path} holds no JSON object; restore it or move {revision.folder} away")
    return found


def exported(day: date, revision: Revision) -> Event:
    """The event that records a revision in the audit trail."""
    return _export_event(
        revision.folder, {name: (revision.folder / name).read_bytes() for name in DIGEST_KEYS}
    )


def _export_event(folder: Path, files: Mapping[str, bytes], by: str = "desk", **more: str) -> Event:
    day, number = folder.parent.name, int(folder.name[4:])
    digests = {DIGEST_KEYS[name]: digest_bytes(data) for name, data in files.items()}
    detail = {"day": day, "revision": number, **digests, **more}
    return Event(by, Action.EXPORTED, subject_of(folder), detail)


def subject_of(folder: Path) -> str:
    """How the audit trail names a revision."""
    return f"report {folder.parent.name} revision {folder.name[4:]}"


def content_of(revision: Revision) -> dict[str, Any]:
    return {key: value for key, value in read_json(revision).items() if key not in STAMP}


def _publish(night: Path, number: int, rendered: Rendered, stamp: Json) -> bool:
    """Builds a revision in a temporary folder and renames it; False when the number has been taken meanwhile."""
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
            # Renaming never replaces a revision: an existing folder is another process's revision.
            if target.exists():
                return False
            raise
        _sync(night)
        return True
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _sweep(night: Path) -> None:
    """Removes unfinished folders of killed processes, because they name cases."""
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
    """Removes these records from every revision of a day and records the new digests; returns how many files changed.

    It may be repeated after a crash. Unfinished folders are removed too: a process that is building one now fails and has
    to be run again.
    """
    night = reports / day.isoformat()
    for stray in night.glob(".rev-*"):
        shutil.rmtree(stray, ignore_errors=True)
    changed = 0
    for folder in sorted(f for f in night.glob("rev-*") if REVISION.fullmatch(f.name)):
        for stray in folder.glob(".*.tmp"):
            stray.unlink(missing_ok=True)
        before = {name: (folder / name).read_bytes() for name in DIGEST_KEYS if (folder / name).is_file()}
        after = before | _redacted(folder, before, records)
        if after != before:
            _record_redaction(trail, folder, before, after, by)
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
    redacted = redacted_json(report, records)
    return found | ({"report.json": _dumped(redacted)} if redacted != report else {})


def _record_redaction(
    trail: Trail, folder: Path, before: Mapping[str, bytes], after: Mapping[str, bytes], by: str
) -> None:
    """Records the new digests before the files are written, so that a killed process leaves no unrecorded change.

    Files that were altered before are not recorded, so that the alteration is still found.
    """
    exports = trail.of_subject(Action.EXPORTED, subject_of(folder))
    known = {str(value) for entry in exports for value in entry.parsed_detail.values()}
    event = _export_event(folder, after, by, because="a record was deleted")
    unaltered = all(digest_bytes(data) in known for data in before.values())
    if (
        exports
        and unaltered
        and any(exports[-1].parsed_detail.get(key) != event.detail.get(key) for key in DIGEST_KEYS.values())
    ):
        trail.append(event)


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}-{uuid4().hex}.tmp")
    _write(beside, data)
    beside.replace(path)
    _sync(path.parent)
