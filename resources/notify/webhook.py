"""A signed request to a program, as Standard Webhooks says (standardwebhooks.com, version 1).

The id of the message is the same with every try, so that a receiver drops one that comes twice. No redirect is followed,
and nothing of the answer is repeated.
"""

import socket
import ssl
import urllib.error
import urllib.request
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import orjson
from standardwebhooks import Webhook

from llm_assets.domain.errors import DeskError, TransientError, UnreachableError
from resources.notify.deadline import also, cut_off
from resources.notify.message import Message
from resources.settings.notifications import WebhookPlace
from resources.settings.sources import is_loopback

SECONDS = 15.0


def payload_of(message: Message) -> bytes:
    """The body that is signed: type, timestamp and data, as the standard recommends."""
    data = {"title": message.title, "text": message.text, **message.facts}
    body = {"type": message.kind, "timestamp": message.at.isoformat(), "data": data}
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def request_of(place: WebhookPlace, message: Message, now: datetime) -> urllib.request.Request:
    payload = payload_of(message)
    at = now.astimezone(UTC)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "llm-assets",
        "webhook-id": f"msg_{message.message_id}",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(place.secret).sign(f"msg_{message.message_id}", at, payload.decode()),
    }
    return urllib.request.Request(place.url, payload, headers, method="POST")  # noqa: S310 - http or https alone


def send(place: WebhookPlace, message: Message, now: datetime) -> str:
    """Sends it; 2xx means that it was taken. Returns the empty text.

    Raises UnreachableError, TransientError, and ConfigurationError for a secret that cannot be used.
    """
    asked = request_of(place, message, now)
    watched: list[socket.socket] = []
    try:
        with cut_off(watched), _opener(place, watched).open(asked, timeout=SECONDS):
            return ""
    except urllib.error.HTTPError as err:
        with err:
            raise _answered(place, err.code) from None
    except (OSError, HTTPException, ValueError) as err:
        raise _unreachable(place, err) from None


def signs_for(place: WebhookPlace) -> str:
    """Looks at the secret alone: whatever is sent there would be news. Raises ConfigurationError."""
    Webhook(place.secret)
    return f"{place.address} is told by requests signed with {place.secret_env}"


class _Watching(urllib.request.AbstractHTTPHandler):
    """Puts its connections into a list, to be cut off; before a proxy or TLS is spoken to."""

    def __init__(self, watched: list[socket.socket]) -> None:
        super().__init__()
        self._watched = watched
        self.http_request = self.https_request = self.do_request_
        self.http_open = partial(self.do_open, self._by(HTTPConnection))
        self.https_open = partial(
            self.do_open, self._by(HTTPSConnection), context=ssl.create_default_context()
        )

    def _by(self, kind: type[HTTPConnection]) -> Any:  # what `do_open` calls for a connection
        def made(host: str, **given: Any) -> HTTPConnection:
            connection = kind(host, **given)
            connection._create_connection = self._connected  # type: ignore[attr-defined]
            return connection

        return made

    def _connected(self, *given: Any) -> socket.socket:
        made = socket.create_connection(*given)
        self._watched.append(also(made))
        return made


def _opener(place: WebhookPlace, watched: list[socket.socket]) -> urllib.request.OpenerDirector:
    """Without redirects: whoever answers the new address was not named by anybody. Through the environment's proxy, but never
    to this machine: a proxy elsewhere would look for it on itself."""
    straight = is_loopback(urlsplit(place.url).hostname or "")
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler({} if straight else None))
    opener.add_handler(_Watching(watched))
    opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    return opener


def _answered(place: WebhookPlace, status: int) -> DeskError:
    cure = {
        401: "correct the secret there or here",
        403: "correct the secret there or here",
        404: "correct url",
        410: "it wants no more messages: remove it",
    }.get(status, "correct url where it stays so" if status < 500 and status != 429 else "it is tried again")
    return TransientError(f"{place.address} of {place.name} answers {status}: {cure}")


def _unreachable(place: WebhookPlace, err: Exception) -> DeskError:
    reason = err.reason if isinstance(err, urllib.error.URLError) else err
    said = getattr(reason, "strerror", None) or type(reason).__name__
    return UnreachableError(f"{place.address} of {place.name} does not answer ({said})")
