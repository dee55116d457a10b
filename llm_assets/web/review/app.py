"""The review app: its rooms of addresses, templates and refusals put together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
from llm_assets.usecases.review.clustered import Clustered
from llm_assets.usecases.review.open_doubts import Doubts
from llm_assets.usecases.review.people import Person
from llm_assets.usecases.review.wording import question
from llm_assets.web.review import cases, deciding, looking, signing_in, start
from llm_assets.web.review.desk import Desk
from llm_assets.web.review.guard import Guard

HERE = Path(__file__).parent


def application(assembly: Assembly, *, secure: bool, entry: str | None, owner: Person | None) -> Starlette:
    """`entry` is the token of the link that `owner` may sign in with once; None where people have accounts."""
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    pages.globals["question"] = question
    pages.filters["words"] = lambda text: str(text).replace("_", " ")
    links = [entry] if entry is not None else []
    app = Desk(assembly, pages, Clustered(Doubts(assembly)), CaseRows(assembly), secure, links, owner)
    rooms = (start, cases, deciding, looking, signing_in)
    routes = [route for room in rooms for route in room.routes(app)]
    starlette = Starlette(
        routes=[*routes, Mount("/static", StaticFiles(directory=HERE / "static"))],
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: _sentence(app), DeskError: _trouble(app)},
    )
    starlette.router.redirect_slashes = False
    return starlette


def _sentence(app: Desk) -> Callable[[Request, Exception], Any]:
    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 401 and request.method == "GET":
            return RedirectResponse("/signin", 303)
        if "application/json" in request.headers.get("content-type", ""):
            return JSONResponse({"said": error.detail}, error.status_code)
        return app.page("sentence.html.j2", error.status_code, said=error.detail)

    return answer


def _trouble(app: Desk) -> Callable[[Request, Exception], Any]:
    async def answer(request: Request, error: Exception) -> Response:
        said = str(error)
        if "application/json" in request.headers.get("content-type", ""):
            return JSONResponse({"said": said}, 503)
        return app.page("sentence.html.j2", 503, said=said)

    return answer
