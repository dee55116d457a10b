"""A released draft as a mail that nobody has sent yet: RFC 5322 with the headers that keep it in its customer's thread. Pure.

The headers are written here, not by the `email` package: Python 3.11 writes a long id in In-Reply-To or References as an
encoded word (CPython issue 79986), and Outlook then shows the reply as a thread of its own.
"""

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime

from llm_assets.domain.digest import digest
from llm_assets.domain.mail.document import Address

DOMAIN = "drafts.llm-assets.invalid"
"""Right side of our Message-IDs: a name that nobody can own (RFC 6761), since mail programs replace the id when they send."""
MOST_REFERENCES = 20
"""Of a longer thread the first and the newest are named, as RFC 5536 3.4.4 recommends for its References."""

_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,900}")
"""What may stand between angle brackets; a line may have 998 characters."""
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ANSWERS = re.compile(r"^(?:\s*(?:re|aw|fwd?|отв|ответ|жауап)\s*:)+\s*", re.IGNORECASE)
_PLAIN = re.compile(r"[ -~]{0,60}")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a mail program is given."""

    message_id: str
    """Of our making, without angle brackets: the same for the same case and text."""
    sender: str
    """The queue's mailbox; empty where it has none: the mail program then uses its own."""
    to: Address | None
    """None where the customer has no address that mail can be sent to."""
    subject: str
    body: str
    topic: str
    """Subject of the mail that is answered."""
    answers: str
    """Message-ID of the mail that is answered; empty where it has none."""
    references: Sequence[str]
    """Message-IDs of the thread, oldest first, that of the answered mail last."""
    at: datetime
    """When it was released."""

    def as_bytes(self) -> bytes:
        """Always the same bytes, in ASCII, with CRLF."""
        text = _IN_TEXT.sub("", self.body.replace("\r\n", "\n").replace("\r", "\n")).rstrip("\n") + "\n"
        lines = base64.encodebytes(text.replace("\n", "\r\n").encode("utf-8", "replace"))
        head = "\r\n".join(self._headers())
        return head.encode("ascii") + b"\r\n\r\n" + lines.replace(b"\n", b"\r\n")

    def _headers(self) -> Iterator[str]:
        yield f"Message-ID: <{self.message_id}>"
        yield f"Date: {format_datetime(self.at.astimezone(UTC))}"
        if sender := mail_address(self.sender):
            yield f"From: {sender}"
        if self.to is not None and (address := mail_address(self.to.address)):
            yield f"To: {_named(self.to.name, address)}"
        yield f"Subject: {_encoded(self.subject, 'Subject')}"
        if topic := _ANSWERS.sub("", self.topic).strip():
            yield f"Thread-Topic: {_encoded(topic, 'Thread-Topic')}"
        if _is_id(self.answers):
            yield f"In-Reply-To: <{self.answers}>"
        if known := [each for each in dict.fromkeys(self.references) if _is_id(each)]:
            if len(known) > MOST_REFERENCES:
                known = [known[0], *known[1 - MOST_REFERENCES :]]
            yield "References: " + "\r\n ".join(f"<{each}>" for each in known)
        yield "X-Unsent: 1"  # Outlook opens the file for editing
        yield "MIME-Version: 1.0"
        yield 'Content-Type: text/plain; charset="utf-8"'
        yield "Content-Transfer-Encoding: base64"


def message_id_for(day: str, case_id: str, text: str) -> str:
    """The id of a case's draft; `text` is the digest of what it says."""
    return f"{digest([day, case_id, text])}@{DOMAIN}"


def mail_address(given: str) -> str:
    """The address as a header may hold it, a domain beyond ASCII by its IDNA name; empty for what is no address."""
    local, at, domain = given.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii") if domain else ""
    except UnicodeError:
        return ""
    fits = at and len(local) <= 64 and len(domain) <= 253 and "=?" not in local
    return f"{local}@{domain}" if fits and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain) else ""


def _named(name: str, address: str) -> str:
    plain = _CONTROL.sub(" ", name).strip()[:200]
    if not plain:
        return address
    if _PLAIN.fullmatch(plain) and "=?" not in plain:
        escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address}>'
    return f"{_words(plain, 'To')}\r\n <{address}>"


def _encoded(text: str, header: str) -> str:
    """A header's text; what is long, not ASCII, or looks encoded already, as encoded words."""
    plain = _CONTROL.sub(" ", text).strip()[:500]
    return plain if _PLAIN.fullmatch(plain) and "=?" not in plain else _words(plain, header)


def _words(plain: str, header: str) -> str:
    return Header(plain, "utf-8", maxlinelen=75, header_name=header).encode(linesep="\r\n")


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None
