"""Decisions that a browser sends, drafts and labels that it asks for, and what a person has decided in a morning."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from llm_assets.domain.errors import DeskError
from llm_assets.usecases.records.label_record import label_drawn, label_record
from llm_assets.usecases.review.case_page import queue_of
from llm_assets.usecases.review.decide import (
    AlreadyDecidedError,
    Decision,
    DecisionKind,
    UnknownRecordError,
    Wanted,
    decide,
)
from llm_assets.usecases.review.draft_now import draft_now
from llm_assets.usecases.review.people import Person
from llm_assets.usecases.review.session_figures import figures_of
from llm_assets.web.review.desk import Desk, day_of
from llm_assets.web.review.guard import json_of, refused
from llm_assets.words.sentence import Sentence, sentence_of

log = structlog.get_logger()

EARLIEST = timedelta(days=7)
"""A decision that a browser kept while it had no connection may be so old."""


def routes(app: Desk) -> list[Route]:
    return [
        Route("/decide", _decide(app), methods=["POST"]),
        Route("/draft-now", _of_one_case(app, _drafted), methods=["POST"]),
        Route("/label", _of_one_case(app, _labelled), methods=["POST"]),
        Route("/done", _done(app)),
    ]


def _decide(app: Desk) -> Callable[[Request], Any]:
    async def post(request: Request) -> Response:
        person = await app.decider(request)
        try:
            wanted = _wanted(app, person, await json_of(request))
        except (ValueError, KeyError, TypeError, OverflowError) as err:
            raise refused(422, "The decision is not whole; load the page again.") from err
        return await app.run(lambda: _stored(app, person, wanted))  # type: ignore[no-any-return]

    return post


def _wanted(app: Desk, person: Person, given: dict[str, Any]) -> list[Wanted]:  # JSON that a browser sent
    at = datetime.fromisoformat(str(given["at"])).astimezone(UTC)
    now = app.assembly.clock()
    if not now - EARLIEST <= at <= now + timedelta(minutes=5):
        raise ValueError("the browser's clock is wrong")
    values = {str(name): str(value) for name, value in dict(given.get("values", {})).items()}
    kind, step, day = DecisionKind(given["kind"]), str(given["step"]), day_of(str(given["day"]))
    return [
        Wanted(day, str(member["case_id"]), step, person.name, kind, values, int(member["seen"]), at)
        for member in list(given["members"])
    ]


def _stored(app: Desk, person: Person, wanted: list[Wanted]) -> Response:
    """Stores the decision for every case of a cluster by itself: what a colleague has decided meanwhile stays and is named.

    None is decided where one is not this person's. A stored decision stays so when no label can be made of it; the answer
    says why in `unlabelled`.
    """
    made, conflicts = [], []
    unlabelled: list[str] = []
    for each in wanted:
        _check_seen(app, person, each.day, each.record)
    for each in wanted:
        try:
            stored = decide(app.assembly, each, app.cases)
            made.append({"case_id": stored.case_id, "seen": stored.number})
            unlabelled.extend(_unlabelled(app, each.day, stored))
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
    told = {"made": made, "conflicts": conflicts, "unlabelled": list(dict.fromkeys(unlabelled))}
    return JSONResponse(told, 409 if conflicts else 200)


def _unlabelled(app: Desk, day: date, stored: Decision) -> list[str]:
    """Why a case that was drawn for the control set has no label though it is decided; empty where nothing is wrong."""
    try:
        label_drawn(app.assembly, day, stored)
    except (DeskError, OSError) as err:
        said = app.words.sentence(
            sentence_of(err) if isinstance(err, DeskError) else "the file cannot be written"
        )
        log.warning("not labelled", day=str(day), case=stored.case_id, error=type(err).__name__)
        return [said]
    return []


def _of_one_case(app: Desk, act: Callable[[Desk, Person, date, str], Response]) -> Callable[[Request], Any]:
    async def post(request: Request) -> Response:
        person = await app.decider(request)
        try:
            given = await json_of(request)
            day, case_id = day_of(str(given["day"])), str(given["case_id"])
        except (ValueError, KeyError, TypeError) as err:
            raise refused(422, "The case is not named; load the page again.") from err

        def run() -> Response:
            _check_seen(app, person, day, case_id)
            return act(app, person, day, case_id)

        return await app.run(run)  # type: ignore[no-any-return]

    return post


def _check_seen(app: Desk, person: Person, day: date, case_id: str) -> None:
    if not person.sees(queue_of(app.cases, day, case_id)):
        raise UnknownRecordError(Sentence("%(day)s has no such case in your queues", day=str(day)))


def _drafted(app: Desk, person: Person, day: date, case_id: str) -> Response:
    made = draft_now(app.assembly, day, case_id, person.name)
    return JSONResponse({"status": made.status, "reason": made.reason, "seen": made.seen})


def _labelled(app: Desk, person: Person, day: date, case_id: str) -> Response:
    made = label_record(app.assembly, day, case_id, person.name)
    return JSONResponse({"category": made.label.category, "fields": len(made.label.fields)})


def _done(app: Desk) -> Callable[[Request], Any]:
    async def done(request: Request) -> Response:
        person = await app.decider(request)
        day = day_of(request.query_params.get("day", ""))
        found = await app.run(lambda: figures_of(app.assembly, day, person.name))
        return app.page("done.html.j2", person=person, day=day, figures=found)

    return done
