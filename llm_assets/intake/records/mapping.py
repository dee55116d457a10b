"""Mapping: which column or field of a drop means what. The names that are known by themselves, and what
`sources.yaml` declares for files of a pattern. Reads no drop."""

import codecs
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from llm_assets.intake.words import ByLanguage, WordFile, load_words

DropKind = Literal["crm", "form"]
Needed = Literal["text", "id", "subject"]
FIELDS = ("id", "text", "subject", "sender_name", "sender_email", "phone", "created_at", "mailbox", "product")


class _ColumnNames(WordFile):
    id: ByLanguage
    text: ByLanguage
    subject: ByLanguage
    sender_name: ByLanguage
    sender_email: ByLanguage
    phone: ByLanguage
    created_at: ByLanguage
    mailbox: ByLanguage
    product: ByLanguage


class _LikelyNames(WordFile):
    id: ByLanguage
    text: ByLanguage
    subject: ByLanguage
    sender_name: ByLanguage
    sender_email: ByLanguage
    phone: ByLanguage
    created_at: ByLanguage


class _MappingWords(WordFile):
    columns: _ColumnNames
    likely: _LikelyNames
    other: ByLanguage = Field(alias="else")
    about_text: ByLanguage
    first_names: ByLanguage
    middle_names: ByLanguage
    last_names: ByLanguage
    plumbing: ByLanguage


_WORDS = load_words(Path(__file__).with_name("mapping.yaml"), _MappingWords)
_NAMES = _WORDS.columns
_LIKELY = {
    name: tuple(re.compile(pattern) for pattern in getattr(_WORDS.likely, name).of())
    for name in _LikelyNames.model_fields
}
_ELSE = re.compile(_WORDS.other.pattern())
_ABOUT_TEXT = re.compile(_WORDS.about_text.pattern())
_PLUMBING = re.compile(_WORDS.plumbing.pattern())
_JOINED_WORDS = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ][a-zа-яё])")
"""As programs join them: `SuppliedEmail`."""
_LAST_NUMBER = re.compile(r" \d{1,2}$")
MOST_HEADERS = 1_000
"""Columns of a table whose headers are compared with patterns."""
LONGEST_HEADER = 120
"""Characters of a header that is compared with patterns: a question of a form, not a cell of text."""


