"""A session with one mailbox over IMAP: log in, list, examine, fetch. Which messages are new is decided in `look.py`.

Nothing here changes what is in a mailbox: folders are opened with EXAMINE, bodies fetched with PEEK. Only `append` adds a
message, for `drafts_folder.py`. All errors are classified here.
Errors never repeat a server's text, because an answer that arrives out of order may hold mail text; they name only
response codes.
"""

import logging
import os
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]
from imapclient.exceptions import (  # type: ignore[import-untyped]
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    LoginError,
)

from llm_assets.domain.errors import BlockedError, DeskError, TransientError, UnreachableError
from resources.settings.sources import ImapAccount

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
"""The longest time a server may send nothing in the middle of a command."""
LOGOUT_SECONDS = 2.0
TRY_SECONDS = 20.0
LISTED_AT_ONCE = 50_000
"""Messages whose numbers are requested in one command, so that the answer stays below the megabyte that imaplib reads."""
PIECE_BYTES = 1 << 20
UNREADABLE_FOLDERS = frozenset({b"\\noselect", b"\\nonexistent"})
NO_INCOMING_MAIL = frozenset({b"\\sent", b"\\drafts", b"\\junk", b"\\trash", b"\\all", b"\\flagged"})

_PASSING_REFUSALS = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})
_CODE = re.compile(r"\[([A-Z][A-Z-]*)")
_BROKEN_ANSWERS = (
    IMAPClientError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
)
"""The errors of the library, and those its parsers raise for a malformed answer."""
_NO_TLS_SPOKEN = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})


class Examined(NamedTuple):
    """The state of a folder when it was opened."""

    folder: str
    validity: int
    """UIDVALIDITY: when it changes, all known numbers of messages are void."""
    next_uid: int | None
    messages: int


class Facts(NamedTuple):
    """What the server reports about a message before it is fetched."""

    arrived_at: datetime | None
    size: int
    """Bytes, as the server reports them; some servers are wrong."""


@contextmanager
def open_mailbox(account: ImapAccount, *, seconds: float | None = None) -> Iterator["Mailbox"]:
    """A session, logged in. The connection is closed after `seconds`, whatever the server is doing.

    Raises UnreachableError when no server answers, TransientError when the connection breaks, and BlockedError for what
    a person has to change.
    """
    logging.getLogger("imapclient").setLevel(logging.WARNING)  # it would log every line the server sends
    password = _password(account)
    client = _connected(account, seconds)
    cut = threading.Timer(seconds, _cut, [client]) if seconds is not None else None
    try:
        if cut is not None:
            cut.daemon = True
            cut.start()
        with _errors_classified(account):
            _secure(client, account)
        _log_in(client, account, password)
        yield Mailbox(client, account)
    except BaseException:
        with suppress(OSError):
            client.shutdown()
        raise
    else:
        _log_out(client)
    finally:
        if cut is not None:
            cut.cancel()


def try_account(account: ImapAccount) -> str:
    """Tries an account and describes it in one sentence. Raises the errors of `open_mailbox` and `examine`."""
    with open_mailbox(account, seconds=TRY_SECONDS) as mailbox:
        names = [name for pattern in account.folders for name in mailbox.matching(pattern)]
        if not names:
            raise BlockedError(
                f"no folder is named {', '.join(account.folders)}: correct folders in sources.yaml"
            )
        folders = [mailbox.examine(name) for name in dict.fromkeys(names)]
    messages = sum(folder.messages for folder in folders)
    named = folders[0].folder if len(folders) == 1 else f"{len(folders)} folders"
    secured = "unencrypted" if account.security == "none" else account.security
    return f"{account.address} lets {account.user} in ({secured}), {messages} messages in {named}"


def _password(account: ImapAccount) -> str:
    password = os.environ.get(account.password_env, "")
    if not password:
        raise BlockedError(f"mailbox {account.name} has no password: set {account.password_env}")
    return password


def _connected(account: ImapAccount, seconds: float | None) -> IMAPClient:
    limit = min(seconds, READ_SECONDS) if seconds is not None else READ_SECONDS
    tls = _tls(account) if account.security == "tls" else None
    try:
        client = IMAPClient(
            account.host,
            port=account.server_port,
            ssl=tls is not None,
            ssl_context=tls,
            timeout=SocketTimeout(min(limit, CONNECT_SECONDS), limit),
        )
    except IMAPClientAbortError:
        raise _broken(account) from None
    except IMAPClientError:  # BYE instead of a greeting
        raise TransientError(f"{account.address} turns everybody away, or is no mail server") from None
    except _BROKEN_ANSWERS as err:
        raise _classified(account, err) from None
    client.normalise_times = False
    return client


