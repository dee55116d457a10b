"""CRM exports and web forms dropped as CSV or JSON Lines: columns found by declared names, rows to stored JSON.

What a row becomes is stored as canonical JSON, so that reading it again needs neither the file nor its mapping.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from llm_assets.domain.digest import digest
from llm_assets.intake import charset

DropKind = Literal["crm", "form"]
MAX_FIELD = 1_000_000
_LINES = (".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv")
_FORMS = re.compile("form|форм|анкет", re.I)
_RECORDS = re.compile("crm|client|клиент", re.I)
_FORMS_OF_DATES = (
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%Y/%m/%d %H:%M",
)
YEARS = range(1970, 2200)
"""Years in which a record may have been written; near the ends of the calendar no zone can be applied."""
RECOGNISED = 2
"""Columns whose names must be known before a CSV counts as a drop and not as a document."""


class DropMapping(BaseModel):
    """Which column holds what: accepted header names, compared without case, spaces and punctuation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: tuple[str, ...] = ("id", "record id", "crm id", "ticket", "case id", "номер", "ид", "код", "номер обращения",
                           "№", "№ обращения", "идентификатор", "нөмір", "нөмірі", "өтініш нөмірі", "сәйкестендіргіш")  # fmt: skip
    text: tuple[str, ...] = ("text", "message", "body", "description", "comment", "content", "question", "request",
                             "обращение", "текст", "текст обращения", "сообщение", "описание", "вопрос", "комментарий", "жалоба",
                             "мәтін", "өтініш", "өтініш мәтіні", "хабарлама", "сұрақ", "сипаттама", "пікір")  # fmt: skip
    subject: tuple[str, ...] = (
        "subject",
        "title",
        "topic",
        "theme",
        "тема",
        "заголовок",
        "предмет",
        "тақырып",
        "тақырыбы",
    )
    sender_name: tuple[str, ...] = ("name", "full name", "customer", "customer name", "client", "client name", "from name",
                                    "имя", "фио", "клиент", "заявитель", "ф.и.о.", "имя клиента", "аты-жөні", "аты", "клиент аты",
                                    "тегі аты", "өтініш беруші", "contact")  # fmt: skip
    sender_email: tuple[str, ...] = ("email", "e-mail", "mail", "from", "sender", "customer email", "email клиента", "почта",
                                     "эл. почта", "электронная почта", "эл почта", "адрес электронной почты", "пошта",
                                     "эл. пошта", "электрондық пошта", "электрондық поштасы")  # fmt: skip
    phone: tuple[str, ...] = ("phone", "tel", "telephone", "mobile", "телефон", "тел", "номер телефона", "моб. телефон",
                              "телефон нөмірі", "ұялы телефон")  # fmt: skip
    created_at: tuple[str, ...] = ("created at", "created", "date", "submitted at", "timestamp", "received at", "datetime",
                                   "дата", "дата обращения", "создано", "дата создания", "дата и время", "время",
                                   "күні", "өтініш күні", "құрылған күні", "уақыты")  # fmt: skip
    mailbox: tuple[str, ...] = ("to", "mailbox", "queue", "recipient", "department", "ящик", "очередь", "кому", "отдел",
                                "почтовый ящик", "жәшік", "пошта жәшігі", "кезек", "кімге", "бөлім")  # fmt: skip
    product: tuple[str, ...] = (
        "product",
        "service",
        "продукт",
        "услуга",
        "товар",
        "сервис",
        "өнім",
        "қызмет",
        "тауар",
    )
    required: tuple[Literal["text", "id", "subject"], ...] = ("text",)
    timezone: str = "Asia/Almaty"
    """Of dates that are written without one."""
    kind: DropKind | None = None
    """None: CSV holds CRM records and JSON Lines hold forms, unless the file's name says otherwise."""

    def columns(self, headers: Sequence[str]) -> dict[str, str]:
        """Field -> header, the first alias that is there."""
        present: dict[str, str] = {}
        for header in headers:
            present.setdefault(_plain(header), header)
        found = {
            field: next((present[_plain(a)] for a in getattr(self, field) if _plain(a) in present), None)
            for field in FIELDS
        }
        return {field: header for field, header in found.items() if header is not None}


