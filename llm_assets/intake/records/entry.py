"""An entry: one CRM record or form as it is stored, and how it is made of named cells. Reads no file.

It is stored as canonical JSON, so that reading it again needs neither the file nor its mapping.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from llm_assets.domain.digest import digest
from llm_assets.intake.records.mapping import DropKind, DropMapping, is_in_utc, is_plumbing, parts_of_a_name
from llm_assets.intake.records.moments import moment

MAX_FIELD = 1_000_000
Broke = Literal["crashed", "timeout"]
_NOTHING = frozenset({"NULL", "\\N"})
"""What databases write for an empty cell."""
_IN_ANGLES = re.compile(
    r"(?P<name>[^<>()]{0,200})[<(](?P<address>[^<>()\s@]{1,100}@[^<>()\s@]{1,200})[>)]\s*"
)
_AS_TEXT = re.compile(r'="(?P<text>[^"]{0,200})"|\'(?P<guarded>[-+=@\d][^\']{0,100})')
"""How spreadsheets are kept from counting with a cell: `="0042"`, `'+77010000000`."""
_ADDRESS = re.compile(r"[^<>\s@,;()\"']{1,100}@[^<>\s@,;()\"']{1,200}")
_PHONE = re.compile(r"\+?[\d\s().-]{6,24}")


class StoredFile(BaseModel):
    """A file that came with a form, as it is stored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filename: str
    content_type: str
    content: str
    """Base64."""


class Entry(BaseModel):
    """One row as it is stored: what the mapping found, and every other column under its own name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: DropKind
    id: str
    text: str = ""
    subject: str = ""
    sender_name: str = ""
    sender_email: str = ""
    phone: str = ""
    created_at: datetime | None = None
    mailbox: str = ""
    product: str = ""
    """Of entries stored before products were kept under their own column's name."""
    extra: dict[str, str] = Field(default_factory=dict)
    """What the record says besides, by column, in the order of the register."""
    files: tuple[StoredFile, ...] = ()
    cut: bool = False
    """A cell was longer than MAX_FIELD, and what follows is not here."""
    misread: bool = False
    """A byte of it does not fit the declared encoding."""
    problem: str = ""
    """Why the file or row could not be read; then what a record says is empty."""
    broke: Broke | None = None
    """How the reader of the whole file ended, where it came to no end."""
    file_sha256: str = ""
    """Of that file, so that it is tried again when its bytes are others."""

    def stored(self) -> bytes:
        """Canonical JSON: the same row gives the same bytes."""
        values = dict(sorted(self.model_dump(mode="json", exclude_defaults=True).items()))
        return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class Drop(NamedTuple):
    """One row, or the reason why there is none."""

    place: str
    """`crm:<id>` or `form:<id>`; for a problem the file's name, with `:<line>` for a bad line."""
    kind: DropKind
    data: bytes
    """Canonical JSON of the Entry."""


def dropped(entry: Entry) -> Drop:
    return Drop(f"{entry.kind}:{entry.id}", entry.kind, entry.stored())


def problem(place: str, kind: DropKind, message: str) -> Drop:
    """What is counted where something could not be read; `message` says why and what to do."""
    return Drop(place, kind, Entry(kind=kind, id=place, problem=message).stored())


