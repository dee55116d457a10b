"""Traffic: calls to one provider, kept within pace and circuit. The shell around both.

Each lane has a circuit of its own, since its calls may fail for what they hold or for their route; what the provider asks of
everybody, that it gets nothing for a while, is kept once for all lanes.

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


def of_batches(lane: str) -> str:
    """The circuit of a lane's batches: a provider may answer calls and take no batches, or the other way round. It counts, so
    that everybody knows since when there is no answer; when a batch is tried again is the batch's own."""
    return f"{lane}/batch"


class Traffic:
    """The calls of one process. `online_concurrency` applies to each process, every other limit to all together."""

    def __init__(self, calls: OnlineLedger, profile: Profile, clock: Callable[[], datetime]) -> None:
        self._calls = calls
        self._name = profile.name
        self._limits = profile.limits
        self._clock = clock
        self._seen: dict[str, Circuit] = {}

    def width(self, lane: str) -> int:
        """How many calls of a lane may be under way now; 0 while its circuit is open or the provider rests."""
        seen = self._calls.circuit_with_rest(self._name, lane)
        self._seen[lane] = seen
        return seen.width(self._clock(), self._limits.online_concurrency)

    def wait(self, lane: str) -> float:
        """Seconds until a width of 0 ends, as far as was seen last."""
        return self._seen.get(lane, Circuit()).wait(self._clock())

    def admit(self, tokens: int, share: float = 1) -> float:
        """0 when a call of so many prompt tokens goes now, and counts it; otherwise the seconds until it may. `share`: of the
        limits, up to which its lane goes."""
        limits = self._limits.shared(share, 1)
        if limits.online_requests_per_minute is None and limits.online_tokens_per_minute is None:
            return 0
        return self._calls.admit_call(self._name, tokens, limits, self._clock())

    def answered(self, lane: str, rest_seconds: float | None) -> None:
        """`rest_seconds` is how long the provider takes nothing more, where its answer says so."""
        if self._seen.get(lane, Circuit()).failures:
            before, after = self._calls.change_circuit(self._name, Circuit.answered, lane)
            self._seen[lane] = after.with_rest(self._seen[lane])
            if before.since is not None:
                log.info("calls go on", provider=self._name, lane=lane, since=str(before.since))
        if rest_seconds is not None and rest_seconds > 0:
            self._rest(lane, rest_seconds)

    def failed(self, lane: str, err: TransientError) -> None:
        """A failure that concerns the whole provider lets all lanes rest as long as it asks. An open circuit is logged once,
        not after every trial that fails."""
        now = self._clock()
        before, after = self._calls.change_circuit(
            self._name, lambda circuit: circuit.failed(now, err.retry_after), lane
        )
        self._seen[lane] = after.with_rest(self._seen.get(lane, Circuit()))
        if before.since is None and after.since is not None:
            log.warning(
                "calls pause", provider=self._name, lane=lane, failures=after.failures, until=str(after.until)
            )
        if err.retry_after is not None and err.reason in PROVIDER_WIDE:
            self._rest(lane, err.retry_after)

    def batch_answered(self, lane: str) -> None:
        name = of_batches(lane)
        if self._calls.circuit(self._name, name).failures:
            self._calls.change_circuit(self._name, Circuit.answered, name)

    def batch_failed(self, lane: str) -> None:
        now = self._clock()
        self._calls.change_circuit(self._name, lambda circuit: circuit.failed(now), of_batches(lane))

    def _rest(self, lane: str, seconds: float) -> None:
        now = self._clock()
        before, after = self._calls.change_circuit(self._name, lambda circuit: circuit.rested(now, seconds))
        self._seen[lane] = self._seen.get(lane, Circuit()).with_rest(after)
        if after.resting_until != before.resting_until and after.wait(now):
            log.warning("calls rest", provider=self._name, until=str(after.resting_until))