FIELDS = ("id", "text", "subject", "sender_name", "sender_email", "phone", "created_at", "mailbox", "product")


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
    extra: dict[str, str] = Field(default_factory=dict)
    cut: bool = False
    """A cell was longer than MAX_FIELD, and what follows is not here."""
    problem: str = ""
    """Why the file or row could not be read; then the other fields are empty."""

    def stored(self) -> bytes:
        """Canonical JSON: the same row gives the same bytes."""
        values = self.model_dump(mode="json", exclude_defaults=True)
        return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
            "utf-8", "replace"
        )


class Drop(NamedTuple):
    """One row, or the reason why there is none."""

    place: str
    """`crm:<id>` or `form:<id>`; for a problem the file's name, with `:<line>` for a bad line."""
    kind: DropKind
    data: bytes
    """Canonical JSON of the Entry."""


def is_drop(data: bytes, name: str, mapping: DropMapping) -> bool:
    """A CSV or JSON Lines file with names that the mapping knows."""
    if name.lower().endswith(_LINES):
        return True
    if not name.lower().endswith(_TABLES):
        return False
    text = _text(data[:65_536])
    return len(mapping.columns(next(_rows(text, _delimiter(text, mapping)), NO_ROW).cells)) >= RECOGNISED


def read_drop(data: bytes, *, name: str, mapping: DropMapping | None = None) -> Iterator[Drop]:
    """Every row of a drop file, CSV or JSON Lines by its name."""
    if name.lower().endswith(_LINES):
        return read_json_lines(data, name=name, mapping=mapping)
    return read_csv(data, name=name, mapping=mapping)


def read_csv(data: bytes, *, name: str, mapping: DropMapping | None = None) -> Iterator[Drop]:
    """Rows of a CSV whose charset and delimiter are found out. A missing column is one problem for the whole file."""
    mapping = mapping if mapping is not None else DropMapping()
    kind = mapping.kind or ("form" if _FORMS.search(name) else "crm")
    text = _text(data)
    rows = _rows(text, _delimiter(text, mapping))
    headers = _distinct(next(rows, NO_ROW).cells)
    columns = mapping.columns(headers)
    missing = _missing(columns, mapping)
    if missing:
        yield problem(name, kind, _missing_message(name, missing, headers, mapping))
        return
    for row in rows:
        if row.problem:
            yield problem(f"{name}:{row.line}", kind, f"Line {row.line} of {name} {row.problem}")
        elif any(cell.strip() for cell in row.cells):
            yield _drop(_entry(_named(headers, row.cells), columns, kind, mapping.timezone))


def _distinct(headers: Sequence[str]) -> list[str]:
    """Headers with repeated ones numbered, so that no column hides another."""
    seen: Counter[str] = Counter()
    distinct = []
    for header in headers:
        seen[header] += 1
        distinct.append(header if seen[header] == 1 else f"{header} ({seen[header]})")
    return distinct


