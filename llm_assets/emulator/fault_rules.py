"""Matching: which fault of a scenario applies to which call, batch or request.

The shape of a scenario file is in `scenario.py`; what a fault does is in `server/app.py`, `operations/` and `batches/`.
"""

import re
from hashlib import blake2b
from typing import Any

from llm_assets.emulator.errors import Protocol
from llm_assets.emulator.journal import History, request_digest
from llm_assets.emulator.scenario import BatchFault, CallFault, RequestFault, Scenario


def drawn(share: float, *key: str) -> bool:
    """True for this share of all keys, and always for the same keys."""
    if share >= 1:
        return True
    number = int.from_bytes(blake2b("\0".join(key).encode(), digest_size=6).digest())
    return number < share * (1 << 48)


def _holds(body: Any, parameter: str) -> bool:
    for name in parameter.split("."):
        if not isinstance(body, dict) or name not in body:
            return False
        body = body[name]
    return True


class FaultRules:
    """Matches calls and batches against the rules and counts them. The counts are in memory: a restart begins at 0."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self.applied: dict[str, int] = {}
        self._seen: dict[str, int] = {}

    def call(self, protocol: Protocol, operation: str) -> CallFault | None:
        """The first rule that applies. Every rule counts all calls of its operation, whether it applies or not."""
        matched: CallFault | None = None
        for index, fault in enumerate(self.scenario.calls):
            when = fault.when
            if when.operation not in (None, operation) or when.protocol not in (None, protocol):
                continue
            rule = f"calls[{index}]"
            if self._due(rule, when.calls, when.times, when.share) and matched is None:
                self._note(rule)
                matched = fault
        return matched

    def batch(self, protocol: Protocol, model: str | None) -> list[BatchFault]:
        found = []
        for index, fault in enumerate(self.scenario.batches):
            when = fault.when
            if when.protocol not in (None, protocol) or when.model not in (None, model):
                continue
            rule = f"batches[{index}]"
            if self._due(rule, when.batches, when.times, when.share):
                self._note(rule)
                found.append(fault)
        return found

    def refuses_flex(self) -> bool:
        """Whether this flex call finds no room."""
        rule = self.scenario.flex
        refused = rule.refused and self._due("flex", (), rule.times, rule.share)
        if refused:
            self._note("flex")
        return refused

    def _due(self, rule: str, ordinals: tuple[int, ...], times: int | None, share: float) -> bool:
        nth = self._seen[rule] = self._seen.get(rule, 0) + 1
        if ordinals and nth not in ordinals:
            return False
        if times is not None and self.applied.get(rule, 0) >= times:
            return False
        return drawn(share, str(self.seed), rule, str(nth))

    def _note(self, rule: str) -> None:
        self.applied[rule] = self.applied.get(rule, 0) + 1


class RequestFaultRules:
    """Decides the outcome that a scenario forces on a request, from the request and the earlier executions."""

    def __init__(
        self, faults: tuple[RequestFault, ...], protocol: Protocol, seed: int, history: History | None = None
    ) -> None:
        self._seed = str(seed)
        self._history = history if history is not None else History()
        self._rules = [
            (f"requests[{index}]", fault, re.compile(fault.when.custom_id) if fault.when.custom_id else None)
            for index, fault in enumerate(faults)
            if fault.when.protocol in (None, protocol)
        ]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def outcome(self, custom_id: str, model: str, user: str, body: Any) -> RequestFault | None:
        """Call this once per execution: each call counts as one try of the request."""
        nth = again = 0
        if any(fault.when.needs_history for _, fault, _ in self._rules):
            request = request_digest(body)
            nth, again = self._history.ordinal(request), self._history.next_try(request)
            self._history.add(request)
        for name, fault, pattern in self._rules:
            when = fault.when
            if when.model not in (None, model) or (pattern is not None and not pattern.search(custom_id)):
                continue
            if when.parameter is not None and not _holds(body, when.parameter):
                continue
            if when.keyword is not None and when.keyword.lower() not in user.lower():
                continue
            if (when.requests and nth not in when.requests) or (when.tries and again not in when.tries):
                continue
            if drawn(when.share, self._seed, name, custom_id):
                return fault
        return None
