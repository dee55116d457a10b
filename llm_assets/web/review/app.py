"""The review app's addresses. Each reads or decides through a use case; pages are templates beside this file."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from llm_assets.domain.errors import ConfigurationError, DeskError
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review import people
from llm_assets.usecases.review.case_page import CasePage, case_page, queue_of
from llm_assets.usecases.review.clusters import Cluster, Doubtful, clusters, minutes_for
from llm_assets.usecases.review.decide import (
    AlreadyDecidedError,
    DecisionKind,
    NothingToDecideError,
    UnknownRecordError,
    Wanted,
    decide,
)
from llm_assets.usecases.review.open_doubts import Doubts, days_with_doubts
from llm_assets.usecases.review.people import Person
from llm_assets.usecases.review.session_figures import figures_of
from llm_assets.usecases.review.wording import question
from llm_assets.web.review.guard import COOKIE, Guard, Tries, body_of, refused

HERE = Path(__file__).parent
LEASE = timedelta(minutes=2)
LISTED = 300
AHEAD = 3
"""Cases that a page asks for before they are needed."""
EARLIEST = timedelta(days=7)
"""A decision that a browser kept while it had no connection may be so old."""


@dataclass(frozen=True)
class _App:
    assembly: Assembly
    pages: Environment
    doubts: Doubts
    secure: bool
    entry: list[str] = field(default_factory=list)
    """The token of the link that a desk without accounts is opened with; taken once."""
    owner: Person | None = None
    tries: Tries = field(default_factory=Tries)

    async def run(self, act: Callable[[], Any]) -> Any:  # what a use case returns
        """In a thread: use cases wait for a database."""
        try:
            return await anyio.to_thread.run_sync(act)
        except UnknownRecordError as err:
            raise refused(404, str(err)) from err
        except (ConfigurationError, NothingToDecideError) as err:
            raise refused(422, str(err)) from err

    def page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        return HTMLResponse(self.pages.get_template(name).render(**values), status)

    async def person(self, request: Request) -> Person:
        token = request.cookies.get(COOKIE, "")
        person = await self.run(lambda: people.person_of(self.assembly, token))
        if person is None:
            raise refused(401, "Sign in to see the desk.")
        return person  # type: ignore[no-any-return]

    async def decider(self, request: Request) -> Person:
        person = await self.person(request)
        if not person.sees_cases:
            raise refused(403, "Your role sees figures, but no cases.")
        return person

    def signed_in(self, token: str) -> Response:
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=self.secure, path="/")
        return response


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
    app = _App(assembly, pages, Doubts(assembly), secure, [entry] if entry is not None else [], owner)
    routes = [
        Route("/", _start(app)),
        Route("/signin", _sign_in_page(app)),
        Route("/signin", _sign_in(app), methods=["POST"]),
        Route("/signout", _sign_out(app), methods=["POST"]),
        Route("/enter", _enter(app)),
        Route("/case/{day}/{case_id}/{step}", _case(app)),
        Route("/decide", _decide(app), methods=["POST"]),
        Route("/next", _next(app)),
        Route("/done", _done(app)),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    starlette = Starlette(
        routes=routes,
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: _sentence(app), DeskError: _trouble(app)},
    )
    starlette.router.redirect_slashes = False
    return starlette


def _start(app: _App) -> Callable[[Request], Any]:
    async def start(request: Request) -> Response:
        person = await app.person(request)
        given = request.query_params.get("day")
        found = await app.run(lambda: _overview(app, person, _day(given) if given else None))
        return app.page("start.html.j2", person=person, **found)

    return start


def _overview(app: _App, person: Person, day: date | None) -> dict[str, Any]:
    days = days_with_doubts(app.assembly)
    shown = day or (days[0] if days else None)
    made = _clusters(app, person, shown) if shown is not None else []
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


def _clusters(app: _App, person: Person, day: date) -> list[Cluster]:
    today = app.assembly.settings.calendar.day_of(app.assembly.clock())
    own = app.assembly.queues.reviewers
    seen = [d for d in app.doubts.of(day) if person.sees(d.queue)]
    made = clusters(seen, today)
    return sorted(made, key=lambda c: person.name not in own(c.head.queue) and bool(own(c.head.queue)))


def _following(made: list[Cluster], after: str, count: int) -> list[Doubtful]:
    """The next doubts after one, in the order of the start page, round to its beginning."""
    order = [m for c in made for m in c.members]
    place = next((i + 1 for i, m in enumerate(order) if m.key == after), 0)
    return [m for m in (*order[place:], *order[:place]) if m.key != after][:count]


def _next(app: _App) -> Callable[[Request], Any]:
    async def following(request: Request) -> Response:
        person = await app.decider(request)
        after = request.query_params.get("after", "")
        day = _day(after.partition("/")[0])
        found = await app.run(lambda: _following(_clusters(app, person, day), after, LISTED))
        return JSONResponse({"next": [m.key for m in found]})

    return following


def _case(app: _App) -> Callable[[Request], Any]:
    async def case(request: Request) -> Response:
        person = await app.decider(request)
        day, case_id, step = (
            _day(request.path_params["day"]),
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
    app: _App, person: Person, day: date, case_id: str, step: str
) -> tuple[CasePage, list[Doubtful], Cluster | None, str | None]:
    found = case_page(app.assembly, day, case_id)
    if not person.sees(found.queue) or step not in found.steps:
        raise UnknownRecordError(f"{day} has no such case in your queues")
    key = f"{day.isoformat()}/{case_id}/{step}"
    made = _clusters(app, person, day)
    cluster = next((c for c in made if any(m.key == key for m in c.members)), None)
    until = app.assembly.clock() + LEASE
    holder = app.assembly.ledger.people.lease(day, case_id, person.name, until)
    return found, _following(made, key, AHEAD), cluster, holder


def _decide(app: _App) -> Callable[[Request], Any]:
    async def post(request: Request) -> Response:
        person = await app.decider(request)
        try:
            wanted = _wanted(app, person, json.loads(await body_of(request)))
        except (ValueError, KeyError, TypeError) as err:
            raise refused(422, "The decision is not whole; load the page again.") from err
        return await app.run(lambda: _stored(app, person, wanted))  # type: ignore[no-any-return]

    return post


def _wanted(app: _App, person: Person, given: Any) -> list[Wanted]:  # JSON that a browser sent
    at = datetime.fromisoformat(str(given["at"])).astimezone(UTC)
    now = app.assembly.clock()
    if not now - EARLIEST <= at <= now + timedelta(minutes=5):
        raise ValueError("the browser's clock is wrong")
    values = {str(name): str(value) for name, value in dict(given.get("values", {})).items()}
    kind, step, day = DecisionKind(given["kind"]), str(given["step"]), _day(str(given["day"]))
    return [
        Wanted(day, str(member["case_id"]), step, person.name, kind, values, int(member["seen"]), at)
        for member in list(given["members"])
    ]


def _stored(app: _App, person: Person, wanted: list[Wanted]) -> Response:
    """Every case of a cluster by itself: what a colleague has decided meanwhile stays and is named."""
    made, conflicts = [], []
    for each in wanted:
        if not person.sees(queue_of(app.assembly, each.day, each.record)):
            raise UnknownRecordError(f"{each.day} has no such case in your queues")
        try:
            stored = decide(app.assembly, each)
            made.append({"case_id": stored.case_id, "seen": stored.number})
        except AlreadyDecidedError as err:
            conflicts.append(
                {
                    "case_id": err.newest.case_id,
                    "by": err.newest.decided_by,
                    "kind": err.newest.kind,
                    "values": dict(err.newest.values),
                    "seen": err.newest.number,
                }
            )
    return JSONResponse({"made": made, "conflicts": conflicts}, 409 if conflicts else 200)


def _done(app: _App) -> Callable[[Request], Any]:
    async def done(request: Request) -> Response:
        person = await app.decider(request)
        day = _day(request.query_params.get("day", ""))
        found = await app.run(lambda: figures_of(app.assembly, day, person.name))
        return app.page("done.html.j2", person=person, day=day, figures=found)

    return done


def _sign_in_page(app: _App) -> Callable[[Request], Any]:
    async def page(_: Request) -> Response:
        return app.page("signin.html.j2", said="")

    return page


def _sign_in(app: _App) -> Callable[[Request], Any]:
    async def post(request: Request) -> Response:
        form = parse_qs((await body_of(request)).decode("utf-8", "replace"), max_num_fields=10)
        name, password = (form.get(key, [""])[0] for key in ("name", "password"))
        keys = f"name {name}", f"from {request.client.host if request.client else ''}"
        wait = app.tries.wait(*keys)
        if wait:
            return app.page("signin.html.j2", 429, said=f"Too many tries; wait {wait} seconds.")
        token = await app.run(lambda: people.sign_in(app.assembly, name, password))
        if token is None:
            app.tries.failed(*keys)
            return app.page("signin.html.j2", 401, said="Name or password is wrong.")
        return app.signed_in(token)

    return post


def _sign_out(app: _App) -> Callable[[Request], Any]:
    async def post(request: Request) -> Response:
        token = request.cookies.get(COOKIE, "")
        await app.run(lambda: people.close(app.assembly, token))
        response = RedirectResponse("/signin", 303)
        response.delete_cookie(COOKIE)
        return response

    return post


def _enter(app: _App) -> Callable[[Request], Any]:
    async def enter(request: Request) -> Response:
        given = request.query_params.get("token", "")
        if app.owner is None or not any(
            secrets.compare_digest(given.encode(), known.encode()) for known in app.entry
        ):
            raise refused(401, "This link is not valid any more; start `llm-assets review` again.")
        app.entry.clear()
        owner = app.owner
        token = await app.run(lambda: people.sign_in_as(app.assembly, owner))
        return app.signed_in(token)

    return enter


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as err:
        raise refused(404, "There is no such day.") from err


def _sentence(app: _App) -> Callable[[Request, Exception], Any]:
    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 401 and request.method == "GET":
            return RedirectResponse("/signin", 303)
        if "application/json" in request.headers.get("content-type", ""):
            return JSONResponse({"said": error.detail}, error.status_code)
        return app.page("sentence.html.j2", error.status_code, said=error.detail)

    return answer


def _trouble(app: _App) -> Callable[[Request, Exception], Any]:
    async def answer(request: Request, error: Exception) -> Response:
        said = str(error)
        if "application/json" in request.headers.get("content-type", ""):
            return JSONResponse({"said": said}, 503)
        return app.page("sentence.html.j2", 503, said=said)

    return answer