def entry_of(
    fields: Mapping[str, str],
    kind: DropKind,
    mapping: DropMapping,
    columns: Mapping[str, str] | None = None,
    month_first: bool | None = None,
) -> Entry:
    """One record by its fields' names; without an id of its own it gets one from what it says.

    `columns` says which field is in which column, where the caller has looked for them once for many rows.
    """
    found = columns if columns is not None else mapping.columns(list(fields))
    cells = {_name(name): _cell(cell) for name, cell in fields.items()}
    headers = {field: _name(header) for field, header in found.items()}
    cut = any(len(cell) > MAX_FIELD for cell in cells.values())
    if cut:
        cells = {name: cell[:MAX_FIELD] for name, cell in cells.items()}
    named_zone = "UTC" if is_in_utc(headers.get("created_at", "")) else mapping.timezone
    when = moment(
        cells.get(headers.get("created_at", ""), ""), mapping.dates, ZoneInfo(named_zone), month_first
    )
    sender, shown = _sender(cells, headers)
    left = {headers["created_at"]} if "created_at" in headers and when.unsure else set()
    said = {h for f, h in headers.items() if f != "product"} - left - shown
    said |= sender.used
    extra = {n: c for n, c in cells.items() if c and n and n not in said and not is_plumbing(n)}
    kept = {field: cells.get(headers.get(field, ""), "") for field in ("text", "subject", "mailbox")}
    people = {"sender_name": sender.name, "sender_email": sender.email, "phone": sender.phone}
    own = cells.get(headers.get("id", ""), "")
    identifier = own if any(c.isalnum() for c in own) else digest(["row", kept, people, extra])
    kept["mailbox"] = kept["mailbox"] or mapping.default_mailbox
    misread = mapping.encoding is not None and any("\ufffd" in cell for cell in cells.values())
    return Entry(
        kind=kind,
        id=identifier,
        created_at=when.when,
        extra=extra,
        cut=cut,
        misread=misread,
        **kept,
        **people,
    )


class _Sender(NamedTuple):
    name: str
    email: str
    phone: str
    used: set[str]
    """Further columns that hold a part of the name."""


def _sender(cells: Mapping[str, str], headers: Mapping[str, str]) -> tuple[_Sender, set[str]]:
    """Who wrote, by what the cells hold and not only by their names; and the columns of which that is not all."""
    shown: set[str] = set()
    name, used = "", set()
    if "sender_name" in headers:
        parts = parts_of_a_name(headers["sender_name"], tuple(cells))
        used = set(parts)
        name = " ".join(cells[part] for part in parts if cells.get(part))
    email = cells.get(headers.get("sender_email", ""), "")
    phone = cells.get(headers.get("phone", ""), "")
    if email and "@" not in email:  # `From` may hold a name or a number
        if _PHONE.fullmatch(email) and not phone:
            email, phone = "", email
        elif not name:
            name, email = email, ""
    found = _addressed(email)
    if found.rest:
        shown.add(headers["sender_email"])
    email, name = found.address, name or found.name
    in_name = _addressed(name) if "@" in name else None
    if in_name is not None and not email:
        name, email = in_name.name, in_name.address
    elif in_name is not None and in_name.name:
        name = in_name.name
    if not phone and name and _PHONE.fullmatch(name):
        name, phone = "", name
    if email and phone and "phone" in headers:
        shown.add(headers["phone"])
    return _Sender(name, email, phone, used), shown


class _Addressed(NamedTuple):
    name: str
    address: str
    rest: bool
    """Whether the cell says more than that."""


def _addressed(cell: str) -> _Addressed:
    """`Anna Kim <anna@post.example>`, an address alone, or the first of several."""
    if "@" not in cell:
        return _Addressed("", cell, rest=False)
    angles = _IN_ANGLES.match(cell)
    if angles is not None:
        name = angles["name"].strip().strip("\"'").strip()
        return _Addressed(name, angles["address"], rest=angles.end() < len(cell))
    found = _ADDRESS.search(cell)
    if found is None:
        return _Addressed("", cell, rest=False)
    address = found.group()
    return _Addressed("", address.removeprefix("mailto:"), rest=address != cell)


@lru_cache(maxsize=4096)
def _name(header: str) -> str:
    return " ".join(_valid(header).split())


def _cell(cell: str) -> str:
    text = _valid(cell).strip()
    if text[:1] in ("=", "'"):
        kept = _AS_TEXT.fullmatch(text)
        text = (kept["text"] if kept["text"] is not None else kept["guarded"]) if kept is not None else text
    return "" if text in _NOTHING else text


def _valid(text: str) -> str:
    """Without what JSON may spell and no store takes: lone surrogates and NUL."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
