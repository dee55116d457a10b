"""The start page: the night's doubts in clusters."""

from collections.abc import Callable
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from llm_assets.usecases.review.people import Person
from llm_assets.usecases.review.queue.clusters import minutes_for
from llm_assets.usecases.review.queue.open_doubts import days_with_doubts
from llm_assets.web.review.desk import Desk, clusters_of, day_of


def routes(app: Desk) -> list[Route]:
    return [Route("/", _start(app))]


def _start(app: Desk) -> Callable[[Request], Any]:
    async def start(request: Request) -> Response:
        person = await app.person(request)
        given = request.query_params.get("day")
        found = await app.run(lambda: _overview(app, person, day_of(given) if given else None))
        return app.page("start.html.j2", person=person, **found)

    return start


def _overview(app: Desk, person: Person, day: date | None) -> dict[str, Any]:
    days = days_with_doubts(app.assembly)
    shown = day or (days[0] if days else None)
    made = clusters_of(app, person, shown) if shown is not None else []
    doubts = sum(len(c.members) for c in made)
    held = app.assembly.ledger.people.leases(shown) if shown is not None else {}
    by_queue: dict[str, int] = {}
    for each in made:
        by_queue[each.head.queue] = by_queue.get(each.head.queue, 0) + len(each.members)
    return {
        "days": days,
        "day": shown,
        "clusters": made,
        "doubts": doubts,
        "minutes": minutes_for(len(made)),
        "held": {case: who for case, who in held.items() if who != person.name},
        "by_queue": by_queue,
    }
