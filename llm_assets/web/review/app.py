"""The review app: its rooms of addresses, templates and refusals put together."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from llm_assets.domain.errors import DeskError
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review.case_rows import CaseRows
from llm_assets.usecases.review.people import Person
from llm_assets.usecases.review.queue.clustered import Clustered
from llm_assets.usecases.review.queue.open_doubts import Doubts
from llm_assets.usecases.review.single_sign_on import sign_on
from llm_assets.usecases.review.wording import noted, question
from llm_assets.web.review import (
    cases,
    deciding,
    looking,
    originals,
    precision,
    releasing,
    reports,
    signing_in,
    start,
    texts,
    tracing,
)
from llm_assets.web.review.desk import Desk
from llm_assets.web.review.guard import HEADERS, Guard
from llm_assets.web.review.in_browser import IN_BROWSER
from llm_assets.words.sentence import sentence_of
from llm_assets.words.words import words_in

HERE = Path(__file__).parent
log = structlog.get_logger()


def application(
    assembly: Assembly, *, secure: bool, entry: str | None, owner: Person | None, address: str = ""
) -> Starlette:
    """`entry` is the token of the link that `owner` may sign in with once; None where people have accounts. `address` is
    where people open the app.

    Raises ConfigurationError.
    """
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    words = words_in(assembly.settings.language)
    words.dress(pages)
    pages.globals |= {
        "question": lambda reason: words.sentence(question(reason)),
        "noted": lambda step: noted(step.reason, step.detail, words),
        "in_browser": {text: words.say(text) for text in IN_BROWSER},
    }
    zone = assembly.settings.calendar.zone
    pages.filters["at"] = lambda moment: words.moment(moment.astimezone(zone))
    pages.filters["words"] = lambda text: words.name(str(text))
    pages.filters["each"] = lambda names: ", ".join(words.name(str(name)) for name in names)
    links = [entry] if entry is not None else []
    elsewhere = sign_on(assembly, address)
    app = Desk(
        assembly, pages, Clustered(Doubts(assembly)), CaseRows(assembly), secure, links, owner, elsewhere
    )
    rooms = (
        start,
        cases,
        deciding,
        signing_in,
        originals,
        tracing,
        precision,
        releasing,
        texts,
        reports,
        looking,
    )
    routes = [route for room in rooms for route in room.routes(app)]
    starlette = Starlette(
        routes=[*routes, Mount("/static", StaticFiles(directory=HERE / "static"))],
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: _sentence(app), DeskError: _trouble(app), Exception: _broke(app)},
    )
    starlette.router.redirect_slashes = False
    return starlette


def _sentence(app: Desk) -> Callable[[Request, Exception], Any]:
    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 401 and request.method == "GET":
            return RedirectResponse("/signin", 303)
        return _said(app, request, error.status_code, app.words.sentence(error.detail))

    return answer


def _trouble(app: Desk) -> Callable[[Request, Exception], Any]:
    async def answer(request: Request, error: Exception) -> Response:
        return _said(app, request, 503, app.words.sentence(sentence_of(error)))

    return answer


def _broke(app: Desk) -> Callable[[Request, Exception], Any]:
    """A defect of ours, of which nobody outside learns anything. It is answered outside of `Guard`."""

    async def answer(request: Request, error: Exception) -> Response:
        last = traceback.extract_tb(error.__traceback__)[-1]
        log.error("a request was not answered", defect=type(error).__name__, at=f"{last.name}:{last.lineno}")
        response = _said(
            app, request, 500, app.words.say("The page cannot be shown; see the log of this app.")
        )
        response.headers.update(HEADERS)
        return response

    return answer


def _said(app: Desk, request: Request, status: int, said: str) -> Response:
    if "application/json" in request.headers.get("content-type", ""):
        return JSONResponse({"said": said}, status)
    return app.page("sentence.html.j2", status, said=said)