def _named(headers: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Cells by header; those beyond the last header keep their position as a name."""
    beyond = [f"column {n}" for n in range(len(headers) + 1, len(cells) + 1)]
    return dict(zip([*headers, *beyond], cells, strict=False))


def read_json_lines(data: bytes, *, name: str, mapping: DropMapping | None = None) -> Iterator[Drop]:
    """Objects of a JSON Lines file. A line that is none, or lacks a field, is a problem of its own."""
    mapping = mapping if mapping is not None else DropMapping()
    kind = mapping.kind or ("crm" if _RECORDS.search(name) else "form")
    for number, line in enumerate(_text(data).split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            yield problem(place, kind, f"Line {number} of {name} is not a JSON object; export it again.")
            continue
        columns = mapping.columns(list(value))
        missing = _missing(columns, mapping)
        if missing:
            yield problem(
                place, kind, _missing_message(f"Line {number} of {name}", missing, list(value), mapping)
            )
            continue
        yield _drop(_entry({k: _cell(v) for k, v in value.items()}, columns, kind, mapping.timezone))


def _drop(entry: Entry) -> Drop:
    return Drop(f"{entry.kind}:{entry.id}", entry.kind, entry.stored())


def problem(place: str, kind: DropKind, message: str) -> Drop:
    """What is counted where something could not be read; `message` says why and what to do."""
    return Drop(place, kind, Entry(kind=kind, id=place, problem=message).stored())


def _entry(row: Mapping[str, str], columns: Mapping[str, str], kind: DropKind, zone: str) -> Entry:
    cells = {_valid(name).strip(): _valid(cell).strip() for name, cell in row.items()}
    headers = {field: _valid(header).strip() for field, header in columns.items()}
    cut = any(len(cell) > MAX_FIELD for cell in cells.values())
    found = {field: cells.get(header, "")[:MAX_FIELD] for field, header in headers.items()}
    used = set(headers.values())
    extra = {name: cell[:MAX_FIELD] for name, cell in cells.items() if name and name not in used and cell}
    created, written = _moment(found.pop("created_at", ""), zone)
    if written:
        extra[headers["created_at"]] = written
    identifier = found.pop("id", "") or digest(["row", found, extra])
    return Entry(kind=kind, id=identifier, created_at=created, extra=extra, cut=cut, **found)


def _valid(text: str) -> str:
    """Without what JSON may spell and no store takes: lone surrogates and NUL."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _moment(value: str, zone: str) -> tuple[datetime | None, str]:
    """The moment a date column means; the text itself when it cannot be understood."""
    if not value:
        return None, ""
    moment = _local_moment(value) or _iso_moment(value)
    if moment is None or moment.year not in YEARS:
        return None, value
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone))), ""


def _local_moment(value: str) -> datetime | None:
    for form in _FORMS_OF_DATES:
        try:
            return datetime.strptime(value, form)  # noqa: DTZ007 - the caller knows the zone
        except ValueError:
            continue
    return None


def _iso_moment(value: str) -> datetime | None:
    try:
        if value.isdigit() and len(value) in (10, 13):
            return datetime.fromtimestamp(int(value[:10]), UTC)
        return datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None


def _missing(columns: Mapping[str, str], mapping: DropMapping) -> list[str]:
    return [field for field in mapping.required if field not in columns]


def _missing_message(name: str, missing: Sequence[str], headers: Sequence[str], mapping: DropMapping) -> str:
    wanted = "; ".join(f"{field} (for example {', '.join(getattr(mapping, field)[:3])})" for field in missing)
    found = ", ".join(h.strip() for h in headers[:20]) or "none"
    return f"{name} lacks the column {wanted}; it has {found}. Export it with that column or name it in the mapping."


def _plain(header: str) -> str:
    return re.sub(r"[^\w№]+|_", "", header.casefold())


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _text(data: bytes) -> str:
    return charset.decode(data, None).text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


class _Row(NamedTuple):
    line: int
    """Where the row begins."""
    cells: list[str]
    problem: str = ""


NO_ROW = _Row(0, [])
_END = "\x00"
"""A row of its own after the last one; found inside a cell, it shows a quotation mark that was never closed."""


def _delimiter(text: str, mapping: DropMapping) -> str:
    """The one that gives the most columns whose names are known, then the most columns."""
    header = _without_hint(text).partition("\n")[0]
    found = {d: next(csv.reader([header], delimiter=d), []) for d in (";", ",", "\t", "|")}
    return max(found, key=lambda d: (len(mapping.columns(found[d])), len(found[d])))


def _without_hint(text: str) -> str:
    return text.partition("\n")[2] if text[:4].lower() == "sep=" else text


def _rows(text: str, delimiter: str) -> Iterator[_Row]:
    skipped = 2 if _without_hint(text) is not text else 1
    csv.field_size_limit(max(len(text) + 2, 131_072))
    lines = io.StringIO(_without_hint(text), newline="")
    reader = csv.reader(chain(lines, ["\n", _END]), delimiter=delimiter)
    begins = skipped
    for cells in reader:
        if cells == [_END]:
            return
        if cells and cells[-1].endswith(_END):
            yield _Row(
                begins, [], "opens a quotation mark that is never closed; correct it and drop the file again."
            )
            return
        yield _Row(begins, cells)
        begins = reader.line_num + skipped
