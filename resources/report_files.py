"""Report files: `reports/<day>/rev-<n>/report.{html,md,json}`, written whole and never changed.

What belongs here: when a night gets another revision, and how it appears at once. What does not: what a report
says (report/).
"""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.errors import DeskError
from llm_assets.report.redact import redacted_html, redacted_json, redacted_markdown
from llm_assets.report.render import Rendered
from resources.lake import STRAY_SECONDS

STAMP = ("revision", "generated_at", "audit")
"""What `report.json` says about itself; everything else is content."""

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
    """Entries and last digest of the audit trail as each revision wrote them down, and which revision it is."""
    for path in sorted(reports.glob("*/rev-*/report.json")):
        revision = Revision(int(path.parent.name[4:]), path.parent, new=False)
        audit = read_json(revision).get("audit")
        if isinstance(audit, dict):
            where = f"the report of {path.parents[1].name}, revision {revision.number},"
            yield int(audit["entries"]), str(audit["digest"]), where


def exported(day: date, revision: Revision) -> Event:
    """What the audit is told of a revision."""
    sha256 = digest_bytes((revision.folder / "report.json").read_bytes())
    detail = {"day": day.isoformat(), "revision": revision.number, "sha256": sha256}
    return Event("desk", Action.EXPORTED, f"report {day} revision {revision.number}", detail)


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


def erase_case(reports: Path, day: date, records: Collection[str]) -> int:
    """Takes what every revision of a day says of these records out of it; returns how many files changed. May be repeated
    after a death. What a killed process was building goes as well; one that is building now fails and is run again."""
    night = reports / day.isoformat()
    for stray in night.glob(".rev-*"):
        shutil.rmtree(stray, ignore_errors=True)
    changed = 0
    for folder in sorted(night.glob("rev-*")):
        for stray in folder.glob(".*.tmp"):
            stray.unlink(missing_ok=True)
        report = read_json(Revision(0, folder, new=False))
        changed += _rewrite(folder / "report.html", lambda text: redacted_html(text, records))
        changed += _rewrite(folder / "report.md", lambda text: redacted_markdown(text, records))
        said = redacted_json(report, records)
        if said != report:
            changed += _rewrite(folder / "report.json", _saying(said))
    return changed


def _saying(said: Json) -> Callable[[str], str]:
    return lambda _: _dumped(said).decode()


def _rewrite(path: Path, change: Callable[[str], str]) -> bool:
    if not path.exists():
        return False
    before = path.read_bytes().decode()
    after = change(before)
    if after == before:
        return False
    beside = path.with_name(f".{path.name}-{uuid4().hex}.tmp")
    _write(beside, after.encode())
    beside.replace(path)
    _sync(path.parent)
    return True
