"""The page of a case, and which case comes next."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from llm_assets.usecases.review.case_page import CasePage, case_page
from llm_assets.usecases.review.decide import UnknownRecordError
from llm_assets.usecases.review.people import Person
from llm_assets.usecases.review.queue.clusters import Cluster, Doubtful
from llm_assets.usecases.review.queue.turns import turns
from llm_assets.web.review.desk import Desk, clusters_of, day_of
from llm_assets.words.sentence import Sentence

LEASE = timedelta(minutes=2)
LISTED = 300
AHEAD = 3
"""Cases that a page asks for before they are needed."""
READ_ALONG = 500
"""Cases whose rows are read in the background: a hundred at once cost what eight do."""


class Looked(NamedTuple):
    """A case as its page shows it."""

    case: CasePage
    following: list[Doubtful]
    cluster: Cluster | None
    holder: str | None


def routes(app: Desk) -> list[Route]:
    return [
        Route("/begin", _begin(app)),
        Route("/case/{day}/{case_id}/{step}", _case(app)),
        Route("/next", _next(app)),
    ]


def following_for(app: Desk, person: Person, day: date, after: str) -> list[Doubtful]:
    """The doubts after one, in this person's turn."""
    held = app.assembly.ledger.people.leases(day)
    return turns(clusters_of(app, person, day), after, held, person.name)


def _begin(app: Desk) -> Callable[[Request], Any]:
    """Chosen when a person begins, not when the start page was loaded: colleagues may have begun since."""

    async def begin(request: Request) -> Response:
        person = await app.decider(request)
        day = day_of(request.query_params.get("day", ""))
        found = await app.run(lambda: following_for(app, person, day, ""))
        return RedirectResponse(f"/case/{found[0].key}" if found else "/", 303)

    return begin


def _next(app: Desk) -> Callable[[Request], Any]:
    async def following(request: Request) -> Response:
        person = await app.decider(request)
        after = request.query_params.get("after", "")
        day = day_of(after.partition("/")[0])
        found = await app.run(lambda: following_for(app, person, day, after))
        return JSONResponse({"next": [m.key for m in found[:LISTED]]})

    return following


def _case(app: Desk) -> Callable[[Request], Any]:
    async def case(request: Request) -> Response:
        person = await app.decider(request)
        day, case_id, step = (
            day_of(request.path_params["day"]),
            request.path_params["case_id"],
            request.path_params["step"],
        )
        part = "part" in request.query_params
        look = _look if part else _look_and_hold
        found, following, cluster, holder = await app.run(lambda: look(app, person, day, case_id, step))
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


def _look_and_hold(app: Desk, person: Person, day: date, case_id: str, step: str) -> Looked:
    found = _look(app, person, day, case_id, step)
    return found._replace(holder=hold(app, person, day, case_id))


def _look(app: Desk, person: Person, day: date, case_id: str, step: str) -> Looked:
    """Takes no lease: a browser asks for the next cases before anybody looks at them."""
    key = f"{day.isoformat()}/{case_id}/{step}"
    made, held = clusters_of(app, person, day), app.assembly.ledger.people.leases(day)
    following = turns(made, key, held, person.name)
    found = case_page(app.cases, day, case_id, [m.case_id for m in following[:READ_ALONG]])
    if not person.sees(found.queue) or step not in found.steps:
        raise UnknownRecordError(Sentence("%(day)s has no such case in your queues", day=str(day)))
    cluster = next((c for c in made if any((m.case_id, m.step) == (case_id, step) for m in c.members)), None)
    return Looked(found, following[:AHEAD], cluster, None)


def hold(app: Desk, person: Person, day: date, case_id: str) -> str | None:
    """Tells colleagues for two minutes that this person looks at the case; returns who does already."""
    until = app.assembly.clock() + LEASE
    return app.assembly.ledger.people.lease(day, case_id, person.name, until)
