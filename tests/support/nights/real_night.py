"""A small night for real processes: real adapters, a provider emulator that really runs, and what it says was executed."""

import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count as numbers
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.request import urlopen

from pydantic import BaseModel, ConfigDict

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.step import strict_schema
from llm_assets.domain.profile import Lane, Limits, Profile, Tier
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.domain.requests.request import CustomId, Request
from llm_assets.domain.traffic.lanes import LaneRule, Lanes
from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.task import StepPlan, Task
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.work import work
from resources.ledger import SqlLedger
from resources.prices import GenaiPrices
from resources.providers import provider_for
from resources.spool import FileSpool

Protocol = Literal["openai", "anthropic", "gemini"]

DAY = date(2026, 11, 20)
STEP = "topics"
MODELS = {"openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5", "gemini": "gemini-3.5-flash-lite"}
TIMEOUT = 1.0
SETTLE = 1.5
"""Longer than a call may take and than the emulator leaves a batch out of its list."""
PAUSE = 0.05
LATENCY = 0.2
FORK = multiprocessing.get_context("fork")
_NIGHTS = numbers()


class Topic(BaseModel):
    model_config = ConfigDict(extra="forbid")
    topic: str


class Place(NamedTuple):
    """Where a process works: what it shares with the others."""

    profile: Profile
    home: Path
    url: str


def profile_of(protocol: Protocol, running: RunningEmulator, *, batch_requests: int) -> Profile:
    return Profile(
        name=protocol,
        protocol=protocol,
        base_url=running.url + PROTOCOLS[protocol].base_path,
        emulated=True,
        models={Tier.CHEAP: MODELS[protocol]},
        limits=Limits(batch_requests=batch_requests, batch_bytes=10**6),
    )


def tasks(model: str, count: int, day: date = DAY) -> Iterator[Task]:
    schema = strict_schema(Topic)
    for number in range(count):
        user = f"<case><text>Where is my card number {number} of {day}?</text></case>"
        asked = Request(STEP, model, Tier.CHEAP, "Name the topic.", user, schema, 256, "v1")
        yield Task(f"case-{number:04}", f"input {number}", Lane.NIGHTLY, asked)


def engine_at(place: Place, clock: Clock = system_clock) -> Engine:
    """A process's own, from nothing but the place."""
    return Engine(
        ledger=SqlLedger(place.url, place.home).ports,
        provider=provider_for(place.profile, timeout_seconds=TIMEOUT, clock=clock),
        prices=GenaiPrices(),
        spool=FileSpool(place.home),
        lanes=Lanes(lanes=dict.fromkeys(Lane, LaneRule())),
        outputs={STEP: Topic},
        settle_seconds=SETTLE,
    )


def live(place: Place, count: int, day: date = DAY, engine: Engine | None = None) -> None:
    """One process's work on the night, from whatever it finds. Ends only when the night has."""

    def pause(_: Progress) -> bool:
        time.sleep(PAUSE)
        return True

    plan = StepPlan(STEP, lambda: tasks(MODELS[place.profile.protocol], count, day))
    progress = work(engine or engine_at(place), day, [plan], Rework.STALE, pause=pause)
    assert progress.finished, progress


def new_night() -> date:
    """A night that no other test of this process works."""
    return DAY - timedelta(days=next(_NIGHTS))


def ended(target: Callable[[], None]) -> int | None:
    """The exit code of a process that did this."""
    process = FORK.Process(target=target)
    process.start()
    process.join(60)
    return process.exitcode


def load_sdks() -> None:
    """Before forking, so that lives are spent working."""
    import anthropic  # noqa: F401
    import httpx2  # noqa: F401
    import openai  # noqa: F401


def executed(running: RunningEmulator) -> Counter[str]:
    """request_id -> how often the emulator ran it, in whatever batch."""
    with urlopen(f"{running.url}/_emulator/stats?requests=true") as answer:
        found = json.loads(answer.read())["requests"]
    times: Counter[str] = Counter()
    for custom_id, count in found.items():
        parsed = CustomId.parse(custom_id)
        assert parsed is not None
        times[parsed.request_id] += count
    return times


def billed(home: Path) -> Counter[str]:
    """Tokens as the emulator's own result files state them, `input` and `output`."""
    total: Counter[str] = Counter()
    for path in (home / "files").glob("*.output"):
        for line in path.read_text(encoding="utf-8").splitlines():
            total.update(_tokens(json.loads(line)))
    return total


def _tokens(line: dict[str, Any]) -> dict[str, int]:
    if "result" in line:
        usage = line["result"]["message"]["usage"]
        names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        return {"input": sum(usage[name] for name in names), "output": usage["output_tokens"]}
    if "key" in line:
        usage = line["response"]["usageMetadata"]
        spoken = usage.get("candidatesTokenCount", 0) + usage.get("thoughtsTokenCount", 0)
        return {"input": usage["promptTokenCount"], "output": spoken}
    usage = line["response"]["body"]["usage"]
    return {"input": usage["prompt_tokens"], "output": usage["completion_tokens"]}
