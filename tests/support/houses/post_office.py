"""A real mail server on loopback: it keeps what it takes, and a test says whom it refuses and what it wants."""

import email
import email.policy
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

LOGIN = ("desk", "unguessable-9")
BUSY = "451 4.3.0 Please try again: CONFIDENTIAL words of the server"
NOBODY = "550 5.1.1 No such user"


@dataclass
class PostOffice:
    """Its handler, too: aiosmtpd calls these methods."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    receivers: list[list[str]] = field(default_factory=list)
    busy: bool = False
    unknown: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.unknown:
            return NOBODY
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.busy:
            return BUSY
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.receivers.append(list(envelope.rcpt_tos))
        return "250 Taken"


def _let_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == LOGIN
    return AuthResult(success=known, handled=False)


@contextmanager
def post_office(folder: Path | None = None, security: str = "none") -> Iterator[PostOffice]:
    """`folder` holds server.pem and server.key where `security` is tls or starttls; these want the login."""
    office = PostOffice(_free_port())
    more: dict[str, Any] = {}
    if security != "none":
        assert folder is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        more = {"auth_required": True, "authenticator": _let_in}
        more |= {"ssl_context": context} if security == "tls" else {"tls_context": context}
        if security == "tls":
            more["auth_require_tls"] = False  # it is inside TLS already, which the library does not count
    controller = Controller(office, hostname="127.0.0.1", port=office.port, **more)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
