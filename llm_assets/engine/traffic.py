"""Traffic: this process's online calls to its provider, kept within pace and circuit. The shell around both.

In memory on purpose: what must survive the process is the `not_before` of each batch.
"""

from collections.abc import Callable
from datetime import datetime
from threading import Lock

import structlog

from llm_assets.domain.profile import Limits
from llm_assets.engine.circuit import Circuit
from llm_assets.engine.pace import Pace

log = structlog.get_logger()


class Traffic:
    """May be shared between threads."""

    def __init__(self, limits: Limits, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._concurrency = limits.online_concurrency
        self._pace = Pace(limits.online_requests_per_minute, limits.online_tokens_per_minute)
        self._circuit = Circuit()
        self._lock = Lock()

    def width(self) -> int:
        """How many calls may be under way now; 0 while the circuit is open."""
        with self._lock:
            return self._circuit.width(self._clock(), self._concurrency)

    def admit(self, tokens: int) -> float:
        """0 when a call of so many prompt tokens goes now, and counts it; otherwise the seconds until it may."""
        with self._lock:
            now = self._clock()
            wait = self._pace.wait(now, tokens)
            if wait <= 0:
                self._pace.spend(now, tokens)
            return wait

    def answered(self) -> None:
        with self._lock:
            self._circuit = self._circuit.answered()

    def failed(self, retry_after: float | None) -> None:
        with self._lock:
            before, now = self._circuit, self._clock()
            self._circuit = before.failed(now, retry_after)
        if self._circuit.until != before.until:
            log.warning(
                "provider fails; online calls pause",
                failures=self._circuit.failures,
                until=str(self._circuit.until),
            )
