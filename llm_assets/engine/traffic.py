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
    """The circuit of a lane's batches: a provider may answer calls and take no batches, or the other way round. While it
    is open no new batch is sent; those that were sent are still looked at."""
    return f"{lane}/batch"


def is_of_batches(circuit: str) -> bool:
    """Whether a circuit of this name is one of `of_batches`."""
    return circuit.endswith("/batch")


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

    def takes_batch(self, lane: str) -> bool:
        """Whether a new batch of this lane may be sent now. While its circuit is open, one batch is let through whenever a
        trial is due, whichever process asks first."""
        name, now = of_batches(lane), self._clock()
        known = self._calls.circuit(self._name, name)
        if not known.may_try(now):
            return known.until is None
        before, _ = self._calls.change_circuit(
            self._name, lambda circuit: circuit.claimed(now) if circuit.may_try(now) else circuit, name
        )
        return before.until is None or before.may_try(now)

    def batch_answered(self, lane: str) -> None:
        name = of_batches(lane)
        if self._calls.circuit(self._name, name).failures:
            before, _ = self._calls.change_circuit(self._name, Circuit.answered, name)
            if before.since is not None:
                log.info("batches go on", provider=self._name, lane=lane, since=str(before.since))

    def batch_failed(self, lane: str, err: TransientError, *, sending: bool) -> None:
        """Only sending is a trial: a single batch that can never be looked at does not hold the others for ever. An open
        circuit is logged once."""
        now = self._clock()

        def change(circuit: Circuit) -> Circuit:
            return circuit.failed(now, err.retry_after) if sending or circuit.until is None else circuit

        before, after = self._calls.change_circuit(self._name, change, of_batches(lane))
        if before.since is None and after.since is not None:
            log.info(  # the failure itself is a warning already, once
                "batches pause",
                provider=self._name,
                lane=lane,
                failures=after.failures,
                until=str(after.until),
            )

    def _rest(self, lane: str, seconds: float) -> None:
        now = self._clock()
        before, after = self._calls.change_circuit(self._name, lambda circuit: circuit.rested(now, seconds))
        self._seen[lane] = self._seen.get(lane, Circuit()).with_rest(after)
        if after.resting_until != before.resting_until and after.wait(now):
            log.warning("calls rest", provider=self._name, until=str(after.resting_until))
