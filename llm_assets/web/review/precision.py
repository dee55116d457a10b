"""The page of precision: how often people agree with the model, and what each threshold costs them."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from llm_assets.usecases.agreement.calibration import NEEDED, calibration
from llm_assets.usecases.review.queue.open_doubts import days_with_doubts
from llm_assets.web.review.desk import Desk, day_of


def routes(app: Desk) -> list[Route]:
    return [Route("/precision", _precision(app))]


def _precision(app: Desk) -> Callable[[Request], Any]:
    async def precision(request: Request) -> Response:
        person = await app.person(request)
        given = request.query_params.get("day")
        days = await app.run(lambda: days_with_doubts(app.assembly))
        day = day_of(given) if given else next(iter(days), None)
        found = await app.run(lambda: calibration(app.assembly, day).queues) if day is not None else []
        seen = [each for each in found if person.sees(each.queue)]
        return app.page("precision.html.j2", person=person, day=day, queues=seen, needed=NEEDED)

    return precision