class DropMapping(BaseModel):
    """Which column holds what: accepted header names, compared without case, spaces and punctuation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: tuple[str, ...] = _NAMES.id.of()
    text: tuple[str, ...] = _NAMES.text.of()
    subject: tuple[str, ...] = _NAMES.subject.of()
    sender_name: tuple[str, ...] = _NAMES.sender_name.of()
    sender_email: tuple[str, ...] = _NAMES.sender_email.of()
    phone: tuple[str, ...] = _NAMES.phone.of()
    created_at: tuple[str, ...] = _NAMES.created_at.of()
    mailbox: tuple[str, ...] = _NAMES.mailbox.of()
    product: tuple[str, ...] = _NAMES.product.of()
    required: tuple[Needed, ...] = ("text",)
    timezone: str = "Asia/Almaty"
    """Of dates that are written without one."""
    dates: tuple[str, ...] = ()
    """Forms of dates as `strptime` spells them, tried before the usual ones."""
    encoding: str | None = None
    """None: found out from the bytes."""
    delimiter: str | None = None
    """None: found out from the header."""
    default_mailbox: str = ""
    """Where a record belongs that names no mailbox or queue of its own."""
    kind: DropKind | None = None
    """None: CSV holds CRM records and JSON Lines hold forms, unless the file's name says otherwise."""

    def columns(self, headers: Sequence[str]) -> dict[str, str]:
        """Field -> header, the first alias that is there."""
        present: dict[str, str] = {}
        for header in headers:
            present.setdefault(plain(header), header)
        found = {
            field: next((present[plain(a)] for a in getattr(self, field) if plain(a) in present), None)
            for field in FIELDS
        }
        known = {field: header for field, header in found.items() if header is not None}
        if len(known) < len(FIELDS) and len(headers) <= MOST_HEADERS:
            known |= self._likely(headers, known)
        return known

    def _likely(self, headers: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
        """Field -> header for fields that nobody declared and no list names, where exactly one header looks like it."""
        used = set(known.values())
        free = {h: words for h in headers if h not in used and (words := spaced(h))}
        found: dict[str, str] = {}
        for field, patterns in _LIKELY.items():
            if field in known or getattr(self, field) != getattr(_NAMES, field).of():
                continue
            wanted = free if field == "id" else {h: w for h, w in free.items() if _ELSE.search(w) is None}
            if field == "text":
                wanted = {h: w for h, w in wanted.items() if _ABOUT_TEXT.search(w) is None}
            hits = ([h for h, words in wanted.items() if p.search(words)] for p in patterns)
            header = next((fits[0] for fits in hits if _is_one(fits)), None)
            if header is not None:
                found[field] = header
                del free[header]
        return found


def spaced(header: str) -> str:
    """A header in lower case with spaces for punctuation; empty when it is too long to be one."""
    if len(header) > LONGEST_HEADER:
        return ""
    apart = _JOINED_WORDS.sub(" ", header)
    return " ".join(re.sub(r"[^\w№]+|_", " ", apart.casefold()).split())


def _is_one(headers: Sequence[str]) -> bool:
    """Whether one header fits, or columns of one name that are only numbered, of which the first counts."""
    if len(headers) < 2:
        return len(headers) == 1
    return len({_LAST_NUMBER.sub("", spaced(header)) for header in headers}) == 1


@lru_cache(maxsize=4096)
def is_plumbing(header: str) -> bool:
    """Whether a column holds what a program counts or signs for itself."""
    return _PLUMBING.search(spaced(header)) is not None


@lru_cache(maxsize=4096)
def is_in_utc(header: str) -> bool:
    """Whether a column of moments says that they are in universal time, as `Submit Date (UTC)` does."""
    return re.search(r"\b(?:utc|gmt)$", spaced(header)) is not None


@lru_cache(maxsize=256)
def parts_of_a_name(header: str, others: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that together hold the name of which `header` holds the first part; it alone where there are none."""
    present = {plain(other): other for other in others}
    if plain(header) not in _FIRST:
        return (header,)
    rest = [next((present[n] for n in names if n in present), None) for names in (_MIDDLE, _LAST)]
    return (header, *(part for part in rest if part is not None)) if rest[1] is not None else (header,)


def plain(header: str) -> str:
    """A header without case, spaces and punctuation; one that is punctuation alone as it is."""
    return re.sub(r"[^\w№]+|_", "", header.casefold()) or header.strip()


_FIRST, _MIDDLE, _LAST = (
    tuple(map(plain, words.of())) for words in (_WORDS.first_names, _WORDS.middle_names, _WORDS.last_names)
)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as err:
        raise ValueError("is no time zone; use a name such as Asia/Almaty") from err
    return name


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as err:
        raise ValueError("is no encoding; use a name such as utf-8, cp1251 or utf-16") from err


def _date_form(form: str) -> str:
    moment = datetime(2026, 11, 20, 17, 45)  # noqa: DTZ001 - only tried out
    try:
        understood = datetime.strptime(moment.strftime(form), form)  # noqa: DTZ007
    except ValueError as err:
        raise ValueError("is no form of a date; use one such as %d.%m.%Y %H:%M") from err
    if understood.date() != moment.date():
        raise ValueError("has to hold day, month and year, such as %d.%m.%Y")
    return form


def _names(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Zone = Annotated[str, AfterValidator(_zone)]
DateForm = Annotated[str, AfterValidator(_date_form)]
Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...] | None, BeforeValidator(_names)]
"""One name or several, of which the first that is there counts; `[]` means that no column holds this."""


class Columns(BaseModel):
    """Declared names; what is not declared is found by the names that are known by themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Names = None
    text: Names = None
    subject: Names = None
    sender_name: Names = None
    sender_email: Names = None
    phone: Names = None
    created_at: Names = None
    mailbox: Names = None
    product: Names = None

    def declared(self) -> Mapping[str, tuple[str, ...]]:
        found = {field: getattr(self, field) for field in FIELDS}
        return {field: names for field, names in found.items() if names is not None}

    @model_validator(mode="after")
    def _no_name_twice(self) -> Self:
        names = [plain(name) for names in self.declared().values() for name in names]
        if len(set(names)) != len(names):
            raise ValueError("one name is declared twice; a column holds one thing")
        return self


class DropRule(BaseModel):
    """How files of one pattern are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str = Field(min_length=1)
    """Pattern of the file's name, or of the end of its path: `crm-*.csv`, `branches/*.txt`. Case does not count."""
    kind: DropKind | None = None
    """None: by the file's name and form, as without a rule."""
    columns: Columns = Columns()
    required: tuple[Needed, ...] = ("text",)
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    dates: tuple[DateForm, ...] = ()
    timezone: Zone | None = None
    """Of dates without one; None means the desk's."""
    mailbox: str = ""
    """Mailbox or queue of records that name none."""

    def fits(self, place: str) -> bool:
        return PurePosixPath(place.lower()).match(self.match.lower())

    def mapping(self, timezone: str) -> DropMapping:
        """A declared id has to be there: without it every changed record would be a new one."""
        declared = self.columns.declared()
        required = (*self.required, *(("id",) if declared.get("id") else ()))
        return DropMapping.model_validate(
            {
                **declared,
                "kind": self.kind,
                "required": tuple(dict.fromkeys(required)),
                "encoding": self.encoding,
                "delimiter": self.delimiter,
                "dates": self.dates,
                "timezone": self.timezone or timezone,
                "default_mailbox": self.mailbox,
            }
        )


class DropRules:
    """The declared rules in their order; the first that fits a file decides."""

    def __init__(self, rules: Iterable[DropRule] = (), timezone: str = "Asia/Almaty") -> None:
        self._rules = [(rule, rule.mapping(timezone)) for rule in rules]
        self.usual = DropMapping(timezone=timezone)
        """The mapping of files that no rule fits."""

    def declared(self, place: str) -> DropMapping | None:
        """The mapping of the rule that fits, whatever the file holds; None when none does."""
        return next((mapping for rule, mapping in self._rules if rule.fits(place)), None)
