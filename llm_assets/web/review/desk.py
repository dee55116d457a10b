"""What every page of the review app stands on: the desk, its templates, who asks, and refusals in one sentence."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import anyio
from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from llm_assets.domain.errors import ConfigurationError, LedgerDownError
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.review import people
from llm_assets.usecases.review.case_rows import CaseRows
from llm_assets.usecases.review.decide import NothingToDecideError, UnknownRecordError
from llm_assets.usecases.review.people import Person
from llm_assets.usecases.review.queue.clustered import Clustered
from llm_assets.usecases.review.queue.clusters import Cluster
from llm_assets.usecases.review.single_sign_on import SignOn
from llm_assets.web.review.guard import COOKIE, Tries, refused
from llm_assets.words.sentence import sentence_of
from llm_assets.words.words import Words, words_in

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True)
class Desk:
    assembly: Assembly
    pages: Environment
    clustered: Clustered
    cases: CaseRows
    secure: bool
    entry: list[str] = field(default_factory=list)
    """The token of the link that a desk without accounts is opened with; taken once."""
    owner: Person | None = None
    sign_on: SignOn | None = None
    """At an identity provider, where the settings name one."""
    tries: Tries = field(default_factory=Tries)

    @property
    def words(self) -> Words:
        return words_in(self.assembly.settings.language)

    async def run(
        self, act: Callable[[], Any], limiter: anyio.CapacityLimiter | None = None
    ) -> Any:  # what a use case returns
        """In a thread: use cases wait for a database. What takes long has a limiter of its own, and waits without a thread."""
        try:
            return await anyio.to_thread.run_sync(act, limiter=limiter)
        except UnknownRecordError as err:
            raise refused(404, sentence_of(err)) from err
        except LedgerDownError:
            raise  # 503: a browser keeps its decisions and sends them again
        except (ConfigurationError, NothingToDecideError) as err:
            raise refused(422, sentence_of(err)) from err

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

    def signed_in(self, token: str, response: Response) -> Response:
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=self.secure, path="/")
        return response


def clusters_of(app: Desk, person: Person, day: date) -> list[Cluster]:
    return app.clustered.of(person, day)


def day_of(text: str) -> date:
    """Only of a century in which there may be mail: others have no day before or after."""
    try:
        day = date.fromisoformat(text)
    except ValueError as err:
        raise refused(404, "There is no such day.") from err
    if not FIRST_DAY <= day <= LAST_DAY:
        raise refused(404, "There is no such day.")
    return day
