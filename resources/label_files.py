"""Files of a control set: labelled records beside `labels.jsonl`, added and removed as a whole.

What belongs here is how they lie on the disk. Comparing answers with labels belongs in `engine/answers/evaluate.py`. The
caller keeps other writers out.
"""

import json
import os
from collections.abc import Collection
from pathlib import Path
from uuid import uuid4

from llm_assets.domain.errors import DeskError
from llm_assets.domain.mail.document import Kind
from llm_assets.engine.answers.label import Label

LABELS, RECORDS = "labels.jsonl", "records"


def file_of(record_id: str, kind: Kind, suffix: str) -> str:
    """A record's place in the folder. Its name says how it is read, and nothing of what the customer wrote."""
    return f"{RECORDS}/{record_id}.{kind}{suffix}"


def put(folder: Path, label: Label, data: bytes) -> None:
    """Adds the record, or replaces it and its label. Killed in between, it has left a record without a label, which nobody
    reads. Raises DeskError when the disk refuses it."""
    record_id = _record_of(label.file)
    try:
        (folder / RECORDS).mkdir(parents=True, exist_ok=True)
        _replace(folder / label.file, data)
        line = label.model_dump_json(exclude_defaults=True)
        kept = [one for one in _lines(folder) if _record_of(_file_in(one)) != record_id]
        _replace(folder / LABELS, "".join(f"{one}\n" for one in (*kept, line)).encode())
    except OSError as err:
        raise DeskError(
            f"{folder} takes no label: {err.strerror}; check free space and permissions and label the record again"
        ) from err


def remove(folder: Path, record_ids: Collection[str]) -> int:
    """Removes the labels and files of these records; returns how many files were removed. May be repeated."""
    if not (folder / RECORDS).is_dir():
        return 0
    lines = _lines(folder)
    kept = [one for one in lines if _record_of(_file_in(one)) not in record_ids]
    if len(kept) < len(lines):
        _replace(folder / LABELS, "".join(f"{one}\n" for one in kept).encode())
    gone = [path for path in (folder / RECORDS).iterdir() if _record_of(path.name) in record_ids]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _lines(folder: Path) -> list[str]:
    path = folder / LABELS
    return [one for one in path.read_text("utf-8").splitlines() if one.strip()] if path.exists() else []


def _file_in(line: str) -> str:
    """The file that a line labels; none in a line that is no label, which is left as it is."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return ""
    return str(found.get("file", "")) if isinstance(found, dict) else ""


def _record_of(file: str) -> str:
    return Path(file).name.partition(".")[0]


def _replace(path: Path, data: bytes) -> None:
    """Durable when this returns; whole or as before when it does not."""
    beside = path.with_name(f".{path.name}-{uuid4().hex}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
