"""Draining: the rest of a refused body is read and discarded, so that the client receives the refusal."""

import asyncio
from dataclasses import dataclass

from starlette.types import Receive

DRAINED_BYTES = 5_000_000
"""Of a refused body; of a longer one nothing is read."""
DRAIN_SECONDS = 2
DRAINS = 20
"""Refused bodies that are read at the same time; of more of them nothing is read."""


@dataclass
class Draining:
    """Of one endpoint."""

    under_way: int = 0

    async def drain(self, receive: Receive, length: int, client_seconds: float) -> bool:
        """Whether all of the body was read. `length`: as the client says; 0 where it does not."""
        if length > DRAINED_BYTES or self.under_way >= DRAINS:
            return False
        self.under_way += 1
        try:
            async with asyncio.timeout(min(client_seconds, DRAIN_SECONDS)):
                return await _read(receive)
        except TimeoutError:
            return False
        finally:
            self.under_way -= 1


async def _read(receive: Receive) -> bool:
    left = DRAINED_BYTES
    while left >= 0:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        left -= len(message.get("body", b""))
        if not message.get("more_body", False):
            return True
    return False
