"""Drops: CRM records and web forms as CSV or JSON Lines, through a declared column mapping.

Each row becomes canonical JSON bytes that are stored raw like a mail, so the lake can be rebuilt from them. A file
or line that cannot be used becomes such bytes too, with the reason: nothing is dropped silently.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from llm_assets.domain.digest import digest
from llm_assets.domain.document import Address, Message
from llm_assets.domain.errors import ReadError
from llm_assets.intake import charset, identity, language

DropKind = Literal["crm", "form"]
_SAMPLE = 8192
_WORD = re.compile(r"[^\w]+")


class DropMapping(BaseModel):
    """Which headers mean what. Names are compared without case, spaces and punctuation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: tuple[str, ...] = (
        "id",
        "record id",
        "crm id",
        "ticket",
        "ticket id",
        "form id",
        "ид",
        "номер обращения",
        "өтініш нөмірі",
    )
    text: tuple[str, ...] = (
        "text",
        "message",
        "comment",
        "description",
        "body",
        "обращение",
        "сообщение",
        "комментарий",
        "текст",
        "описание",
        "өтініш",
        "хабарлама",
        "мәтін",
    )
    subject: tuple[str, ...] = ("subject", "topic", "title", "тема", "тақырып")
    name: tuple[str, ...] = (
        "name",
        "customer",
        "client",
        "full name",
        "клиент",
        "имя",
        "фио",
        "аты-жөні",
        "тұтынушы",
    )
    email: tuple[str, ...] = (
        "email",
        "e-mail",
        "mail",
        "from",
        "эл. почта",
        "почта",
        "электронная почта",
        "пошта",
    )
    phone: tuple[str, ...] = ("phone", "tel", "телефон")
    created_at: tuple[str, ...] = (
        "created at",
        "submitted at",
        "date",
        "created",
        "дата обращения",
        "дата",
        "күні",
    )
    mailbox: tuple[str, ...] = ("to", "mailbox", "queue", "ящик", "кому", "жәшік")


class Drop(NamedTuple):
    """One row, or one reason why there is none."""

    place: str
    """`crm:<id>` or `form:<id>`; the file's name, with `:<line>` for a bad line, where there is no record."""
    kind: DropKind
    data: bytes


def read_csv(data: bytes, *, name: str, mapping: DropMapping | None = None) -> Iterator[Drop]:
    """Rows of a CSV whose delimiter and charset are found out. A missing text column is one problem for the file."""
    text = charset.decode(data.removeprefix(b"\xef\xbb\xbf"), None).text
    rows = csv.reader(text.splitlines(keepends=True), delimiter=_delimiter(text))
    header = next(rows, [])
    columns = _columns(header, mapping or DropMapping())
    if "text" not in columns.values():
        wanted = ", ".join((mapping or DropMapping()).text[:6])
        yield _problem(
            name, "crm", "missing_columns", f"{name} has no column for the text; name one of: {wanted}"
        )
        return
    for row in rows:
        if any(cell.strip() for cell in row):
            values = dict(zip(header, (cell.strip() for cell in row), strict=False))
            yield _entry("crm", values, columns)


def read_json_lines(data: bytes, *, name: str, mapping: DropMapping | None = None) -> Iterator[Drop]:
    """Objects of a JSON Lines file. A line that is none, or has no text, is a problem of its own."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            yield _problem(
                f"{name}:{number}", "form", "not_json", f"line {number} of {name} is not a JSON object"
            )
            continue
        columns = _columns(values, mapping or DropMapping())
        if "text" not in columns.values():
            reason = f"line {number} of {name} has no text field"
            yield _problem(f"{name}:{number}", "form", "missing_columns", reason)
            continue
        yield _entry("form", {k: _cell(v) for k, v in values.items()}, columns)


def read_entry(data: bytes, *, place: str) -> Message:
    """A stored row as a message. Its date is the record's own; its sender the customer."""
    stored = json.loads(data)
    kind: DropKind = stored["kind"]
    problem = stored.get("problem")
    error = ReadError(problem["kind"], problem["message"]) if problem is not None else None
    fields: dict[str, str] = stored.get("fields", {})
    extra: dict[str, str] = stored.get("extra", {})
    sender = Address(fields.get("name", ""), fields.get("email", "").lower())
    mailbox = fields.get("mailbox", "").lower()
    text = "\n".join([fields.get("text", ""), *(f"{name}: {value}" for name, value in extra.items())])
    subject = fields.get("subject", "")
    entry_id = stored.get("id") or place
    return Message(
        path=place,
        index=0,
        kind=kind,
        ok=error is None,
        error=error,
        record_id=identity.of_entry(kind, kind, entry_id),
        content_hash=identity.of_content(kind, f"{sender.name} {sender.address}", subject, text, ()),
        message_id=None,
        in_reply_to=None,
        references=(),
        subject=subject,
        sender=sender if sender.name or sender.address else None,
        to=(Address("", mailbox),) if mailbox else (),
        cc=(),
        delivered_to=(),
        date=_date(fields.get("created_at", "")),
        text=text,
        new_text=text,
        language=language.detect(fields.get("text", "")) if error is None else "und",
        attachments=(),
        flags=() if error is None else (error.kind,),
    )


def _entry(kind: DropKind, values: Mapping[str, str], columns: Mapping[str, str]) -> Drop:
    fields = {columns[h]: v for h, v in values.items() if h in columns and v}
    extra = {h: v for h, v in values.items() if h not in columns and v}
    entry_id = fields.get("id") or digest([fields, extra])
    stored = {"kind": kind, "id": entry_id, "fields": fields, "extra": extra}
    return Drop(f"{kind}:{entry_id}", kind, _canonical(stored))


def _problem(place: str, kind: DropKind, reason: str, message: str) -> Drop:
    return Drop(
        place, kind, _canonical({"kind": kind, "id": place, "problem": {"kind": reason, "message": message}})
    )


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _columns(header: Iterable[str], mapping: DropMapping) -> dict[str, str]:
    """Header -> field; the first header that fits a field takes it."""
    known = {_plain(alias): field for field, aliases in mapping for alias in aliases}
    found: dict[str, str] = {}
    for name in header:
        field = known.get(_plain(name))
        if field is not None and field not in found.values():
            found[name] = field
    return found


def _plain(name: str) -> str:
    return _WORD.sub(" ", name.replace("_", " ")).strip().casefold()


def _delimiter(text: str) -> str:
    header = text[:_SAMPLE].split("\n", 1)[0]
    return max(";,\t|", key=header.count)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _date(text: str) -> datetime | None:
    """ISO 8601, or day first as Russian and Kazakh systems write it; without offset it has no instant and is left out."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