def _tls(account: ImapAccount) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=account.ca_file)
    except (OSError, ssl.SSLError) as err:
        raise BlockedError(
            f"ca_file of mailbox {account.name} cannot be used: {account.ca_file} has to be a certificate in PEM format"
        ) from err


def _secure(client: IMAPClient, account: ImapAccount) -> None:
    if account.security != "starttls":
        return
    try:
        client.starttls(_tls(account))
    except CapabilityError as err:
        raise BlockedError(
            f"{account.address} offers no STARTTLS, so no password was sent: use security: tls and its port"
        ) from err


def _log_in(client: IMAPClient, account: ImapAccount, password: str) -> None:
    try:
        with _errors_classified(account):
            # LOGIN sends ASCII only and leaves the name unquoted.
            log_in = client.plain_login if client.has_capability("AUTH=PLAIN") else client.login
        log_in(account.user, password)
    except LoginError as err:
        if isinstance(
            err.__context__, IMAPClientAbortError
        ):  # imapclient reports a broken connection as a refusal
            raise _broken(account) from None
        raise _refusal(account, str(err)) from None
    except _BROKEN_ANSWERS as err:
        raise _classified(account, err) from None


def _refusal(account: ImapAccount, answer: str) -> DeskError:
    code = _code(answer)
    if code.strip(" ()") in _PASSING_REFUSALS:
        return TransientError(f"{account.address} lets nobody in at the moment{code}")
    return BlockedError(
        f"{account.address} refuses the login of mailbox {account.name}{code}: correct its user in sources.yaml or "
        f"{account.password_env}"
    )


def _code(answer: str) -> str:
    """The response code of a refusal, in brackets; the rest of the answer may hold anything."""
    found = _CODE.search(answer)
    return f" ({found[1]})" if found is not None else ""


def _cut(client: IMAPClient) -> None:
    with suppress(OSError):
        client.socket().shutdown(socket.SHUT_RDWR)


def _log_out(client: IMAPClient) -> None:
    """Logs out. Errors of the connection are ignored, because all work on it is done."""
    with suppress(*_BROKEN_ANSWERS):
        client.socket().settimeout(LOGOUT_SECONDS)
        client.logout()
        return
    with suppress(OSError, AttributeError):
        client.shutdown()


@contextmanager
def _errors_classified(account: ImapAccount) -> Iterator[None]:
    try:
        yield
    except DeskError:
        raise
    except _BROKEN_ANSWERS as err:
        raise _classified(account, err) from None


def _classified(account: ImapAccount, err: Exception) -> DeskError:
    match err:
        case ssl.SSLCertVerificationError():
            return BlockedError(
                f"the certificate of {account.address} is not trusted ({err.verify_message}): correct host, or name its "
                f"authority as ca_file of mailbox {account.name}"
            )
        case ssl.SSLError() if err.reason in _NO_TLS_SPOKEN:
            return BlockedError(
                f"{account.address} does not speak TLS from the start: correct port or security of mailbox {account.name}"
            )
        case socket.gaierror():
            return UnreachableError(f"the name {account.host} cannot be resolved: check it and the network")
        case ConnectionRefusedError():
            return UnreachableError(f"{account.address} refuses connections: check port and server")
        case TimeoutError():
            return UnreachableError(f"{account.address} does not answer: check network and server")
        case IMAPClientAbortError() | OSError():
            return _broken(account)
        case _:
            return TransientError(f"{account.address} gave an answer that makes no sense here")


def _broken(account: ImapAccount) -> TransientError:
    return TransientError(f"the connection to {account.address} broke off")


