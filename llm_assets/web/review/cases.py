"""The page of a case, and which case comes next."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from llm_assets.usecases.review.case_page import CasePage, case_page
from llm_assets.usecases.review.clusters import Cluster, Doubtful
from llm_assets.usecases.review.decide import UnknownRecordError
from llm_assets.usecases.review.people import Person
from llm_assets.web.review.desk import Desk, clusters_of, day_of

LEASE = timedelta(minutes=2)
LISTED = 300
AHEAD = 3
"""Cases that a page asks for before they are needed."""


def routes(app: Desk) -> list[Route]:
    return [Route("/case/{day}/{case_id}/{step}", _case(app)), Route("/next", _next(app))]


def following_in(made: list[Cluster], after: str, count: int) -> list[Doubtful]:
    """The next doubts after one, in the order of the start page, round to its beginning."""
    order = [m for c in made for m in c.members]
    place = next((i + 1 for i, m in enumerate(order) if m.key == after), 0)
    return [m for m in (*order[place:], *order[:place]) if m.key != after][:count]


def _next(app: Desk) -> Callable[[Request], Any]:
    async def following(request: Request) -> Response:
        person = await app.decider(request)
        after = request.query_params.get("after", "")
        day = day_of(after.partition("/")[0])
        found = await app.run(lambda: following_in(clusters_of(app, person, day), after, LISTED))
        return JSONResponse({"next": [m.key for m in found]})

    return following


def _case(app: Desk) -> Callable[[Request], Any]:
    async def case(request: Request) -> Response:
        person = await app.decider(request)
        day, case_id, step = (
            day_of(request.path_params["day"]),
            request.path_params["case_id"],
            request.path_params["step"],
        )
        found, following, cluster, holder = await app.run(lambda: _look(app, person, day, case_id, step))
        part = "part" in request.query_params
        return app.page(
            "case_part.html.j2" if part else "case.html.j2",
            person=person,
            case=found,
            step=found.steps[step],
            following=following,
            cluster=cluster,
            holder=holder,
        )

    return case


def _look(
    app: Desk, person: Person, day: date, case_id: str, step: str
) -> tuple[CasePage, list[Doubtful], Cluster | None, str | None]:
    found = case_page(app.assembly, day, case_id)
    if not person.sees(found.queue) or step not in found.steps:
        raise UnknownRecordError(f"{day} has no such case in your queues")
    key = f"{day.isoformat()}/{case_id}/{step}"
    made = clusters_of(app, person, day)
    cluster = next((c for c in made if any(m.key == key for m in c.members)), None)
    until = app.assembly.clock() + LEASE
    holder = app.assembly.ledger.people.lease(day, case_id, person.name, until)
    return found, following_in(made, key, AHEAD), cluster, holder
