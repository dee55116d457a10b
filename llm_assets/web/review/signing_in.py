"""Signing in and out: by password, at an identity provider, or by the link of a desk without accounts."""

import secrets
from collections.abc import Callable
from typing import Any

from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from llm_assets.usecases.review import people
from llm_assets.usecases.review.single_sign_on import LASTS, RETURN, NotSignedInError, SignOn
from llm_assets.web.review.desk import Desk
from llm_assets.web.review.guard import COOKIE, form_of, refused

LONGEST_NAME = 200
"""Of what tells the tries for one name from those for another."""
HASHED_AT_ONCE = 4
"""Each takes 64 MiB, and a thread that decisions wait for."""

WAY = "desk_way"
"""The cookie that binds a way to the identity provider and back to one browser. Lax, since the way back is from elsewhere."""


def routes(app: Desk) -> list[Route]:
    sign_on = app.sign_on
    elsewhere = (
        [Route("/signin/elsewhere", _leave(app, sign_on)), Route(RETURN, _back(app, sign_on))]
        if sign_on
        else []
    )
    return [
        *elsewhere,
        Route("/signin", _sign_in_page(app)),
        Route("/signin", _sign_in(app), methods=["POST"]),
        Route("/signout", _sign_out(app), methods=["POST"]),
        Route("/enter", _enter(app)),
    ]


def _sign_in_page(app: Desk) -> Callable[[Request], Any]:
    async def page(_: Request) -> Response:
        return app.page("signin.html.j2", said="", elsewhere=app.sign_on is not None)

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
            return app.page("signin.html.j2", 429, said=said, elsewhere=app.sign_on is not None)
        app.tries.begin(*keys)
        token = await app.run(lambda: people.sign_in(app.assembly, name, password), hashing)
        if token is None:
            said = app.words.say("Name or password is wrong.")
            return app.page("signin.html.j2", 401, said=said, elsewhere=app.sign_on is not None)
        app.tries.succeeded(*keys)
        return app.signed_in(token, RedirectResponse("/", 303))

    return post


def _leave(app: Desk, sign_on: SignOn) -> Callable[[Request], Any]:
    async def leave(_: Request) -> Response:
        key, address = await app.run(sign_on.begin)
        response = RedirectResponse(address, 303)
        response.set_cookie(
            WAY,
            key,
            int(LASTS.total_seconds()),
            path=RETURN,
            httponly=True,
            samesite="lax",
            secure=app.secure,
        )
        return response

    return leave


def _back(app: Desk, sign_on: SignOn) -> Callable[[Request], Any]:
    """A page that leads on by itself: after a redirect from elsewhere a browser keeps the strict cookie of a session back."""

    async def back(request: Request) -> Response:
        key, given = request.cookies.get(WAY, ""), dict(request.query_params)
        try:
            token = await app.run(lambda: sign_on.finish(key, given))
        except NotSignedInError as err:
            said = app.words.sentence(err.args[0])
            response: Response = app.page("signin.html.j2", 403, said=said, elsewhere=True)
        else:
            response = app.signed_in(token, app.page("signed_in.html.j2"))
        response.delete_cookie(WAY, path=RETURN)
        return response

    return back


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
        return app.signed_in(token, RedirectResponse("/", 303))

    return enter
