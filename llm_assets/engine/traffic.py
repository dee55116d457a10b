"""Traffic: online calls to one provider, kept within pace and circuit. The shell around both.

The ledger holds what was sent and the state of the circuit, so that all processes together keep to the limits and the
death of a process loses nothing: a call is counted before it is made.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from llm_assets.domain.errors import TransientError
from llm_assets.domain.profile import Profile
from llm_assets.domain.reason import PROVIDER_WIDE
from llm_assets.domain.traffic.circuit import Circuit
from llm_assets.engine.ports.online import OnlineLedger

log = structlog.get_logger()


class Traffic:
    """The calls of one process. `online_concurrency` applies to each process, every other limit to all together."""

    def __init__(self, calls: OnlineLedger, profile: Profile, clock: Callable[[], datetime]) -> None:
        self._calls = calls
        self._name = profile.name
        self._limits = profile.limits
        self._clock = clock
        self._seen = Circuit()

    def width(self) -> int:
        """How many calls may be under way now; 0 while the circuit is open or the provider rests."""
        self._seen = self._calls.circuit(self._name)
        return self._seen.width(self._clock(), self._limits.online_concurrency)

    def wait(self) -> float:
        """Seconds until a width of 0 ends, as far as was seen last."""
        return self._seen.wait(self._clock())

    def admit(self, tokens: int, share: float = 1) -> float:
        """0 when a call of so many prompt tokens goes now, and counts it; otherwise the seconds until it may. `share`: of the
        limits, up to which its lane goes."""
        limits = self._limits.shared(share, 1)
        if limits.online_requests_per_minute is None and limits.online_tokens_per_minute is None:
            return 0
        return self._calls.admit_call(self._name, tokens, limits, self._clock())

    def answered(self, rest_seconds: float | None) -> None:
        """`rest_seconds` is how long the provider takes nothing more, where its answer says so."""
        if rest_seconds is not None and rest_seconds > 0:
            now = self._clock()
            self._change(lambda circuit: circuit.answered().rested(now, rest_seconds))
        elif self._seen.failures:
            self._change(Circuit.answered)

    def failed(self, err: TransientError) -> None:
        now = self._clock()
        for_all = err.retry_after if err.reason in PROVIDER_WIDE else None

        def after(circuit: Circuit) -> Circuit:
            counted = circuit.failed(now, err.retry_after)
            return counted if for_all is None else counted.rested(now, for_all)

        self._change(after)

    def _change(self, change: Callable[[Circuit], Circuit]) -> None:
        before, self._seen = self._calls.change_circuit(self._name, change)
        seen = self._seen
        if (seen.until, seen.resting_until) != (before.until, before.resting_until) and seen.wait(
            self._clock()
        ):
            log.warning(
                "online calls pause",
                provider=self._name,
                failures=seen.failures,
                until=str(max(at for at in (seen.until, seen.resting_until) if at is not None)),
            )
