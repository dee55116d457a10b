"""The judge: the checks of a client, each decided from the evidence. Pure; it knows no client and no custom_id."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from llm_assets.emulator.conformance.case import Case
from llm_assets.emulator.conformance.evidence import Evidence
from llm_assets.emulator.errors import Protocol
from llm_assets.emulator.journal import Execution

Level = Literal["safe", "complete", "considerate"]
TOLERANCE = 0.05
"""Seconds a client may be early after Retry-After."""


@dataclass(frozen=True, slots=True)
class ClientRun:
    """The runs of a client's process, when the harness started it."""

    exits: tuple[int, ...]
    in_time: bool = True
    killed: bool = False
    """Whether it reached the moment at which it had to be killed."""


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    check: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    name: str
    protocol: Protocol
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    """Remarks that do not fail the case."""

    @property
    def passed(self) -> bool:
        return all(finding.passed for finding in self.findings)

    @property
    def failed(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.passed]

    def shown(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "protocol": self.protocol,
            "passed": self.passed,
            "notes": list(self.notes),
            "findings": [
                {"level": f.level, "check": f.check, "passed": f.passed, "detail": f.detail}
                for f in self.findings
            ],
        }


def judge(case: Case, seen: Evidence, ran: ClientRun | None = None, requests: int | None = None) -> Verdict:
    """The verdict on a client. `requests` is the number it had to send, where that is not the case's own number."""
    wanted = case.requests if requests is None else requests
    findings = [
        _paid_once(seen),
        _key_kept(seen),
        _executed(case, seen, wanted),
        _answered(case, seen, wanted),
        *_ended(case, ran),
        _permanent_left_alone(seen),
        _refused_left_alone(seen),
        _tries(case, seen),
        _waited(seen),
        *_left(case, seen),
        *_calls(case, seen),
    ]
    return Verdict(case.name, seen.protocol, tuple(findings), tuple(_notes(seen)))


def _notes(seen: Evidence) -> Iterator[str]:
    if seen.files_left:
        yield f"{seen.files_left} input files were left at the provider"


def _paid_once(seen: Evidence) -> Finding:
    twice = [request for request, times in seen.paid().items() if times > 1]
    return Finding(
        "safe", "paid once", not twice, f"{len(twice)} requests were executed again after a usable answer"
    )


def _key_kept(seen: Evidence) -> Finding:
    given = sum(call.operation == "elsewhere" and call.keyed for call in seen.calls)
    return Finding("safe", "key kept", not given, f"the key went to another host {given} times")


def _executed(case: Case, seen: Evidence, wanted: int) -> Finding:
    ran = sum(bool(history) for history in seen.histories().values())
    most = case.expect.unexecuted
    return Finding(
        "complete", "executed", most is None or wanted - ran <= most, f"{ran} of {wanted} requests ran"
    )


def _answered(case: Case, seen: Evidence, wanted: int) -> Finding:
    count = len(seen.answered())
    most = case.expect.unanswered
    detail = f"{count} of {wanted} requests have a usable answer that was read"
    return Finding("complete", "answered", most is None or wanted - count <= most, detail)


def _ended(case: Case, ran: ClientRun | None) -> Iterator[Finding]:
    if ran is None:
        return
    last = ran.exits[-1] if ran.exits else None
    detail = (
        f"last exit code {last} after {len(ran.exits)} starts" if ran.in_time else "it was stopped in the end"
    )
    yield Finding("complete", "ended", ran.in_time and (last == 0 or not case.expect.finishes), detail)
    if case.kill:
        names = " or ".join(case.kill)
        detail = f"killed at {names}" if ran.killed else f"{names} never came"
        yield Finding("complete", "killed", ran.killed, detail)


def _permanent_left_alone(seen: Evidence) -> Finding:
    again = [history for history in seen.histories().values() if _repeated(history)]
    detail = f"{len(again)} requests were sent again after a failure that is for good"
    return Finding("considerate", "permanent failures left alone", not again, detail)


def _repeated(history: list[Execution]) -> bool:
    return any(one.fate == "permanent" for one in history[:-1])


def _refused_left_alone(seen: Evidence) -> Finding:
    refused: set[frozenset[str]] = set()
    again = 0
    for batch in seen.batches.values():
        asked = frozenset(one.request for one in batch)
        if asked and asked in refused:
            again += 1
        if any(one.fate == "refused" for one in batch):
            refused.add(asked)
    detail = f"{again} batches were sent again unchanged after they had been refused"
    return Finding("considerate", "refused batches left alone", not again, detail)


def _tries(case: Case, seen: Evidence) -> Finding:
    most = max((len(history) for history in seen.histories().values()), default=0)
    detail = f"one request was executed {most} times, {case.expect.tries} are allowed"
    return Finding("considerate", "tries are bounded", most <= case.expect.tries, detail)


def _waited(seen: Evidence) -> Finding:
    early = 0
    until: dict[str, float] = {}
    asked = 0
    for call in sorted(seen.calls, key=lambda one: one.at):
        if call.at < until.get(call.operation, 0) - TOLERANCE:
            early += 1
        if call.status is not None and call.status >= 400 and call.retry_after is not None:
            asked += 1
            until[call.operation] = call.ended + call.retry_after
    detail = f"{early} calls came before the pause was over that the provider had asked for {asked} times"
    return Finding("considerate", "Retry-After kept", not early, detail)


def _left(case: Case, seen: Evidence) -> Iterator[Finding]:
    if (most := case.expect.files_left) is not None:
        left = seen.everything_left
        detail = f"{left} input files and results were left at the provider, {most} are allowed"
        yield Finding("considerate", "files removed", left <= most, detail)


def _calls(case: Case, seen: Evidence) -> Iterator[Finding]:
    made = Counter(call.operation for call in seen.calls)
    for operation, most in case.expect.calls.items():
        detail = f"{made[operation]} calls, {most} are allowed"
        yield Finding("considerate", f"calls of {operation}", made[operation] <= most, detail)
    every, most = made.total(), case.expect.all_calls
    yield Finding("considerate", "calls are bounded", every <= most, f"{every} calls, {most} are allowed")
