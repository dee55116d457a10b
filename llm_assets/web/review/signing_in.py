"""Signing in and out, by password or by the link of a desk without accounts."""

import secrets
from collections.abc import Callable
from typing import Any

from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from llm_assets.usecases.review import people
from llm_assets.web.review.desk import Desk
from llm_assets.web.review.guard import COOKIE, form_of, refused

LONGEST_NAME = 200
"""Of what tells the tries for one name from those for another."""
HASHED_AT_ONCE = 4
"""Each takes 64 MiB, and a thread that decisions wait for."""


def routes(app: Desk) -> list[Route]:
    return [
        Route("/signin", _sign_in_page(app)),
        Route("/signin", _sign_in(app), methods=["POST"]),
        Route("/signout", _sign_out(app), methods=["POST"]),
        Route("/enter", _enter(app)),
    ]


def _sign_in_page(app: Desk) -> Callable[[Request], Any]:
    async def page(_: Request) -> Response:
        return app.page("signin.html.j2", said="")

    return page


def _sign_in(app: Desk) -> Callable[[Request], Any]:
    hashing = CapacityLimiter(HASHED_AT_ONCE)

    async def post(request: Request) -> Response:
        form = await form_of(request)
        name, password = (form.get(key, "") for key in ("name", "password"))
        keys = f"name {name[:LONGEST_NAME]}", f"from {request.client.host if request.client else ''}"
        wait = app.tries.wait(*keys)
        if wait:
            said = app.words.counted(
                "Too many tries; wait %(num)s second.", "Too many tries; wait %(num)s seconds.", round(wait)
            )
            return app.page("signin.html.j2", 429, said=said)
        app.tries.begin(*keys)
        token = await app.run(lambda: people.sign_in(app.assembly, name, password), hashing)
        if token is None:
            return app.page("signin.html.j2", 401, said=app.words.say("Name or password is wrong."))
        app.tries.succeeded(*keys)
        return app.signed_in(token)

    return post


def _sign_out(app: Desk) -> Callable[[Request], Any]:
    async def post(request: Request) -> Response:
        token = request.cookies.get(COOKIE, "")
        await app.run(lambda: people.close(app.assembly, token))
        response = RedirectResponse("/signin", 303)
        response.delete_cookie(COOKIE)
        return response

    return post


def _enter(app: Desk) -> Callable[[Request], Any]:
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
