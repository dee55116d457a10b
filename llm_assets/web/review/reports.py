"""The newest report of a night at an address of its own, for the links of Dagster and of notifications."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from llm_assets.usecases.review.night_page import may_read_report, newest_page
from llm_assets.web.review.desk import Desk, day_of
from llm_assets.web.review.guard import refused
from llm_assets.words.sentence import Sentence

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
"""The report is one file with its style in it. Nothing of it runs, and it loads nothing."""


def routes(app: Desk) -> list[Route]:
    return [Route("/report/{day}", _report(app))]


def _report(app: Desk) -> Callable[[Request], Any]:
    async def report(request: Request) -> Response:
        person = await app.person(request)
        if not may_read_report(person):
            raise refused(403, "A report names cases of all queues, which you do not all see.")
        day = day_of(request.path_params["day"])
        page = await app.run(lambda: newest_page(app.assembly, day))
        if page is None:
            raise refused(404, Sentence("There is no report of %(day)s yet.", day=str(day)))
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": POLICY})

    return report
