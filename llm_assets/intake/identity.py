"""The identity and the content of a message as digests. Stable over re-reading, machines and transport headers."""

from collections.abc import Sequence

from llm_assets.domain.digest import digest, digest_bytes
from llm_assets.domain.mail.document import Attachment


def of_mail(message_id: str | None, customer: str, raw: bytes) -> str:
    """Record id of a mail: its Message-ID and customer, since a Message-ID used by another customer is another mail."""
    if message_id:
        return digest(["mail", message_id, customer])
    return of_bytes(raw)


def of_bytes(raw: bytes) -> str:
    return of_sha256(digest_bytes(raw))


def of_sha256(sha256: str) -> str:
    """Record id of bytes of which nothing is known but their SHA-256."""
    return digest(["raw", sha256])


def of_entry(kind: str, entry_id: str) -> str:
    """Record id of a CRM record or form: its own id in its system, whichever file brought it."""
    return digest([kind, entry_id])


def of_content(
    kind: str, sender: str, subject: str, text: str, attachments: Sequence[Attachment], earlier: str = ""
) -> str:
    """Changes exactly when something the model would see changes. `earlier` is what it is shown of a quoted mail."""
    files = [[a.filename, a.text if a.text else a.sha256] for a in attachments]
    return digest([kind, sender, subject, text, files, *([earlier] if earlier else [])])
