"""A stored CRM record or web form to a Message. Works from the stored bytes alone."""

from pydantic import ValidationError

from llm_assets.domain.document import Address, Message
from llm_assets.domain.errors import ReadError
from llm_assets.intake import identity, language
from llm_assets.intake.drops import DropKind, Entry


def read_entry(data: bytes, *, kind: DropKind, place: str) -> Message:
    """The entry as a message; `ok` is False when the export could not be used."""
    entry = _stored(data, kind, place)
    sender = Address(entry.sender_name, entry.sender_email.lower() or entry.phone)
    new_text = "\n".join(t for t in (entry.text, entry.product) if t.strip())
    extra = "\n".join(f"{name}: {value}" for name, value in entry.extra.items())
    error = ReadError("drop", entry.problem) if entry.problem else None
    mailbox = (Address("", entry.mailbox.lower()),) if entry.mailbox else ()
    found = language.detect(new_text)
    return Message(
        path=place, index=0, kind=entry.kind, ok=error is None, error=error,
        record_id=identity.of_entry(entry.kind, entry.id),
        content_hash=identity.of_content(
            entry.kind, f"{sender.name} {sender.address}", entry.subject, entry.problem or f"{new_text}\n{extra}".strip(), ()
        ),
        message_id=None, in_reply_to=None, references=(), subject=entry.subject,
        sender=sender if sender.name or sender.address else None, to=mailbox, cc=(), delivered_to=(),
        date=entry.created_at, text="\n\n".join(t for t in (new_text, extra) if t), new_text=new_text,
        language=found if found != "und" else language.detect(entry.subject),
        flags=_flags(entry, new_text),
    )  # fmt: skip


def _flags(entry: Entry, new_text: str) -> tuple[str, ...]:
    if entry.problem:
        return ("drop",)
    cut = ("truncated",) if entry.cut else ()
    return cut if new_text.strip() else ("empty_body", *cut)


def _stored(data: bytes, kind: DropKind, place: str) -> Entry:
    try:
        return Entry.model_validate_json(data)
    except ValidationError:
        return Entry(kind=kind, id=place, problem="The stored entry is not one of ours; drop its file again.")
