"""Messages as the JSON objects of `llm-assets parse`: the field names and types users rely on."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from llm_assets.domain.mail.document import Address, Attachment, Message
from llm_assets.intake.bytes import mbox
from llm_assets.intake.bytes.kinds import kind_of
from llm_assets.intake.inside import Inside, open_named
from llm_assets.intake.records.apart import File, drops_apart
from llm_assets.intake.records.drops import may_be_drop
from llm_assets.intake.records.mapping import DropRules
from llm_assets.intake.sources import scan
from llm_assets.intake.why import reasons
from llm_assets.intake.workers.job import Job
from llm_assets.intake.workers.pool import Read, ReaderPool

_SNIFFED = 65_536


def parse_rows(
    paths: Iterable[Path | str],
    *,
    ocr: bool,
    why: bool = False,
    rules: DropRules | None = None,
    pool: ReaderPool | None = None,
) -> Iterator[dict[str, Any]]:
    """One object per message of every path, in order; an unreadable path is one object with `ok` false. With `why` it
    also says which rule cut, chose or flagged what.

    `pool` has processes that the caller has started and closes; without it there is one for these paths.
    """
    rules = rules if rules is not None else DropRules()
    with nullcontext(pool) if pool is not None else ReaderPool() as readers:
        jobs = (job for path in paths for job in _jobs(Path(path), str(path), ocr, rules))
        for found in readers.read_in_order(replace(job, why=why) for job in jobs):
            message = _unopened(found) if found.as_json is None else found.message
            row = message_json(message)
            yield row | {"why": reasons(message, found.notes)} if why else row


def _unopened(found: Read) -> Message:
    from llm_assets.intake.item import (
        unopened,
    )  # imports every parser, which this process does not need otherwise

    return unopened(found.job.place, found.lost)


def _jobs(path: Path, place: str, ocr: bool, rules: DropRules) -> Iterator[Job]:
    """The messages of an mbox and the rows of a drop one by one; a file of any other kind as it is, and one that
    cannot be opened too."""
    if path.is_dir():  # a folder or maildir, as `night --inbox` reads it
        for item in scan(path, source="files", rules=rules):
            content = item.content.read_bytes() if isinstance(item.content, Inside) else item.content
            yield Job(content, item.place, item.kind, ocr=ocr)
        return
    whole = Job(path, place, ocr=ocr)
    index = -1
    try:
        with open_named(path) as stream:
            head = stream.read(_SNIFFED)
            stream.seek(0)
            drops = None
            if may_be_drop(head, place, rules):
                drops = drops_apart(File(stream.fileno(), head, place, rules, every_row=True))
            for index, drop in enumerate(drops if drops is not None else ()):
                yield Job(drop.data, place, drop.kind, index, ocr=ocr)
            if drops is not None or kind_of(head, place) != "mbox":
                if index < 0:
                    yield whole
                return
            for index, data in enumerate(mbox.messages(stream)):
                yield Job(data, place, "mail", index, ocr=ocr)
    except OSError:
        yield whole
        return
    if index < 0:
        yield Job(b"", place, "mail", ocr=ocr)


def message_json(message: Message) -> dict[str, Any]:
    """The interface's object of one message, ready for JSON."""
    error = message.error
    return {
        "path": message.path,
        "index": message.index,
        "ok": message.ok,
        "error": {"kind": error.kind, "message": error.message} if error is not None else None,
        "record_id": message.record_id,
        "content_hash": message.content_hash,
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
        "references": list(message.references),
        "subject": message.subject,
        "from": _address(message.sender) if message.sender is not None else None,
        "to": [_address(a) for a in message.to],
        "cc": [_address(a) for a in message.cc],
        "reply_to": _address(message.reply_to) if message.reply_to is not None else None,
        "date": message.date.isoformat() if message.date is not None else None,
        "text": message.text,
        "new_text": message.new_text,
        "language": message.language,
        "attachments": [_attachment(a) for a in message.attachments],
        "flags": list(message.flags),
    }


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "text": attachment.text,
        "text_source": attachment.text_source,
        "pages": attachment.pages,
        "ocr_confidence": attachment.ocr_confidence,
        "flags": list(attachment.flags),
    }
