"""Who may do what over HTTP: sessions in a cookie, changes from our own pages only, headers that keep mail from acting."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

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

    def failed(self, *keys: str) -> None:
        at = self.now()
        if len(self._failed) > 10_000:
            self._failed = {k: v for k, v in self._failed.items() if at - v[-1] < WINDOW_SECONDS}
        for key in keys:
            self._failed.setdefault(key, []).append(at)
            del self._failed[key][:-TRIES]


async def body_of(request: Request) -> bytes:
    """Raises HTTPException for a body that no page of ours sends."""
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > LARGEST_BODY:
            raise refused(413, f"That is more than {LARGEST_BODY} bytes.")
        parts.append(part)
    return b"".join(parts)


def refused(status: int, sentence: str) -> HTTPException:
    return HTTPException(status, sentence)
