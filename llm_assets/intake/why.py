"""Why a message reads as it does, as the JSON objects of `parse --why`: what its readers noted, and the rest from what they
found. Every flag has a reason here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from llm_assets.domain.mail.document import Message
from llm_assets.domain.mail.injection import INSTRUCTS
from llm_assets.intake.trace import Note

MEANINGS: Mapping[str, str] = {
    "archive": "a packed file: the documents in it were read",
    "auto_submitted": "written by a program",
    "bounce": "a mail of ours was not delivered",
    "bulk": "sent to many",
    "charset_guessed": "the declared charset is missing, unknown or does not fit the bytes",
    "crashed": "reading it ended its process",
    "doubtful_scan": "the words of the scan are not sure",
    "empty": "it holds nothing",
    "empty_body": "the mail has no text of its own",
    "encrypted": "it is encrypted or has a password",
    "hidden_sheet": "a hidden sheet is part of the text",
    "hidden_text": "words that the page hides were left out",
    "html_only": "the text comes from HTML alone",
    "inline": "a picture that is shown in the text",
    "instructs_model": "words that give a model orders",
    "kept_in_doubt": "words were kept that may be an earlier mail or a signature",
    "malformed_mime": "a part without a proper beginning or end",
    "nested_archive": "a packed file in a packed file was not opened",
    "ocr_off": "the scan was not read: text recognition was off",
    "ocr_timeout": "time for the scan ran out",
    "ocr_unavailable": "the scan was not read: Tesseract is missing",
    "poor_scan": "text recognition could not read the scan",
    "raw_damaged": "its bytes are others than were received",
    "raw_missing": "its bytes are gone",
    "reader_failed": "a library failed while reading it",
    "signature": "a signature that stands beside its document",
    "timeout": "reading it took too long",
    "too_deep": "a mail deeper inside mails than are read",
    "too_large": "larger than the limit",
    "too_many_parts": "more parts than are read",
    "transliterated": "Russian or Kazakh in Latin letters",
    "truncated": "cut at a limit, or it arrived cut",
    "unreadable": "damaged",
    "unreadable_page": "some pages or sheets cannot be read",
    "unsupported": "no reader knows this kind of file",
}


def reasons(message: Message, notes: Sequence[Note]) -> list[dict[str, Any]]:
    """One object for each rule that cut, chose or flagged something. `notes` are those of its trace."""
    return [_json(note) for note in dict.fromkeys((*notes, *_found(message, notes)))]


def _found(message: Message, notes: Iterable[Note]) -> Iterator[Note]:
    """What the message itself says: who counts as the customer, how attachments were read, and flags without a note."""
    if message.error is not None:
        yield Note("reading", message.error.kind, "message")
    if message.customer != message.sender:
        yield Note("reply-to", "customer chosen: Reply-To over From", "header")
    for number, attachment in enumerate(message.attachments, start=1):
        part = f"attachment {number}"
        sure = attachment.ocr_confidence
        confidence = f", words sure by {sure:.0f} of 100" if sure is not None else ""
        yield Note("attachment", f"text from: {attachment.text_source}{confidence}", part)
        for flag in attachment.flags:
            yield Note("attachment", part=part, flag=flag)
    of_files = {flag for attachment in message.attachments for flag in attachment.flags}
    noted = {note.flag for note in notes} | of_files
    for flag in message.flags:
        if flag == INSTRUCTS:
            yield Note("instructions", f"signals: {', '.join(message.instructions)}", "message", flag=flag)
        elif flag not in noted:
            yield Note("message", part="message", flag=flag)
    if message.instructions and INSTRUCTS not in message.flags:
        yield Note(
            "instructions", f"signals, too weak for a flag: {', '.join(message.instructions)}", "message"
        )


def _json(note: Note) -> dict[str, Any]:
    meaning = MEANINGS.get(note.flag, note.flag.replace("_", " "))
    return {
        "rule": note.rule,
        "part": note.part,
        "what": note.what or meaning,
        "lines": [note.first, note.last] if note.first is not None else None,
        "flag": note.flag or None,
    }