@dataclass(frozen=True)
class Mailbox:
    """A session. One folder is open at a time: the one that was examined last."""

    client: IMAPClient
    account: ImapAccount

    def matching(self, pattern: str) -> list[str]:
        """The folders that match a pattern and receive mail; a name without `*` and `%` is taken literally."""
        if not {"*", "%"} & set(pattern):
            return ["INBOX" if pattern.upper() == "INBOX" else pattern]
        with _errors_classified(self.account):
            listed = self.client.list_folders("", pattern)
        names = [name for flags, _, name in listed if not _has(flags, UNREADABLE_FOLDERS | NO_INCOMING_MAIL)]
        return sorted("INBOX" if name.upper() == "INBOX" else name for name in names)

    def examine(self, folder: str) -> Examined:
        """Opens a folder for reading. Raises BlockedError with the folder's name when that is not possible."""
        try:
            answer = self.client.select_folder(folder, readonly=True)
        except IMAPClientAbortError:
            raise _broken(self.account) from None
        except IMAPClientError as err:
            raise BlockedError(
                f"folder {folder} of mailbox {self.account.name} cannot be opened{_code(str(err))}: correct folders in "
                "sources.yaml"
            ) from None
        except _BROKEN_ANSWERS as err:
            raise _classified(self.account, err) from None
        if b"UIDVALIDITY" not in answer:
            raise BlockedError(f"{self.account.address} gives messages of {folder} no lasting numbers")
        return Examined(folder, answer[b"UIDVALIDITY"], answer.get(b"UIDNEXT"), answer.get(b"EXISTS", 0))

    def uids(self, opened: Examined, since: date) -> set[int]:
        """Numbers of the messages that arrived on that day or later, by the server's time zone."""
        if opened.messages <= LISTED_AT_ONCE:
            return self.search(["SINCE", since])
        found: set[int] = set()
        for first in range(1, opened.messages + 1, LISTED_AT_ONCE):
            last = min(first + LISTED_AT_ONCE - 1, opened.messages)
            found |= self.search([f"{first}:{last}", "SINCE", since])
        return found

    def still_there(self, uids: Sequence[int]) -> set[int]:
        return self.search(["UID", ",".join(map(str, uids))]) & set(uids) if uids else set()

    def special_folder(self, use: bytes) -> str | None:
        """The folder that the server marks with this special use, else one of the usual names; None where there is none."""
        with _errors_classified(self.account):
            name: str | None = self.client.find_special_folder(use)
        return name

    def append(self, folder: str, message: bytes, flags: Sequence[bytes], at: datetime) -> None:
        """Adds a message to a folder. Raises BlockedError when the server takes none there."""
        try:
            self.client.append(folder, message, flags, at)
        except IMAPClientAbortError:
            raise _broken(self.account) from None
        except IMAPClientError as err:
            raise BlockedError(
                f"folder {folder} of mailbox {self.account.name} takes no message{_code(str(err))}: look at its quota and rights"
            ) from None
        except _BROKEN_ANSWERS as err:
            raise _classified(self.account, err) from None

    def search(self, criteria: list[Any]) -> set[int]:
        """Numbers of the messages of the open folder that fit."""
        with _errors_classified(self.account):
            return set(self.client.search(criteria))

    def facts(self, uids: Sequence[int]) -> dict[int, Facts]:
        """The facts of those messages that still exist."""
        answer = self._fetch(uids, ["INTERNALDATE", "RFC822.SIZE"])
        with _errors_classified(self.account):
            return {
                uid: Facts(_in_utc(found.get(b"INTERNALDATE")), int(found[b"RFC822.SIZE"]))
                for uid, found in answer.items()
                if b"RFC822.SIZE" in found
            }

    def headers(self, uids: Sequence[int], name: str) -> dict[int, bytes]:
        """One header field of each message, unparsed."""
        answer = self._fetch(uids, [f"BODY.PEEK[HEADER.FIELDS ({name})]"])
        return {uid: _part(found, b"BODY[HEADER") or b"" for uid, found in answer.items()}

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The whole messages, without those that the server does not send."""
        answer = self._fetch(uids, ["BODY.PEEK[]"])
        parts = {uid: _part(found, b"BODY[]") for uid, found in answer.items()}
        return {uid: body for uid, body in parts.items() if body is not None}

    def write(self, uid: int, size: int, most: int, path: Path) -> int | None:
        """Writes a message into a file, piece by piece, and returns its bytes; None when the server does not send it.

        It stops beyond `most` bytes. Neither the reported size nor a short piece alone counts as the end, because servers
        are wrong about both.
        """
        with path.open("wb") as file:
            while (at := file.tell()) <= most:
                answer = self._fetch([uid], [f"BODY.PEEK[]<{at}.{PIECE_BYTES}>"])
                piece = _part(answer.get(uid, {}), b"BODY[]")
                if not piece:
                    return None if piece is None and (at == 0 or at < size) else at
                file.write(piece)
                if len(piece) < PIECE_BYTES and file.tell() >= size:
                    break
            return file.tell()

    def _fetch(self, uids: Sequence[int], what: Sequence[str]) -> dict[int, dict[bytes, Any]]:
        with _errors_classified(self.account):
            answer: dict[int, dict[bytes, Any]] = self.client.fetch(list(uids), list(what))
        return answer


def _has(flags: Sequence[bytes], wanted: frozenset[bytes]) -> bool:
    return any(isinstance(flag, bytes) and flag.lower() in wanted for flag in flags)


def _part(found: dict[bytes, Any], name: bytes) -> bytes | None:
    """The part of an answer whose key starts with `name`; servers differ in how they write the rest of the key."""
    for key, value in found.items():
        if key.startswith(name) and isinstance(value, bytes):
            return value
    return None


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
