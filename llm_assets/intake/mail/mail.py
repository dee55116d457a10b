"""One mail's bytes to a Message. Puts together what the other modules read; decides nothing about queues or cases."""

from dataclasses import replace

from llm_assets.domain.errors import ReadError
from llm_assets.domain.mail.document import Attachment, Message, earlier_text
from llm_assets.intake import identity
from llm_assets.intake.bytes import charset, kinds, mime, ole, transfer, wrappers
from llm_assets.intake.bytes.mime import Part
from llm_assets.intake.files import attachments
from llm_assets.intake.mail import addresses, body, dates, headers, machine, outlook, winmail
from llm_assets.intake.mail.body import Body, Loose
from llm_assets.intake.mail.parties import parties_of
from llm_assets.intake.reading import Reading
from llm_assets.intake.text.content import IN_DOUBT, envelope_of, is_transliterated, language_of, own_words
from llm_assets.intake.text.injection import watched
from llm_assets.intake.trace import Trace


@watched
def read_mail(data: bytes, *, path: str, index: int, reading: Reading, depth: int = 0) -> Message:
    """The mail as read; `ok` is False for an empty input and for noise without a single header."""
    if not data.strip():
        return unreadable(
            data, path=path, index=index, kind="empty", message="The file holds no bytes of a mail."
        )
    root = wrappers.opened(mime.parse(data))
    if not root.headers and kinds.sniff(data) == "binary":
        reason = "The bytes are neither a mail nor a document that any reader knows."
        return unreadable(data, path=path, index=index, kind="unreadable", message=reason)
    hint = _charset_hint(root)
    sorted_body = body.sort(root, hint=hint)
    for page in sorted_body.pages:
        reading.saw(page)
    files = _files(sorted_body.loose, hint, reading, depth)
    if reading.trace is not None:
        reading.trace.add(body.notes_of(root, sorted_body))
    return _message(data, root, sorted_body, files, hint, reading.trace, path=path, index=index)


def unreadable(data: bytes, *, path: str, index: int, kind: str, message: str) -> Message:
    return Message(
        path=path, index=index, kind="mail", ok=False, error=ReadError(kind, message),
        record_id=identity.of_bytes(data), content_hash=identity.of_content("mail", "", "", "", ()),
        message_id=None, in_reply_to=None, references=(), subject="", sender=None, to=(), cc=(), delivered_to=(),
        date=None, text="", new_text="", language="und", flags=(kind,),
    )  # fmt: skip


def _message(
    data: bytes,
    root: Part,
    sorted_body: Body,
    files: list[Attachment],
    hint: str | None,
    trace: Trace | None,
    *,
    path: str,
    index: int,
) -> Message:
    senders = addresses.addresses(root.all("from") or root.all("sender"), hint=hint)
    sender = next((s for s in senders if s.address), senders[0] if senders else None)
    subject = next(filter(None, (headers.text(s, hint=hint) for s in root.all("subject"))), "")
    ids = headers.message_ids(root.all("message-id")[:1])
    replies = headers.message_ids(root.all("in-reply-to"))
    text = sorted_body.text
    references = headers.message_ids(root.all("references"))
    to, cc = addresses.addresses(root.all("to"), hint=hint), addresses.addresses(root.all("cc"), hint=hint)
    delivered_to = tuple(a.address for a in addresses.addresses(root.all("delivered-to")))
    recipients = (*(a.address for a in (*to, *cc)), *delivered_to)
    parties = parties_of(root, sender, recipients, hint=hint)
    flags = _flags(root, sorted_body, files)
    flags |= dict.fromkeys(machine.flags_of(root, parties, subject, text, trace))
    passed_on = [] if root.content_type == "multipart/report" or "bounce" in flags else files
    answers = bool(replies or references)
    given = envelope_of(subject, parties, (*to, *cc), answers=answers, pages=sorted_body.pages)
    new_text, in_doubt = own_words(text, given, passed_on, trace)
    if is_transliterated(new_text, text, subject):
        flags["transliterated"] = None
    if in_doubt:
        flags[IN_DOUBT] = None
    return Message(
        path=path,
        index=index,
        kind="mail",
        ok=True,
        error=None,
        record_id=identity.of_mail(ids[0] if ids else None, parties.address, data),
        content_hash=identity.of_content(
            "mail", parties.address, subject, new_text or text, files, earlier_text(text, new_text)
        ),
        message_id=ids[0] if ids else None,
        in_reply_to=replies[0] if replies else None,
        references=references,
        subject=subject,
        sender=sender,
        to=to,
        cc=cc,
        delivered_to=delivered_to,
        date=dates.first_date(root.all("date")),
        text=text,
        new_text=new_text,
        language=language_of(new_text, text, subject, files, trace),
        attachments=tuple(files),
        flags=tuple(flags),
        reply_to=parties.reply_to,
    )


def _flags(root: Part, sorted_body: Body, files: list[Attachment]) -> dict[str, None]:
    flags = dict(sorted_body.flags)
    flags.update(dict.fromkeys(attachments.of_the_whole(files)))
    if sorted_body.html and not sorted_body.plain:
        flags["html_only"] = None
    if not sorted_body.text.strip():
        flags["empty_body"] = None
    if wrappers.is_encrypted(root):
        flags["encrypted"] = None
    return flags


