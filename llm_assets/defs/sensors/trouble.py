"""Trouble: what a sensor remembers of a tick that could not do its work, so that it is reported once and tried again later.

A sensor's cursor is durable, so the pauses survive a restart of the daemon and of the code server. Where a person looks:
every tick is skipped with the sentence, and the sensor's check turns red when the sentence changes and green when it ends.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import dagster as dg

from llm_assets.defs.checks import IN_ORDER, metadata_of_trouble
from llm_assets.domain.clock import Clock
from llm_assets.domain.errors import DeskError, wording

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=5)
"""Not longer: whoever has corrected the file waits for the next try."""
_SECONDS = re.compile(r"\b\d+(\.\d+)? s\b")
_DISK = "make room where a disk is full, correct permissions, and the next try goes through"


@dataclass(frozen=True, slots=True)
class Memory:
    """What a sensor remembers from one tick to the next. Pure."""

    own: str | None = None
    """The cursor of the sensor's own work."""
    said: str = ""
    """The trouble that was reported last; empty when there is none."""
    failures: int = 0
    """Ticks in a row that failed; 0 for trouble that a tick survived."""
    next_try: datetime | None = None

    def rests(self, now: datetime) -> bool:
        """Whether the last tick failed and the next try has not come. A clock that was put back does not lengthen a pause."""
        if self.next_try is None:
            return False
        return self.next_try - LONGEST_PAUSE <= now < self.next_try

    def failed(self, sentence: str, now: datetime) -> "Memory":
        """Each pause is twice the one before; another trouble begins with the first one again."""
        said = self._as_said(sentence)
        failures = self.failures + 1 if said == self.said else 1
        pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
        return replace(self, said=said, failures=failures, next_try=now + pause)

    def worked(self, own: str | None, sentence: str) -> "Memory":
        """After a tick that did its work. `sentence`: what went wrong elsewhere meanwhile, or empty."""
        return Memory(own, self._as_said(sentence))

    def _as_said(self, sentence: str) -> str:
        """What was said before, if only an id or a number of seconds differs: each try has another one."""
        return self.said if _of_any_try(sentence) == _of_any_try(self.said) else sentence


def _of_any_try(sentence: str) -> str:
    return _SECONDS.sub("", wording(sentence))


def read_memory(cursor: str | None) -> Memory:
    """From a cursor; one that holds no trouble is the sensor's own."""
    try:
        held = json.loads(cursor or "null")
    except ValueError:
        held = None
    if not isinstance(held, dict) or "trouble" not in held:
        return Memory(cursor)
    at = held["next_try"]
    return Memory(
        held["own"], held["trouble"], held["failures"], datetime.fromisoformat(at) if at is not None else None
    )


def write_memory(memory: Memory) -> str:
    """As a cursor: without trouble, the sensor's own."""
    if not memory.said and memory.own is not None:
        return memory.own
    at = memory.next_try.isoformat() if memory.next_try is not None else None
    held = {"trouble": memory.said, "failures": memory.failures, "next_try": at, "own": memory.own}
    return json.dumps(held, ensure_ascii=False)  # the sensor's page shows its beginning


@dataclass(frozen=True, slots=True)
class Found:
    """What a tick found."""

    requests: list[dg.RunRequest]
    cursor: str | None = None
    waits: str = ""
    """Why it asks for nothing."""
    trouble: str = ""
    """What somebody has to know though the tick did its work."""


def tick(
    context: dg.SensorEvaluationContext,
    clock: Clock,
    check: dg.AssetCheckKey,
    work: Callable[[str | None], Found],
) -> dg.SensorResult:
    """Does a tick's work. One that fails with an error of ours is skipped with its sentence, and reported by `check`; a
    defect is raised."""
    before, now = read_memory(context.cursor), clock()
    if before.rests(now):
        return dg.SensorResult(skip_reason=_waiting(before), cursor=write_memory(before))
    requests: list[dg.RunRequest] = []
    try:
        found = work(before.own)
    except (DeskError, OSError) as err:
        after = before.failed(_sentence(err), now)
        skipped = _waiting(after)
    else:
        requests, after = found.requests, before.worked(found.cursor, found.trouble)
        skipped = "; ".join(filter(None, (found.trouble, found.waits)))
    changed = after.said != before.said
    if changed and after.said:
        context.log.error(after.said)
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=skipped if skipped and not requests else None,
        cursor=write_memory(after),
        asset_events=[_evaluation(check, after.said)] if changed else [],
    )


def _sentence(err: DeskError | OSError) -> str:
    return str(err) if isinstance(err, DeskError) else f"Cannot read or write: {err}; {_DISK}"


def _waiting(memory: Memory) -> str:
    assert memory.next_try is not None  # only a failed tick waits
    return f"{memory.said} (tried {memory.failures} times, next try after {memory.next_try:%H:%M:%S} UTC)"


def _evaluation(check: dg.AssetCheckKey, sentence: str) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=not sentence,
        description=sentence or IN_ORDER,
        metadata=metadata_of_trouble(sentence),
    )
