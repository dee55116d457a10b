"""The address /health: 200 while the door can answer, 503 with what fails; asked as often as anybody likes."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

FRESH_SECONDS = 1.0
"""For which a look is good enough: strangers may ask."""
LOOK_SECONDS = 5.0


@dataclass
class Health:
    """Of one process."""

    look: Callable[[], Sequence[str]]
    """What fails now."""
    stopping: bool = False
    _found: Sequence[str] = ()
    _at: float | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def endpoint(self, _: Request) -> Response:
        if self.stopping:
            return JSONResponse({"status": "stopping", "failing": []}, 503)
        async with self._one_at_a_time:
            if self._at is None or time.monotonic() - self._at > FRESH_SECONDS:
                self._found, self._at = await self._look(), time.monotonic()
        if self._found:
            return JSONResponse({"status": "unavailable", "failing": list(self._found)}, 503)
        return JSONResponse({"status": "ok", "failing": []})

    async def _look(self) -> Sequence[str]:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await anyio.to_thread.run_sync(self.look, abandon_on_cancel=True)
        except TimeoutError:
            return ("ledger",)
