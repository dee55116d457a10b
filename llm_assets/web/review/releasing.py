"""The page of drafts, for leads alone: read what is ready, release one or a whole queue, take a release back."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from llm_assets.usecases.drafts.addressed import addressed
from llm_assets.usecases.drafts.ready import Draft, Drafts, State, counts, release_all_stamp
from llm_assets.usecases.drafts.release import (
    Released,
    find,
    release_queue,
    release_text,
    take_back,
)
from llm_assets.usecases.review.decide import UnknownRecordError
from llm_assets.usecases.review.people import Person
from llm_assets.web.review.desk import Desk, day_of
from llm_assets.web.review.guard import form_of, refused
from llm_assets.words.sentence import Sentence

A_PAGE = 50


def routes(app: Desk) -> list[Route]:
    drafts = Drafts(app.assembly)
    return [
        Route("/drafts", _page(app, drafts)),
        Route("/drafts/release", _release(app, drafts), methods=["POST"]),
        Route("/drafts/take-back", _take_back(app, drafts), methods=["POST"]),
    ]


async def _lead(app: Desk, request: Request) -> Person:
    person = await app.person(request)
    if not person.releases:
        raise refused(403, "Drafts are released by a lead.")
    return person


def _page(app: Desk, drafts: Drafts) -> Callable[[Request], Any]:
    async def page(request: Request) -> Response:
        person = await _lead(app, request)
        given = {name: request.query_params.get(name, "") for name in ("day", "queue", "state", "page")}
        day = day_of(given["day"]) if given["day"] else None
        number = _number(given, "page") or 1
        found = await app.run(lambda: _overview(app, drafts, person, day, given, number))
        found |= {name: _number(request.query_params, name) for name in ("released", "late")}
        return app.page("drafts.html.j2", person=person, **found)

    return page


def _overview(
    app: Desk, drafts: Drafts, person: Person, day: date | None, given: Mapping[str, str], number: int
) -> dict[str, Any]:
    days = drafts.days()
    shown = day or (days[0] if days else None)
    seen = [d for d in drafts.of(shown) if person.sees(d.queue)] if shown is not None else []
    by_queue: dict[str, list[Draft]] = {}
    for each in seen:
        by_queue.setdefault(each.queue, []).append(each)
    queue = given["queue"] if given["queue"] in by_queue else next(iter(sorted(by_queue)), "")
    state = given["state"] if given["state"] in tuple(State) else State.READY
    own = by_queue.get(queue, [])
    listed = [d for d in own if d.state == state]
    pages = max(1, -(-len(listed) // A_PAGE))
    number = min(max(number, 1), pages)
    part = listed[(number - 1) * A_PAGE : number * A_PAGE]
    ready = [d for d in own if d.state is State.READY]
    return {
        "days": days,
        "day": shown,
        "queues": {name: counts(each) for name, each in sorted(by_queue.items())},
        "queue": queue,
        "state": state,
        "states": tuple(State),
        "ready": len(ready),
        "stamp": release_all_stamp(ready),
        "listed": list(addressed(app.assembly, shown, part)) if shown is not None else [],
        "mailboxes": _mailboxes(app, shown),
        "number": number,
        "pages": pages,
    }


def _mailboxes(app: Desk, day: date | None) -> Mapping[str, str]:
    """Message-ID -> the mailbox that has the draft."""
    known = app.assembly.ledger.handed_over.of(day) if day is not None else {}
    return {m: h.mailbox for m, h in known.items() if h.at is not None}


def _number(given: Mapping[str, str], name: str) -> int | None:
    """What the change did that led here: numbers alone, so that no link can put words on this page."""
    text = given.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _release(app: Desk, drafts: Drafts) -> Callable[[Request], Any]:
    async def post(request: Request) -> Response:
        person = await _lead(app, request)
        form = await form_of(request)
        day = day_of(form.get("day", ""))
        made: Released = await app.run(lambda: _released(app, drafts, person, day, form))
        told = {"released": made.released, "late": len(made.overtaken)}
        return _back(day, form, **told)

    return post


def _released(app: Desk, drafts: Drafts, person: Person, day: date, form: Mapping[str, str]) -> Released:
    if "case" in form:
        draft = _own(drafts, person, day, form["case"])
        return release_text(app.assembly, drafts, day, draft.case_id, form.get("text", ""), person.name)
    queue = form.get("queue", "")
    if not person.sees(queue):
        raise UnknownRecordError("there is no such queue of yours")
    return release_queue(app.assembly, drafts, day, queue, form.get("stamp", ""), person.name)


def _take_back(app: Desk, drafts: Drafts) -> Callable[[Request], Any]:
    async def post(request: Request) -> Response:
        person = await _lead(app, request)
        form = await form_of(request)
        day = day_of(form.get("day", ""))

        def act() -> None:
            draft = _own(drafts, person, day, form.get("case", ""))
            take_back(app.assembly, day, draft.case_id, person.name)

        await app.run(act)
        return _back(day, form)

    return post


def _own(drafts: Drafts, person: Person, day: date, case_id: str) -> Draft:
    draft = find(drafts, day, case_id)
    if not person.sees(draft.queue):
        raise UnknownRecordError(
            Sentence("%(day)s has no draft of %(case)s", day=str(day), case=case_id[:80])
        )
    return draft


def _back(day: date, form: Mapping[str, str], **told: int) -> Response:
    where = {"day": day.isoformat(), "queue": form.get("queue", ""), "state": form.get("state", "")}
    return RedirectResponse(f"/drafts?{urlencode({**where, **told})}", 303)
