"""What of a whole message counts: the words its sender wrote or passed on, and their language."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from llm_assets.domain.mail.document import Address, Attachment
from llm_assets.intake.text import language, quotes, romanised
from llm_assets.intake.words import ByLanguage, WordFile, load_words


class _ContentWords(WordFile):
    forward_prefixes: ByLanguage


_WORDS = load_words(Path(__file__).with_name("content.yaml"), _ContentWords)
_FORWARD_SUBJECT = re.compile(rf"^\s*(?:\w{{2,6}}\s?:\s*)?{_WORDS.forward_prefixes.pattern()}\s?[:.]", re.I)


def own_words(
    text: str, subject: str, sender: str, recipients: Sequence[Address], files: Sequence[Attachment]
) -> str:
    """The sender's new text; a mail forwarded as an attachment counts when they add no more than a cover note."""
    forwarded = _FORWARD_SUBJECT.match(subject) is not None
    own = quotes.new_text(
        text, sender=sender, forwarded_to=[a.address for a in recipients] if forwarded else ()
    )
    nested = [a.text for a in files if a.text_source == "message" and a.content_type != "application/ms-tnef"]
    if not nested or not quotes.is_cover(own.split("\n")):
        return own
    return "\n\n".join(t for t in (own, *(quotes.new_text(_without_head(n)) for n in nested)) if t.strip())


def _without_head(text: str) -> str:
    head, _, rest = text.partition("\n\n")
    return rest if head.startswith(("From: ", "Date: ", "Subject: ")) else text


def language_of(new_text: str, text: str, subject: str, files: Iterable[Attachment]) -> str:
    """Of what the sender wrote; of the subject or the attachments only where they wrote nothing."""
    for candidate in (new_text, text, subject, *(a.text for a in files)):
        found = language.detect(candidate)
        if found != "und":
            return found
    return "und"


def is_transliterated(new_text: str, text: str, subject: str) -> bool:
    """What the sender wrote, or the subject where they wrote nothing, is Russian or Kazakh in Latin letters."""
    written = next((t for t in (new_text, text, subject) if any(c.isalpha() for c in t)), "")
    return romanised.language_of(written) is not None
