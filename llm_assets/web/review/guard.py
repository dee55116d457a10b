"""Who may do what over HTTP: sessions in a cookie, changes from our own pages only, headers that keep mail from acting."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "desk_session"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LARGEST_BODY = 1_000_000
FIELDS = 20
"""Of a form."""
TRIES, WINDOW_SECONDS = 10, 300
"""Passwords that may be tried for a name and from an address before each has to wait."""

Next = Callable[[Request], Awaitable[Response]]


class Guard(BaseHTTPMiddleware):
    """Refuses changes from foreign pages and adds the headers."""

    async def dispatch(self, request: Request, call_next: Next) -> Response:
        if request.method not in ("GET", "HEAD") and not is_own(request.headers):
            return Response("This change does not come from the desk's own page.", 403, HEADERS)
        response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def is_own(headers: Headers) -> bool:
    """Whether a change comes from a page of ours: by Sec-Fetch-Site, else by Origin. Without both it does not."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin", "")
    return origin.partition("://")[2] == headers.get("host", "-")


@dataclass
class Tries:
    """Failed attempts to sign in. Old ones are forgotten; so are names, once there are many."""

    now: Callable[[], float] = time.monotonic
    _failed: dict[str, list[float]] = field(default_factory=dict)

    def wait(self, *keys: str) -> int:
        """Seconds until another try is allowed; 0 for now."""
        at = self.now()
        left = 0.0
        for key in keys:
            recent = [t for t in self._failed.get(key, []) if at - t < WINDOW_SECONDS]
            if len(recent) >= TRIES:
                left = max(left, recent[-TRIES] + WINDOW_SECONDS - at)
        return int(left) + 1 if left > 0 else 0

    def begin(self, *keys: str) -> None:
        """Counts as failed until `succeeded`, so that a hundred tries at once are no way around it."""
        at = self.now()
        if len(self._failed) > 10_000:
            self._failed = {k: v for k, v in self._failed.items() if v and at - v[-1] < WINDOW_SECONDS}
        for key in keys:
            self._failed.setdefault(key, []).append(at)
            del self._failed[key][:-TRIES]

    def succeeded(self, *keys: str) -> None:
        for key in keys:
            if self._failed.get(key):
                self._failed[key].pop()


async def body_of(request: Request) -> bytes:
    """Raises HTTPException for a body that no page of ours sends."""
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > LARGEST_BODY:
            raise refused(413, f"That is more than {LARGEST_BODY} bytes.")
        parts.append(part)
    return b"".join(parts)


async def json_of(request: Request) -> dict[str, Any]:
    """The object that a page of ours has sent. Raises ValueError for anything else; `orjson` refuses halves of characters, endless
    numbers and endless depth too."""
    given = orjson.loads(await body_of(request))
    if not isinstance(given, dict):
        raise ValueError("an object is sent, nothing else")
    return given


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, each once. Raises HTTPException for what no form of ours sends."""
    body = (await body_of(request)).decode("utf-8", "replace")
    try:
        given = parse_qs(body, max_num_fields=FIELDS)
    except ValueError as err:
        raise refused(422, "The text is not whole; load the page again.") from err
    if any("\0" in value for values in given.values() for value in values):
        raise refused(422, "The text is not whole; load the page again.")
    return {name: values[0] for name, values in given.items()}


def refused(status: int, sentence: str) -> HTTPException:
    return HTTPException(status, sentence)
