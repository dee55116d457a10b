"""The webhooks' endpoint as an ASGI application: how much may be posted and how fast. Who may post, the signature decides.

Neither an answer nor the log quotes what was posted.
"""

import asyncio
from dataclasses import dataclass, field

import anyio
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from llm_assets.domain.errors import DeskError
from llm_assets.usecases.wakeups.receive_webhook import UnreadableError, UnsignedError, WebhookReceiver
from llm_assets.web.endpoint.problems import problem

log = structlog.get_logger()

MAX_BYTES = 65_536
"""An event has about 200."""
WRITERS = 4
"""Webhooks stored at the same time."""


def application(receiver: WebhookReceiver, client_seconds: float) -> Starlette:
    endpoint = _Endpoint(receiver, client_seconds)
    app = Starlette(
        routes=[
            Route("/webhooks", endpoint.post, methods=["POST"]),
            Route("/health", endpoint.health, methods=["GET"]),
        ]
    )
    app.router.redirect_slashes = False  # it would lead to wherever the Host header says
    return app


@dataclass(frozen=True)
class _Endpoint:
    receiver: WebhookReceiver
    client_seconds: float
    writers: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(WRITERS))

    async def health(self, _: Request) -> Response:
        return Response(status_code=204)

    async def post(self, request: Request) -> Response:
        """204 once it is stored, or was before. The provider repeats what is answered otherwise."""
        try:
            async with asyncio.timeout(self.client_seconds):
                body = await _body(request)
        except TimeoutError:
            return problem(408, "The message came too slowly; send the same again.")
        except ClientDisconnect:
            return problem(400, "The message did not come whole; send the same again.")
        if body is None:
            return problem(413, f"The message has more than {MAX_BYTES} bytes, which no event has.")
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            await anyio.to_thread.run_sync(self.receiver.receive, body, headers, limiter=self.writers)
        except UnsignedError as err:
            return problem(401, str(err))
        except UnreadableError as err:
            return problem(422, str(err))
        except DeskError as err:
            log.error("a webhook was not stored", reason=str(err))
            return problem(
                503, "The message cannot be stored now; send the same again.", {"Retry-After": "30"}
            )
        return Response(status_code=204)


async def _body(request: Request) -> bytes | None:
    """None when it is too long; no more than that is held."""
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) > MAX_BYTES:
            return None
    return bytes(held)
