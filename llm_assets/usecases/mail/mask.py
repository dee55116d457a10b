"""What leaves the house: a mail or document as a provider sees it, for a person to look at before the first night."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from llm_assets.domain.desk.model_choice import shown_scans
from llm_assets.domain.mail.document import Case, Document, Message, Priority, Received, Role
from llm_assets.domain.profile import ReadingRules
from llm_assets.intake.pii.masking import mask_case
from llm_assets.intake.read import read_bytes


def masked_preview(path: Path, rules: ReadingRules) -> Iterator[str]:
    """Every message in the file as the case that it would be alone: fenced, masked and cut as it is sent; then what of
    its scans would be shown if it were not masked. Raises OSError for an unreadable file."""
    for message in read_bytes(path.read_bytes(), path=str(path)):
        case = _alone(message)
        yield mask_case(case).text
        scans = len(shown_scans(case, rules, None))
        if scans:
            yield (
                f"[{scans} scan{'s' if scans > 1 else ''} that text recognition could not read, kept in the house: only a "
                "queue with `mask: false` shows scans to a model]"
            )


def _alone(message: Message) -> Case:
    now = datetime.now(UTC)
    received = Received("files", message.path, now.date(), "", message.kind, now)
    document = Document(received, message, "", Priority.NORMAL, message.record_id, Role.FIRST)
    return Case(message.record_id, message.record_id, now.date(), "", Priority.NORMAL, (document,))
