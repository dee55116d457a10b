"""Originals: a mail's page for a sandboxed frame, attachments as downloads, and pictures of their pages.

What strangers wrote is answered with headers of its own: nothing on it runs, loads, submits or leaves the frame.
"""

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from llm_assets.usecases.review import originals
from llm_assets.usecases.review.originals import AT_ONCE, Place, SafePage, UnshownError
from llm_assets.web.review.desk import Desk, day_of

FRAME_STYLE = (
    "body{margin:12px;font:15px/1.5 system-ui,sans-serif;color:#111;background:#fff;overflow-wrap:anywhere}"
    "pre{white-space:pre-wrap;font:inherit}img{max-width:100%;height:auto}"
    ".notice{color:#57606a;border-bottom:1px solid #d5dae0;margin:0 0 12px;padding-bottom:8px}"
)
INERT = {"Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'"}
"""For a file that a browser shows although it is sent as a download."""


def routes(app: Desk) -> list[Route]:
    looks = CapacityLimiter(AT_ONCE)  # so that forty pages of scans leave threads for decisions
    message = "/original/{day}/{case_id}/{message}"
    return [
        Route(message, _page(app, looks)),
        Route(message + "/files/{number:int}", _file(app, looks)),
        Route(message + "/files/{number:int}/pages/{page:int}", _picture(app, looks)),
    ]


def _place(request: Request) -> Place:
    given = request.path_params
    return Place(day_of(given["day"]), given["case_id"], given["message"])


def _page(app: Desk, looks: CapacityLimiter) -> Callable[[Request], Any]:
    async def page(request: Request) -> Response:
        person = await app.decider(request)
        place = _place(request)
        try:
            found = await app.run(lambda: originals.safe_page(app.assembly, person, place), looks)
        except UnshownError as err:
            found = SafePage("", (), 0, cut=False, text=str(err))
        shown = app.pages.get_template("original.html.j2").render(found=found, style=FRAME_STYLE)
        headers = {"Content-Security-Policy": frame_policy(found.styles), "X-Frame-Options": "SAMEORIGIN"}
        return HTMLResponse(shown, headers=headers)

    return page


def _file(app: Desk, looks: CapacityLimiter) -> Callable[[Request], Any]:
    async def file(request: Request) -> Response:
        person = await app.decider(request)
        place, number = _place(request), request.path_params["number"]
        found = await app.run(lambda: originals.download(app.assembly, person, place, number), looks)
        headers = INERT | {"Content-Disposition": disposition(found.filename)}
        return Response(found.data, headers=headers, media_type=found.media_type)

    return file


def _picture(app: Desk, looks: CapacityLimiter) -> Callable[[Request], Any]:
    async def picture(request: Request) -> Response:
        person = await app.decider(request)
        place, number, page = _place(request), request.path_params["number"], request.path_params["page"]
        data = await app.run(lambda: originals.page_picture(app.assembly, person, place, number, page), looks)
        return Response(data, headers=INERT, media_type="image/jpeg")

    return picture


def frame_policy(styles: tuple[str, ...]) -> str:
    """Only the pictures inside the page, and only the styles that were let through, each by its digest."""
    own = " ".join(map(_source, (FRAME_STYLE, *styles)))
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-hashes' {own}; sandbox; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'self'"
    )


def _source(style: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def disposition(filename: str) -> str:
    """Content-Disposition with the name twice, as RFC 6266 asks: in ASCII, and in full by RFC 5987."""
    plain = (
        filename.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
