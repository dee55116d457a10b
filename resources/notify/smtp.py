"""Mail to people over SMTP. Errors name the server and its code, never its words."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from llm_assets.domain.errors import BlockedError, DeskError, TransientError, UnreachableError
from resources.notify.deadline import also, cut_off
from resources.notify.message import Message
from resources.settings.notifications import MailPlace

SECONDS = 15.0


def mail_of(place: MailPlace, message: Message) -> bytes:
    """The bytes that are sent: the same with every try."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = place.sender
    mail["To"] = ", ".join(place.to)
    mail["Subject"] = message.title
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.message_id}.{place.name}@{place.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    mail.set_content(message.text)
    return mail.as_bytes()


def send(place: MailPlace, message: Message) -> str:
    """Sends it to everybody of the place; returns what is wrong nevertheless, empty when nothing is.

    Raises UnreachableError, TransientError, or BlockedError for what a person has to change.
    """
    data = mail_of(place, message)
    with _session(place) as server:
        refused = server.sendmail(place.sender, list(place.to), data)
    if not refused:
        return ""
    codes = ", ".join(sorted({str(code) for code, _ in refused.values()}))
    return f"{place.address} refused {len(refused)} of {len(place.to)} receivers of {place.name} ({codes})"


def try_place(place: MailPlace) -> str:
    """Logs in and out again. Raises the errors of `send`."""
    with _session(place) as server:
        server.noop()
    secured = "unencrypted" if place.security == "none" else place.security
    return f"{place.address} takes mail ({secured}) for {len(place.to)} people"


class _Watched(smtplib.SMTP):
    """Puts its connection into a list, to be cut off."""

    def __init__(self, place: MailPlace, watched: list[socket.socket]) -> None:
        self._watched = watched
        super().__init__(place.host, place.server_port, timeout=SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._watched.append(also(made))
        return made


class _WatchedTls(smtplib.SMTP_SSL, _Watched):
    """Its connection is watched before TLS is spoken."""

    def __init__(self, place: MailPlace, watched: list[socket.socket]) -> None:
        self._watched = watched
        smtplib.SMTP_SSL.__init__(self, place.host, place.server_port, timeout=SECONDS, context=_tls(place))


@contextmanager
def _session(place: MailPlace) -> Iterator[smtplib.SMTP]:
    watched: list[socket.socket] = []
    with cut_off(watched), _talking(place, watched) as server:
        yield server


@contextmanager
def _talking(place: MailPlace, watched: list[socket.socket]) -> Iterator[smtplib.SMTP]:
    try:
        server = (_WatchedTls if place.security == "tls" else _Watched)(place, watched)
    except OSError as err:
        raise _unreachable(place, err) from None
    except smtplib.SMTPException as err:
        raise _refused(place, err) from None
    try:
        _log_in(place, server)
        yield server
    except (smtplib.SMTPException, OSError, ValueError) as err:
        raise _refused(place, err) from None
    finally:
        _quit(server)


def _log_in(place: MailPlace, server: smtplib.SMTP) -> None:
    if place.security == "starttls":
        server.ehlo_or_helo_if_needed()
        if not server.has_extn("starttls"):
            raise BlockedError(
                f"{place.address} offers no STARTTLS, so nothing was sent to {place.name}: use security: tls and its port"
            )
        server.starttls(context=_tls(place))
    if place.user is not None:
        server.login(place.user, place.password)


def _quit(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):  # whatever was sent has been answered before
        server.close()


def _tls(place: MailPlace) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=place.ca_file)
    except (OSError, ssl.SSLError):
        raise BlockedError(
            f"ca_file of {place.name} cannot be used: {place.ca_file} has to be a certificate in PEM format"
        ) from None


def _unreachable(place: MailPlace, err: OSError) -> DeskError:
    if isinstance(err, ssl.SSLError):
        return BlockedError(
            f"{place.address} of {place.name} cannot be trusted or speaks no TLS: correct security, port or ca_file"
        )
    said = err.strerror or type(err).__name__
    return UnreachableError(f"{place.address} of {place.name} does not answer ({said})")


def _refused(place: MailPlace, err: Exception) -> DeskError:
    if isinstance(err, smtplib.SMTPAuthenticationError):
        return BlockedError(
            f"{place.address} refuses the login of {place.name} ({err.smtp_code}): correct user and {place.password_env}"
        )
    if isinstance(err, UnicodeEncodeError):
        return BlockedError(
            f"user or {place.password_env} of {place.name} has letters that SMTP's login cannot carry: use ASCII"
        )
    if isinstance(err, smtplib.SMTPNotSupportedError):
        return BlockedError(
            f"{place.address} offers no login for {place.name}: leave user and password_env out"
        )
    if isinstance(err, smtplib.SMTPRecipientsRefused):
        codes = ", ".join(sorted({str(code) for code, _ in err.recipients.values()}))
        return TransientError(f"{place.address} refuses every receiver of {place.name} ({codes}): correct to")
    if isinstance(err, smtplib.SMTPResponseException):
        return TransientError(f"{place.address} refuses the mail for {place.name} ({err.smtp_code})")
    if isinstance(err, ssl.SSLError):
        return BlockedError(
            f"{place.address} of {place.name} cannot be trusted: correct ca_file or the server's certificate"
        )
    return TransientError(f"{place.address} broke off while {place.name} was told ({type(err).__name__})")
