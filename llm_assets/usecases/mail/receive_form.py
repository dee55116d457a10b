"""Web forms that were posted: which there are, as `sources.yaml` declares them, and how one becomes a durable record.

No HTTP here. A form's record is told by the key it was posted with: what is posted again with that key is the same
record, and other content is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from llm_assets.domain.digest import digest, digest_bytes
from llm_assets.domain.errors import DeskError
from llm_assets.domain.mail.document import Received
from llm_assets.intake import identity
from llm_assets.intake.records.drops import Entry, entry_of
from llm_assets.intake.records.submission import Submission
from resources.mail.raw_store import RawStore
from resources.settings.forms import FormSource

SOURCE = "forms"


class KeyTakenError(DeskError):
    """The key was used before for other content."""


class IncompleteError(DeskError):
    """A field that has to be there is not."""


class FormRegister(Protocol):
    def standing(self, source: str, place: str) -> Received | None: ...

    def receive_once(self, item: Received) -> Received:
        """Registers what comes first to its place; returns what stands there."""


@dataclass(frozen=True, slots=True)
class Taken:
    record_id: str
    day: date
    new: bool
    """False when the same was taken before."""


@dataclass(frozen=True)
class FormDesk:
    """Takes in posted forms. May be used by several threads and processes at once."""

    register: FormRegister
    raw: RawStore
    day_of: Callable[[datetime], date]
    clock: Callable[[], datetime]
    timezone: str

    def take(self, form: FormSource, submission: Submission, key: str | None) -> Taken:
        """Durable on return: bytes first, then the register. Without a key the id that the form declares is one, and
        without that the same content is one record a day.

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
        if standing.raw_sha256 != digest_bytes(data):
            raise KeyTakenError(
                "This Idempotency-Key was used for other content; use a key of its own for each form that is sent."
            )
        return Taken(identity.of_entry("form", entry.id), standing.day, new)

    def _entry(self, form: FormSource, submission: Submission) -> Entry:
        """What was posted, with the id that a declared field holds and no other."""
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
