"""Receive a form: make what was posted to a form of `sources.yaml` a durable record. No HTTP here.

The key a form is posted with identifies its record: the same content with the same key is the same record, and other
content with that key is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from llm_assets.domain.digest import digest, digest_bytes
from llm_assets.domain.errors import DeskError
from llm_assets.domain.mail.document import Received
from llm_assets.intake import identity
from llm_assets.intake.records.entry import Entry, entry_of
from llm_assets.intake.records.submission import (
    Submission,
    SubmissionError,
    UnknownContentTypeError,
    read_submission,
)
from llm_assets.usecases.desk.assembly import Assembly
from resources.mail.raw_store import RawStore
from resources.settings.forms import FormSource

__all__ = [
    "SOURCE",
    "FormReceiver",
    "FormSource",
    "IncompleteError",
    "KeyTakenError",
    "ReceivedForm",
    "Submission",
    "SubmissionError",
    "UnknownContentTypeError",
    "form_receiver_of",
    "read_submission",
]

SOURCE = "forms"


class KeyTakenError(DeskError):
    """The key was used before for other content."""


class IncompleteError(DeskError):
    """A required field is missing or empty."""


class FormRegister(Protocol):
    def standing(self, source: str, place: str) -> Received | None: ...

    def receive_once(self, item: Received) -> Received:
        """Registers the item unless its place is taken; returns what is registered there."""


@dataclass(frozen=True, slots=True)
class ReceivedForm:
    record_id: str
    day: date
    new: bool
    """False when the same form was received before."""


@dataclass(frozen=True)
class FormReceiver:
    """Registers posted forms. Several threads and processes may use it at once."""

    register: FormRegister
    raw: RawStore
    day_of: Callable[[datetime], date]
    clock: Callable[[], datetime]
    timezone: str

    def receive(self, form: FormSource, submission: Submission, key: str | None) -> ReceivedForm:
        """Stores the bytes, then registers them; both are durable on return. Without a key, the id in the field that the
        form declares is the key; without that, the same content is one record a day.

        Raises IncompleteError, KeyTakenError, and DeskError when it cannot be stored now.
        """
        now = self.clock()
        day = self.day_of(now)
        entry = self._entry(form, submission)
        key = key or entry.id
        said = [dict(submission.fields), [file.model_dump() for file in submission.files]]
        own = digest(["key", key] if key else ["content", said, day.isoformat()])
        entry = entry.model_copy(update={"id": f"{form.name}/{own}"})
        place = f"{form.name}:{own}"
        data = entry.stored()
        standing = self.register.standing(SOURCE, place)
        if standing is None:
            item = Received(SOURCE, place, day, self.raw.put(data), "form", now)
            standing = self.register.receive_once(item)
            new = standing == item
        else:
            new = False
        if standing.raw_sha256 != digest_bytes(data) and not self._says_the_same(standing, entry):
            raise KeyTakenError(
                "This Idempotency-Key was used for other content; use a key of its own for each form that is sent."
            )
        return ReceivedForm(identity.of_entry("form", entry.id), standing.day, new)

    def _says_the_same(self, standing: Received, entry: Entry) -> bool:
        """Whether only the order of the fields differs, which JSON does not promise to keep."""
        known = standing.raw_sha256
        return self.raw.has(known) and Entry.model_validate_json(self.raw.get(known)) == entry

    def check(self) -> None:
        """Raises DeskError when forms cannot be registered now."""
        self.register.standing(SOURCE, "")

    def _entry(self, form: FormSource, submission: Submission) -> Entry:
        """What was posted as an entry; its id is the value of the declared field, or empty."""
        mapping = form.mapping(self.timezone)
        found = mapping.columns(list(submission.fields))
        missing = [
            name for name in form.required if not submission.fields.get(found.get(name, ""), "").strip()
        ]
        if missing and not (submission.files and missing == ["text"]):
            names = "; ".join(
                f"{name} (for example {', '.join(getattr(mapping, name)[:3])})" for name in missing
            )
            raise IncompleteError(f"The form lacks {names}; fill that field in, or name it in sources.yaml.")
        entry = entry_of(submission.fields, "form", mapping)
        own = submission.fields.get(found.get("id", ""), "").strip()
        return entry.model_copy(update={"id": own, "files": submission.files})


def form_receiver_of(assembly: Assembly) -> FormReceiver:
    """The receiver of a desk's forms."""
    settings = assembly.settings
    return FormReceiver(
        assembly.ledger.forms, assembly.raw, settings.calendar.day_of, assembly.clock, settings.timezone
    )
