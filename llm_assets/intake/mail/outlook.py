"""An Outlook .msg file to a Message: its transport headers where it has them, its properties where not."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from llm_assets.domain.mail.document import Address, Attachment, Message, earlier_text
from llm_assets.intake import identity
from llm_assets.intake.bytes import charset, mime
from llm_assets.intake.bytes.ole import Stored
from llm_assets.intake.files import attachments, rtf
from llm_assets.intake.mail import addresses, body, dates, headers, machine, renderings
from llm_assets.intake.mail.parties import Parties, parties_of
from llm_assets.intake.pages import html
from llm_assets.intake.pages.visibility import without_unseen
from llm_assets.intake.reading import Reading
from llm_assets.intake.text.content import IN_DOUBT, envelope_of, is_transliterated, language_of, own_words
from llm_assets.intake.text.injection import watched
from llm_assets.intake.trace import Note

_SUBJECT, _HEADERS, _BODY, _HTML, _RTF = 0x0037, 0x007D, 0x1000, 0x1013, 0x1009
_SENDER_NAME, _SENDER_ADDRESS, _SENDER_SMTP, _SENT_FOR = 0x0C1A, 0x0C1F, 0x5D01, 0x0042
_MESSAGE_ID, _IN_REPLY_TO, _REFERENCES, _SUBMITTED, _DELIVERED = 0x1035, 0x1042, 0x1039, 0x0039, 0x0E06
_NAME, _SMTP, _ADDRESS, _KIND = 0x3001, 0x39FE, 0x3003, 0x0C15
_LONG_NAME, _SHORT_NAME, _MIME, _DATA = 0x3707, 0x3704, 0x370E, 0x3701
_CONTENT_ID = 0x3712
"""MAPI property ids (MS-OXPROPS)."""


@watched
def read_outlook(stored: Stored, data: bytes, *, path: str, reading: Reading, depth: int = 0) -> Message:
    root = mime.parse(stored.text(_HEADERS).encode("utf-8", "replace")) if stored.text(_HEADERS) else None
    text, flags, pages = _body(stored, reading)
    trace = reading.trace
    files = [
        _file(a, reading if trace is None else replace(reading, trace=trace.inside(f"attachment {n}")), depth)
        for n, a in enumerate(stored.attachments, start=1)
    ]
    sender = _sender(stored, root)
    subject = stored.text(_SUBJECT)
    message_id = next(iter(headers.message_ids([stored.text(_MESSAGE_ID).encode()])), None)
    if message_id is None and root is not None:
        message_id = next(iter(headers.message_ids(root.all("message-id"))), None)
    to, cc = _recipients(stored, 1), _recipients(stored, 2)
    recipients = (a.address for a in (*to, *cc))
    parties = parties_of(root, sender, recipients) if root is not None else Parties(sender, customer=sender)
    in_reply_to = next(iter(headers.message_ids([stored.text(_IN_REPLY_TO).encode()])), None)
    references = headers.message_ids([stored.text(_REFERENCES).encode()])
    answers = in_reply_to is not None or bool(references)
    new_text, in_doubt = own_words(
        text, envelope_of(subject, parties, (*to, *cc), answers=answers, pages=pages), files, trace
    )
    found = _flags(flags, text, files, is_transliterated(new_text, text, subject))
    if root is not None:
        found |= dict.fromkeys(machine.flags_of(root, parties, subject, text, trace))
    if in_doubt:
        found[IN_DOUBT] = None
    return Message(
        path=path, index=0, kind="mail", ok=True, error=None,
        record_id=identity.of_mail(message_id, parties.address, data),
        content_hash=identity.of_content(
            "mail", parties.address, subject, new_text or text, files, earlier_text(text, new_text)
        ),
        message_id=message_id,
        in_reply_to=in_reply_to, references=references,
        subject=subject, sender=sender, to=to, cc=cc,
        delivered_to=tuple(a.address for a in addresses.addresses(root.all("delivered-to"))) if root is not None else (),
        date=_date(stored, root), text=text, new_text=new_text,
        language=language_of(new_text, text, subject, files, trace), attachments=tuple(files),
        flags=tuple(found), reply_to=parties.reply_to,
    )  # fmt: skip


def files_of(stored: Stored) -> Iterator[bytes]:
    """The bytes of its attachments that are no messages."""
    return (file.binary(_DATA) for file in stored.attachments if file.message is None)


def page_of(stored: Stored) -> str:
    """The source of its HTML; empty where it has none."""
    data = stored.binary(_HTML)
    return charset.decode(data[: html.MAX_HTML], html.declared_charset(data) or stored.codepage).text


def pictures_of(stored: Stored) -> dict[str, bytes]:
    """The files that its HTML may show, by Content-ID."""
    named = {file.text(_CONTENT_ID).strip(" <>"): file for file in stored.attachments if file.message is None}
    return {content_id: file.binary(_DATA) for content_id, file in named.items() if content_id}


def _flags(
    found: Iterable[str], text: str, files: Iterable[Attachment], transliterated: bool
) -> dict[str, None]:
    flags = dict.fromkeys((*sorted(found), *attachments.of_the_whole(files)))
    if not text.strip():
        flags["empty_body"] = None
    if transliterated:
        flags["transliterated"] = None
    return flags


class _Body(NamedTuple):
    text: str
    flags: frozenset[str] = frozenset()
    pages: tuple[str, ...] = ()
    """The source of its HTML, where it has one."""


def _body(stored: Stored, reading: Reading) -> _Body:
    """The plain text where there is one; hidden text of the HTML beside it is reported too."""
    plain = without_unseen(stored.text(_BODY).replace("\r\n", "\n").replace("\r", "\n"))
    data = stored.binary(_HTML)
    if data:
        source = page_of(stored)
        reading.saw(source)
        page = html.to_text(source)
        hidden = {"hidden_text"} if page.hidden else set[str]()
        wins = bool(plain.strip()) and not renderings.stands_in(plain, page.text)
        if reading.trace is not None:
            said = (
                "plain chosen over html" if wins else "html chosen: plain text is missing or stands in for it"
            )
            reading.trace.add([Note("alternatives", said, "message")])
        if wins:
            return _Body(plain, frozenset(hidden), (source,))
        return _Body(page.text, frozenset({"html_only", *hidden}), (source,))
    return _Body(plain) if plain.strip() else _Body(rtf.to_text(rtf.decompress(stored.binary(_RTF))))


def _sender(stored: Stored, root: mime.Part | None) -> Address | None:
    named = addresses.addresses(root.all("from")) if root is not None else ()
    if named and named[0].address:
        return named[0]
    found = stored.text(_SENDER_SMTP) or stored.text(_SENDER_ADDRESS)
    name = stored.text(_SENDER_NAME) or stored.text(_SENT_FOR)
    address = found.lower() if "@" in found else ""
    return Address(name, address) if name or address else None


def _recipients(stored: Stored, kind: int) -> tuple[Address, ...]:
    out = []
    for recipient in stored.recipients:
        if (recipient.number(_KIND) or 1) == kind:
            found = recipient.text(_SMTP) or recipient.text(_ADDRESS)
            out.append(Address(recipient.text(_NAME), found.lower() if "@" in found else ""))
    return tuple(out)


def _date(stored: Stored, root: mime.Part | None) -> datetime | None:
    written = dates.date(root.header("date")) if root is not None else None
    if written is not None:
        return written
    micros = stored.moment(_SUBMITTED) or stored.moment(_DELIVERED)
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros) if micros else None
    except OverflowError:
        return None


def _file(stored: Stored, reading: Reading, depth: int) -> Attachment:
    name = body.clean_name(stored.text(_LONG_NAME) or stored.text(_SHORT_NAME) or stored.text(_NAME))
    if stored.message is not None and depth < reading.max_nesting:
        inner = read_outlook(stored.message, b"", path="", reading=reading, depth=depth + 1)
        return attachments.of_message(b"", inner, filename=name, content_type="application/vnd.ms-outlook")
    return attachments.read(
        stored.binary(_DATA),
        filename=name,
        content_type=stored.text(_MIME).lower() or "application/octet-stream",
        reading=reading,
        inline=bool(stored.text(_CONTENT_ID)) and stored.text(_MIME).startswith("image/"),
    )
