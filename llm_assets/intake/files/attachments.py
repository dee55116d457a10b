"""Attachments to text: the kind of the bytes, the reader for it, and its text with flags.

The readers themselves are in pdf, office, ocr, archive, rtf and html. Those that need large libraries are imported when
the first file of their kind comes: most reader processes meet none.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from llm_assets.domain.mail.document import Attachment, Message
from llm_assets.intake.bytes import charset, cms, ole, opening, wrappers
from llm_assets.intake.bytes.kinds import sniff
from llm_assets.intake.files import rtf, web_archive
from llm_assets.intake.pages import html
from llm_assets.intake.reading import Extract, Reading
from llm_assets.intake.text import calendar, card

MAX_TEXT = 1_000_000


def unread(data: bytes, filename: str, content_type: str, *, flags: tuple[str, ...] = ()) -> Attachment:
    """The attachment before its text."""
    sha256 = hashlib.sha256(data).hexdigest()
    return Attachment(filename, content_type, len(data), sha256, "", "none", flags=flags)


def read(
    data: bytes,
    *,
    filename: str,
    content_type: str,
    reading: Reading,
    inline: bool = False,
    declared: str | None = None,
) -> Attachment:
    """The attachment with its text. Never raises: what cannot be read is named in the flags.

    `declared` is the charset the mail gives for a text file.
    """
    blank = unread(data, filename, content_type, flags=("inline",) if inline else ())
    if len(data) > reading.max_bytes:
        return replace(blank, flags=(*blank.flags, "too_large"))
    return under_watch(
        blank, reading, lambda: [_read(data, blank, reading, inline=inline, declared=declared)]
    )[0]


def under_watch(
    blank: Attachment, reading: Reading, read: Callable[[], list[Attachment]]
) -> list[Attachment]:
    """What `read` gives; the attachment alone, without its text, where it must not be read or has broken a reader."""
    if not reading.files:
        return [blank]
    broke = reading.watch.begins(blank.sha256)
    if broke is not None:
        return [replace(blank, flags=(*blank.flags, broke))]
    found = read()  # where it raises, it has not ended: that is the attachment to blame
    reading.watch.ends()
    return found


def _read(
    data: bytes, blank: Attachment, reading: Reading, *, inline: bool, declared: str | None
) -> Attachment:
    extract = _guarded(data, blank, reading, inline=inline, declared=declared)
    text = extract.text.replace("\x00", "")
    flags = dict.fromkeys((*blank.flags, *extract.flags))
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        flags["truncated"] = None
    return replace(
        blank,
        text=text,
        text_source=extract.source,
        pages=extract.pages,
        ocr_confidence=extract.ocr_confidence,
        flags=tuple(flags),
    )


def _guarded(
    data: bytes, blank: Attachment, reading: Reading, *, inline: bool, declared: str | None
) -> Extract:
    """Catches every error of the parsing libraries: a file that breaks one of them is flagged, and the others are read."""
    kind = sniff(data, filename=blank.filename, content_type=blank.content_type)
    try:
        return _extract(data, kind, reading, filename=blank.filename, inline=inline, declared=declared)
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise  # a panic of a Rust library is no Exception and cannot be imported to be named here
        return Extract(flags=("unreadable", "reader_failed"))


def _extract(
    data: bytes, kind: str, reading: Reading, *, filename: str, inline: bool, declared: str | None
) -> Extract:
    match kind:
        case "pdf":
            from llm_assets.intake.files import pdf

            return pdf.read_pdf(data, reading, _member)
        case "image":
            from llm_assets.intake.files.ocr import read_image

            return read_image(data, reading, inline=inline)
        case "zip":
            from llm_assets.intake.files import archive
            from llm_assets.intake.files.office import packages

            return packages.read_zip_document(data, reading) or archive.read_archive(data, reading, _member)
        case "gzip" | "bzip2" | "xz" | "tar":
            from llm_assets.intake.files import archive

            return archive.read_packed(data, kind, filename, reading, _member)
        case "packed":
            return Extract(flags=("archive", "unsupported"))
        case "ole":
            return _compound(data)
        case "rtf":
            found = rtf.read(data)
            return Extract(found.text, "office", flags=() if found.whole else ("truncated",))
        case "html":
            return _html(data, declared, reading)
        case "web_archive":
            return web_archive.read_web_archive(data, reading)
        case "signed":
            return _signed(data, reading, filename=filename)
        case "encrypted":
            return Extract(flags=("encrypted",))
        case "xml_workbook" | "xml_document" | "xml_open_document":
            from llm_assets.intake.files.office import office_xml

            return office_xml.read_office_xml(data, kind) or _plain(data, declared)
        case "text" | "calendar" | "card":
            return _plain(data, declared)
        case "empty":
            return Extract(flags=("empty",))
        case _:
            return Extract(flags=("unsupported",))


def _signed(data: bytes, reading: Reading, *, filename: str) -> Extract:
    """The document inside a signature. A signature beside its document holds none."""
    found = cms.opened(data)
    if found is None:
        return Extract(flags=("unreadable",))
    if found.content is None:
        return Extract(flags=("signature",))
    name = _unsigned_name(filename)
    kind = sniff(found.content, filename=name)
    if kind == "signed":
        return Extract(flags=("too_deep",))
    if kind == "text" and opening.begins_like_mail(found.content):
        kind = "web_archive"
    extract = _extract(found.content, kind, reading, filename=name, inline=False, declared=None)
    return extract if found.whole else replace(extract, flags=(*extract.flags, "truncated"))


def _unsigned_name(filename: str) -> str:
    while filename.lower().endswith((".p7m", ".p7s", ".sig", ".cms", ".p7b", ".p7c", ".p7", ".sgn")):
        filename = filename.rpartition(".")[0]
    return filename


def _member(data: bytes, filename: str, reading: Reading) -> Attachment:
    """A file inside an archive; archives inside archives stay closed."""
    from llm_assets.intake.files.office import packages

    kind = sniff(data, filename=filename)
    packed = kind in ("gzip", "bzip2", "xz", "tar", "packed")
    if packed or (kind == "zip" and packages.read_zip_document(data, reading) is None):
        return Attachment(filename, "application/zip", len(data), "", "", "none", flags=("nested_archive",))
    return read(data, filename=filename, content_type="", reading=reading)


def _compound(data: bytes) -> Extract:
    streams = ole.streams_of(data)
    if streams is None:
        return Extract(flags=("unreadable",))
    if ("worddocument",) in streams:
        text = ole.word_text(streams)
        return Extract(text, "office") if text is not None else Extract(flags=("encrypted",))
    if ("encryptedpackage",) in streams:
        return Extract(flags=("encrypted",))
    if ("workbook",) in streams or ("book",) in streams:
        from llm_assets.intake.files.office import workbook

        return workbook.read_old_workbook(data, streams.get(("workbook",), b""))
    return Extract(flags=("unsupported",))


def _html(data: bytes, declared: str | None, reading: Reading) -> Extract:
    whole = len(data) <= html.MAX_HTML
    decoded = charset.decode(data[: html.MAX_HTML], declared or html.declared_charset(data))
    reading.saw(decoded.text)
    page = html.to_text(decoded.text)
    flags = (
        *(() if whole else ("truncated",)),
        *(("charset_guessed",) if decoded.guessed else ()),
        *(("hidden_text",) if page.hidden else ()),
    )
    return Extract(page.text, "plain", flags=flags)


def _plain(data: bytes, declared: str | None) -> Extract:
    decoded = charset.decode(data[: 4 * MAX_TEXT], declared)
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    flags = ("charset_guessed",) if decoded.guessed and decoded.charset != "utf-8" else ()
    if calendar.is_calendar(text):
        text = calendar.to_text(text)
    elif card.is_card(text):
        text = card.to_text(text)
    elif wrappers.is_armoured(text):
        return Extract(flags=(*flags, "encrypted"))
    return Extract(text, "plain", flags=(*flags, "truncated") if len(data) > 4 * MAX_TEXT else flags)


def signed_mail(data: bytes) -> bytes | None:
    """The mail that a signature is around; None for every other file."""
    found = cms.opened(data) if sniff(data) == "signed" else None
    if found is None or found.content is None or not opening.begins_like_mail(found.content):
        return None
    return found.content


def is_outlook(data: bytes, filename: str) -> bool:
    """A mail saved by Outlook, by its container and by a stream that no other file has."""
    return sniff(data) == "ole" and (filename.lower().endswith(".msg") or ole.OUTLOOK_STREAM in data)


_OF_THE_WHOLE = {
    "poor_scan",
    "encrypted",
    "unreadable",
    "too_large",
    "truncated",
    "crashed",
    "timeout",
    "too_deep",
}


def of_the_whole(files: Iterable[Attachment]) -> Iterator[str]:
    """Flags of its attachments that say a message was not read in full."""
    return (flag for file in files for flag in file.flags if flag in _OF_THE_WHOLE)


def of_message(data: bytes, message: Message, *, filename: str, content_type: str) -> Attachment:
    """A mail inside a mail: its head, body and the texts of its own attachments."""
    sender = message.sender
    who = f"{sender.name} <{sender.address}>" if sender is not None else ""
    head = [f"From: {who}"] if who else []
    head += [f"Date: {message.date.isoformat()}"] if message.date is not None else []
    head += [f"Subject: {message.subject}"] if message.subject else []
    inner = [f"[{a.filename}]\n{a.text}" for a in message.attachments if a.text.strip()]
    hidden = [f for f in message.flags if f == "hidden_text"]
    return Attachment(
        filename=filename or "message.eml",
        content_type=content_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        text="\n\n".join(["\n".join(head), message.text, *inner]).strip(),
        text_source="message",
        flags=tuple(
            dict.fromkeys((*hidden, *(f for a in message.attachments for f in a.flags if f != "inline")))
        ),
    )
