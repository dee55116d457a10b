"""The page of texts: a lead changes and approves what the report says about the night and its parts."""

from collections.abc import Callable
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from llm_assets.domain.desk.part_text import TextChangedError, TextState
from llm_assets.usecases.report.texts import LONGEST, days_with_texts, texts_for, word
from llm_assets.usecases.review.people import Person
from llm_assets.web.review.desk import Desk, day_of
from llm_assets.web.review.guard import form_of, refused
from llm_assets.words.sentence import Sentence

STATES = {"save": TextState.DRAFT, "approve": TextState.APPROVED, "withdraw": TextState.WITHDRAWN}
"""What each button of the page makes of a text."""
MOST_DIGITS = 9
"""Of the number of a text's version."""


def routes(app: Desk) -> list[Route]:
    return [Route("/texts", _texts(app)), Route("/texts", _word(app), methods=["POST"])]


def _texts(app: Desk) -> Callable[[Request], Any]:
    async def texts(request: Request) -> Response:
        person = await _lead(app, request)
        given = request.query_params.get("day")
        found = await app.run(lambda: _shown(app, person, day_of(given) if given else None))
        return app.page("texts.html.j2", person=person, said="", kept="", **found)

    return texts


def _word(app: Desk) -> Callable[[Request], Any]:
    async def post(request: Request) -> Response:
        person = await _lead(app, request)
        form = await form_of(request)
        day, part, text, seen, act = (form.get(k, "") for k in ("day", "part", "text", "seen", "act"))
        if act not in STATES or not seen.isdecimal() or len(seen) > MOST_DIGITS:
            raise refused(422, "The text is not whole; load the page again.")
        on = day_of(day)
        try:
            await app.run(lambda: word(app.assembly, on, part, person, text, STATES[act], int(seen)))
        except TextChangedError as err:
            said = _overtaken(err)
            found = await app.run(lambda: _shown(app, person, on))
            return app.page("texts.html.j2", 409, person=person, said=said, kept=text, **found)
        return RedirectResponse(f"/texts?day={on}", 303)

    return post


def _overtaken(error: TextChangedError) -> Sentence:
    if not error.newest.by:
        return Sentence("a run of the night has changed this text meanwhile: look at it again and write anew")
    return Sentence(
        "%(name)s has changed this text meanwhile: look at it again and write anew", name=error.newest.by
    )


async def _lead(app: Desk, request: Request) -> Person:
    person = await app.person(request)
    if not person.words:
        raise refused(403, "Texts are for leads.")
    return person


def _shown(app: Desk, person: Person, day: date | None) -> dict[str, Any]:
    days = days_with_texts(app.assembly)
    on = day or next(iter(days), None)
    texts = texts_for(app.assembly, on, person) if on is not None else []
    return {"days": days, "day": on, "texts": texts, "longest": LONGEST}
