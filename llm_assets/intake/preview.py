"""What leaves the house: the masked text of a mail or document, for a person to look at before the first night."""

from collections.abc import Iterator
from pathlib import Path

from llm_assets.intake.pii import mask_text
from llm_assets.intake.read import read_bytes


def masked_preview(path: Path) -> Iterator[str]:
    """Subject, text and attachment texts of every message in the file, masked. Raises OSError for an unreadable file."""
    for message in read_bytes(path.read_bytes(), path=str(path)):
        names = [message.sender.name] if message.sender is not None and message.sender.name else []
        parts = [message.subject, message.new_text or message.text, *(a.text for a in message.attachments)]
        yield mask_text("\n\n".join(p for p in parts if p), names).text
