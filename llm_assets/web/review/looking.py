"""A browser shows a case that it had fetched before: others learn of it, and it learns what has changed since."""

from collections.abc import Callable
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from llm_assets.usecases.review.case_page import queue_of
from llm_assets.usecases.review.decide import UnknownRecordError
from llm_assets.usecases.review.people import Person
from llm_assets.usecases.review.queue.decided_cases import newest_number
from llm_assets.web.review.cases import AHEAD, following_for, hold
from llm_assets.web.review.desk import Desk, clusters_of, day_of
from llm_assets.web.review.guard import json_of, refused
from llm_assets.words.sentence import Sentence


def routes(app: Desk) -> list[Route]:
    return [Route("/looking", _looking(app), methods=["POST"])]


def _looking(app: Desk) -> Callable[[Request], Any]:
    async def post(request: Request) -> Response:
        person = await app.decider(request)
        try:
            given = await json_of(request)
            day, case_id, step = day_of(str(given["day"])), str(given["case_id"]), str(given["step"])
        except (ValueError, KeyError, TypeError) as err:
            raise refused(422, "Which case is it? Load the page again.") from err
        return JSONResponse(await app.run(lambda: _found(app, person, day, case_id, step)))

    return post


def _found(app: Desk, person: Person, day: date, case_id: str, step: str) -> dict[str, Any]:
    if not person.sees(queue_of(app.cases, day, case_id)):
        raise UnknownRecordError(Sentence("%(day)s has no such case in your queues", day=str(day)))
    holder = hold(app, person, day, case_id)
    key = f"{day.isoformat()}/{case_id}/{step}"
    following = following_for(app, person, day, key)[:AHEAD]
    is_open = any(m.key == key for c in clusters_of(app, person, day) for m in c.members)
    seen = newest_number(app.assembly.ledger.review, day, case_id, step)
    return {"holder": holder, "seen": seen, "open": is_open, "next": [m.key for m in following]}
