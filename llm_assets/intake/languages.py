"""The language of a whole message, from its parts in the order in which they count."""

from collections.abc import Iterable

from llm_assets.domain.document import Attachment
from llm_assets.intake import language


def of_message(new_text: str, text: str, subject: str, files: Iterable[Attachment]) -> str:
    """Of what the sender wrote; of the subject or the attachments only where they wrote nothing."""
    for candidate in (new_text, text, subject, *(a.text for a in files)):
        found = language.detect(candidate)
        if found != "und":
            return found
    return "und"
