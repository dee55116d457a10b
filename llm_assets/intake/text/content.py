"""What of a whole message counts: the words its sender wrote or passed on, and their language."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from llm_assets.domain.mail.document import Address, Attachment
from llm_assets.intake.text import heads, language, quotes, romanised
from llm_assets.intake.text.cuts import Place
from llm_assets.intake.text.envelope import Envelope, coloured_answers, quotes_by_markup
from llm_assets.intake.text.quotes import Own
from llm_assets.intake.trace import Note, Trace
from llm_assets.intake.words import ByLanguage, WordFile, load_words

IN_DOUBT = "kept_in_doubt"
"""Flag of a mail whose `new_text` holds words that may be an earlier mail or a signature."""


class _ContentWords(WordFile):
    forward_prefixes: ByLanguage


_WORDS = load_words(Path(__file__).with_name("content.yaml"), _ContentWords)
_FORWARD_SUBJECT = re.compile(rf"^\s*(?:\w{{2,6}}\s?:\s*)?{_WORDS.forward_prefixes.pattern()}\s?[:.]", re.I)


class Correspondents(Protocol):
    """Who wrote a mail."""

    @property
    def name(self) -> str:
        """Of the customer, or empty."""

    @property
    def own_addresses(self) -> frozenset[str]:
        """In lower case."""


def envelope_of(
    subject: str,
    parties: Correspondents,
    recipients: Iterable[Address],
    *,
    answers: bool = False,
    pages: Iterable[str] = (),
) -> Envelope:
    """`answers` says that In-Reply-To or References name a mail, `pages` are the sources of the mail's HTML."""
    pages = tuple(pages)
    forwarded = _FORWARD_SUBJECT.match(subject) is not None
    return Envelope(
        sender=parties.name,
        addresses=parties.own_addresses,
        recipients=frozenset(a.address for a in recipients if a.address),
        answers=answers or forwarded or heads.answers_by_subject(subject) or quotes_by_markup(pages),
        forwarded=forwarded,
        coloured_answers=coloured_answers(pages),
    )


def own_words(text: str, given: Envelope, files: Sequence[Attachment], trace: Trace | None = None) -> Own:
    """The sender's new text; a mail forwarded as an attachment counts when they add no more than a cover note."""
    own = quotes.new_text(text, given, Place(trace) if trace is not None else None)
    nested = [
        (number, a.text)
        for number, a in enumerate(files, start=1)
        if a.text_source == "message" and a.content_type != "application/ms-tnef"
    ]
    if not nested or not quotes.is_cover(own.text.split("\n")):
        return own
    inner = [_passed_on(text, number, trace) for number, text in nested]
    joined = "\n\n".join(t.text for t in (own, *inner) if t.text.strip())
    return Own(joined, own.in_doubt or any(t.in_doubt for t in inner))


def _passed_on(text: str, number: int, trace: Trace | None) -> Own:
    words = _without_head(text)
    if trace is None:
        return quotes.new_text(words, Envelope(answers=True))
    part, head = f"attachment {number}", text[: len(text) - len(words)].count("\n")
    trace.add(
        [Note("forwarded attachment", "its text counts: the mail adds no more than a cover note", part)]
    )
    return quotes.new_text(words, Envelope(answers=True), Place(trace, part, 1 + head))


def _without_head(text: str) -> str:
    head, _, rest = text.partition("\n\n")
    return rest if head.startswith(("From: ", "Date: ", "Subject: ")) else text


def language_of(
    new_text: str, text: str, subject: str, files: Iterable[Attachment], trace: Trace | None = None
) -> str:
    """Of what the sender wrote; of the subject or the attachments only where they wrote nothing."""
    for number, candidate in enumerate((new_text, text, subject, *(a.text for a in files))):
        found = language.detect(candidate)
        if found != "und":
            if trace is not None:
                parts = ("new_text", "text", "subject")
                part = parts[number] if number < len(parts) else f"attachment {number - len(parts) + 1}"
                trace.add([Note("language", f"language chosen: {found}", part)])
            return found
    return "und"


def is_transliterated(new_text: str, text: str, subject: str) -> bool:
    """What the sender wrote, or the subject where they wrote nothing, is Russian or Kazakh in Latin letters."""
    written = next((t for t in (new_text, text, subject) if any(c.isalpha() for c in t)), "")
    return romanised.language_of(written) is not None
