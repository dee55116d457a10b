"""Mapping: which column or field of a drop means what. The names that are known by themselves, and what
`sources.yaml` declares for files of a pattern. Reads no file."""

import codecs
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

DropKind = Literal["crm", "form"]
Needed = Literal["text", "id", "subject"]
FIELDS = ("id", "text", "subject", "sender_name", "sender_email", "phone", "created_at", "mailbox", "product")


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
        return {field: header for field, header in found.items() if header is not None}


def plain(header: str) -> str:
    """A header without case, spaces and punctuation."""
    return re.sub(r"[^\w№]+|_", "", header.casefold())


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
