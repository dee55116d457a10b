"""What a reader process is given and what it answers: one message's bytes in, one message as JSON out.

JSON both ways: a parser that a hostile file has taken over can send nothing that the parent would run.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from llm_assets.domain.mail.document import Kind, Message
from llm_assets.domain.mail.document_rows import message_from_json, message_to_json
from llm_assets.intake.checks.facts import PagesAsked
from llm_assets.intake.trace import Note

_NOTES = "notes"
ALL_FILES = "*"
"""In place of the digest of one attachment: all attachments."""


@dataclass(frozen=True, slots=True)
class Job:
    """One message to read."""

    content: Path | bytes
    """The bytes, or the file that holds them, so that they need not pass between two processes."""
    place: str
    kind: Kind | None = None
    """What the bytes were when they came; None where content and name decide."""
    index: int = 0
    sha256: str | None = None
    """What the file has to hold."""
    ocr: bool = True
    why: bool = False
    """Whether the answer also says why the message reads as it does."""
    pages: PagesAsked | None = None
    """Where these are asked for, the answer is the facts of the file's pages, and no message."""


@dataclass(frozen=True, slots=True)
class Order:
    """A job and what has gone wrong with it before."""

    job: Job
    broke: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of an attachment that is left unread -> the flag that says why."""
    head_only: str | None = None
    """The flag where the body itself broke the reader and only the header may be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The message, or why its bytes could not be read."""

    message: bytes | None
    """As JSON, by the domain's codec; or the facts of a file."""
    lost: str = ""


def order_to_wire(order: Order) -> bytes:
    """Without the bytes, which follow in a frame of their own where there is no file."""
    job = order.job
    fields = {
        "content": str(job.content) if isinstance(job.content, Path) else None,
        "place": job.place,
        "kind": job.kind,
        "index": job.index,
        "sha256": job.sha256,
        "ocr": job.ocr,
        "why": job.why,
        "pages": job.pages,
        "broke": dict(order.broke),
        "head_only": order.head_only,
    }
    return json.dumps(fields).encode()  # unlike orjson it takes file names that are no Unicode


def order_from_wire(frame: bytes, content: bytes | None) -> Order:
    fields: dict[str, Any] = json.loads(frame)
    broke, head_only, path = fields.pop("broke"), fields.pop("head_only"), fields.pop("content")
    if (pages := fields.pop("pages")) is not None:
        until, ocr, numbers = pages
        fields["pages"] = PagesAsked(until, ocr, tuple(numbers))
    return Order(Job(content if content is not None else Path(path), **fields), broke, head_only)


def needs_bytes(frame: bytes) -> bool:
    return json.loads(frame)["content"] is None


def written(message: Message, notes: Sequence[Note] | None = None) -> bytes:
    """The message as JSON, with its notes if there are any; halves of surrogate pairs become question marks."""
    fields: dict[str, Any] = dict(message_to_json(message))
    if notes is not None:
        fields[_NOTES] = [list(note) for note in notes]
    try:
        return orjson.dumps(fields)
    except TypeError:
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")


def message_of(as_json: bytes) -> Message:
    fields = orjson.loads(as_json)
    fields.pop(_NOTES, None)
    return message_from_json(fields)


def notes_of(as_json: bytes) -> tuple[Note, ...]:
    """The notes of a message whose job asked for them."""
    return tuple(Note(*values) for values in orjson.loads(as_json).get(_NOTES, ()))
