"""The page on which a person sees everything that happened to one case."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from llm_assets.usecases.records.trace import NotTracedError, Traced, trace
from llm_assets.usecases.review.people import Person
from llm_assets.web.review.desk import Desk, day_of
from llm_assets.web.review.guard import refused
from llm_assets.words.sentence import sentence_of


def routes(app: Desk) -> list[Route]:
    return [Route("/trace/{day}/{record}", _trace(app))]


def _trace(app: Desk) -> Callable[[Request], Any]:
    async def page(request: Request) -> Response:
        person = await app.decider(request)
        day, record = day_of(request.path_params["day"]), request.path_params["record"]
        found = await app.run(lambda: _found(app, person, day, record))
        return app.page("trace.html.j2", person=person, traced=found, as_json=as_json)

    return page


def _found(app: Desk, person: Person, day: date, record: str) -> Traced:
    try:
        return trace(app.assembly, record, day, person)
    except NotTracedError as err:
        raise refused(404, sentence_of(err)) from err


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