def _charset_hint(root: Part) -> str | None:
    """The charset the mail's own text parts declare: raw 8-bit headers are usually in the same one."""
    for part in root.walk():
        declared = headers.parameters(part.header("content-type")).get("charset", "")
        if charset.known(declared) not in ("", "ascii"):
            return declared
    return None


def _files(loose: list[Loose], hint: str | None, reading: Reading, depth: int) -> list[Attachment]:
    out: list[Attachment] = []
    trace = reading.trace
    for item in loose:
        if trace is not None:
            reading = replace(reading, trace=trace.inside(f"attachment {len(out) + 1}"))
        if item.part.size > reading.max_bytes * _SWELLING:
            out.append(_unheld(item))
        elif item.part.content_type.startswith("message/") or _is_saved_mail(item):
            out.append(_nested(item, hint, reading, depth))
        else:
            out.extend(_file(item, reading, depth))
            if reading.ocr and sum(1 for a in out if a.text_source == "ocr") >= reading.max_scans:
                reading = replace(reading, ocr=False, too_many_scans=True)
    return out


_SWELLING = 1.5
"""A part of more than so many times the limit exceeds it in any transfer encoding: it is measured and not kept in memory."""


def _unheld(item: Loose) -> Attachment:
    size, sha256 = transfer.measure(item.part)
    name = body.clean_name(item.filename)
    return Attachment(name, item.part.content_type, size, sha256, "", "none", flags=("too_large",))


def _file(item: Loose, reading: Reading, depth: int) -> list[Attachment]:
    data, defects = transfer.content(item.part)
    if not data and not item.filename:
        return []
    if kinds.sniff(data) == "tnef":
        return _winmail(data, item.filename, reading)
    name = body.clean_name(item.filename)
    if attachments.is_outlook(data, name):
        return _outlook(data, name, item.part.content_type, reading, depth)
    signed = attachments.signed_mail(data)
    if signed is not None and depth < reading.max_nesting:
        blank = attachments.unread(data, name, item.part.content_type)
        return attachments.under_watch(blank, reading, lambda: [_signed(signed, blank, reading, depth)])
    found = attachments.read(
        data,
        filename=name,
        content_type=item.part.content_type,
        reading=reading,
        inline=item.inline,
        declared=headers.parameters(item.part.header("content-type")).get("charset"),
    )
    if item.cut or (reading.too_many_scans and "ocr_off" in found.flags):
        defects |= {"truncated"}
    return [replace(found, flags=(*found.flags, *sorted(defects))) if defects else found]


_MAILS = ("message/rfc822", "message/global", "message/news", "message/partial")


def _is_saved_mail(item: Loose) -> bool:
    """A mail that was saved to a file and attached: programs then call it an octet stream."""
    return item.filename.lower().endswith(".eml")


def _winmail(data: bytes, filename: str, reading: Reading) -> list[Attachment]:
    blank = attachments.unread(data, body.clean_name(filename) or "winmail.dat", "application/ms-tnef")
    return attachments.under_watch(blank, reading, lambda: winmail.unpacked(data, filename, reading))


def _outlook(data: bytes, name: str, kind: str, reading: Reading, depth: int) -> list[Attachment]:
    blank = attachments.unread(data, name, kind)
    if depth >= reading.max_nesting:
        return [replace(blank, flags=("too_deep",))]

    def read() -> list[Attachment]:
        streams = ole.streams_of(data)
        if streams is None or ole.IS_OUTLOOK not in streams:
            return [replace(blank, flags=("unreadable" if streams is None else "unsupported",))]
        inner = outlook.read_outlook(ole.outlook(streams), data, path="", reading=reading, depth=depth + 1)
        return [attachments.of_message(data, inner, filename=name, content_type=kind)]

    return attachments.under_watch(blank, reading, read)


def _nested(item: Loose, hint: str | None, reading: Reading, depth: int) -> Attachment:
    data, _ = transfer.content(item.part)
    name = body.clean_name(item.filename)
    kind = item.part.content_type
    if kind not in _MAILS and not _is_saved_mail(item):
        return attachments.read(data, filename=name, content_type=kind, reading=reading)
    if depth >= reading.max_nesting:
        found = attachments.read(data, filename=name, content_type=kind, reading=reading)
        return replace(found, flags=(*found.flags, "too_deep"))
    blank = attachments.unread(data, name or "message.eml", kind)
    return attachments.under_watch(blank, reading, lambda: [_inner(data, name, kind, reading, depth)])[0]


def _signed(words: bytes, blank: Attachment, reading: Reading, depth: int) -> Attachment:
    """A mail inside a signature, with the size and digest of the file that came."""
    found = _inner(words, blank.filename, blank.content_type, reading, depth)
    return replace(found, size=blank.size, sha256=blank.sha256)


def _inner(data: bytes, name: str, kind: str, reading: Reading, depth: int) -> Attachment:
    inner = read_mail(data, path="", index=0, reading=reading, depth=depth + 1)
    return attachments.of_message(data, inner, filename=name, content_type=kind)
