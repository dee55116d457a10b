"""Real processes, SIGKILL at seeded random moments, a real provider emulator: every request runs exactly once."""

import json
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.request import urlopen

import pytest
from engine_night import DAY, LANES, request
from pydantic import BaseModel, ConfigDict

from llm_assets.domain.night import Rework
from llm_assets.domain.profile import Capabilities, Lane, Limits, Profile, Tier
from llm_assets.domain.request import CustomId
from llm_assets.domain.step import strict_schema
from llm_assets.emulator.launch import RunningEmulator, start
from llm_assets.engine.advance import Progress, StepPlan, work
from llm_assets.engine.engine import Engine
from llm_assets.engine.plan import Task
from resources.ledger import SqlLedger
from resources.prices import GenaiPrices
from resources.providers import provider_for
from resources.spool import FileSpool

Protocol = Literal["openai", "anthropic"]

FORK = multiprocessing.get_context("fork")
REQUESTS = 60
STEP = "topics"
MODELS = {"openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5"}
LIVES = 12
LATENCY = 0.4
SETTLE = 1.5
SCENARIO = """
calls:
  - when: {operation: create_batch, calls: [3]}
    drop: after
  - when: {operation: create_batch, calls: [5]}
    drop: before
batches:
  - when: {batches: [2]}
    unlisted_seconds: 0.5
"""


class Topic(BaseModel):
    model_config = ConfigDict(extra="forbid")
    topic: str


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[RunningEmulator]:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    running = start(tmp_path / "emulator", latency=LATENCY, scenario=scenario, exit_with_parent=os.getpid())
    yield running
    running.stop()


def profile(protocol: Protocol, running: RunningEmulator) -> Profile:
    openai = protocol == "openai"
    return Profile(
        name=protocol,
        protocol=protocol,
        base_url=running.openai_base_url if openai else running.anthropic_base_url,
        models={Tier.CHEAP: MODELS[protocol]},
        limits=Limits(batch_requests=10, batch_bytes=10**6),
        capabilities=Capabilities(metadata=openai),
    )


def tasks(model: str) -> Iterator[Task]:
    for n in range(REQUESTS):
        text = f"<case><text>Where is my card number {n}?</text></case>"
        asked = request(text, step=STEP, model=model, schema=strict_schema(Topic), max_tokens=256)
        yield Task(f"case-{n:02}", f"input {n}", Lane.NIGHTLY, asked)


def live(answering: Profile, home: Path) -> None:
    """One process's work on the night, from whatever it finds."""
    ledger = SqlLedger(f"sqlite:///{home}/ledger.db", home)
    engine = Engine(
        ledger=ledger,
        provider=provider_for(answering, timeout_seconds=1),
        prices=GenaiPrices(),
        spool=FileSpool(home),
        lanes=LANES,
        outputs={STEP: Topic},
        settle_seconds=SETTLE,
    )

    def pause(_: Progress) -> bool:
        time.sleep(0.05)
        return True

    plan = StepPlan(STEP, lambda: tasks(MODELS[answering.protocol]))
    progress = work(engine, DAY, [plan], Rework.STALE, pause=pause)
    ledger.close()
    assert progress.finished


def kill_and_restart(answering: Profile, home: Path, seed: int) -> int:
    """Lives of random length, then one as long as it takes. Returns how many were ended by a kill."""
    moments = random.Random(seed)
    killed = 0
    for number in range(LIVES + 1):
        process = FORK.Process(target=live, args=(answering, home))
        process.start()
        process.join(moments.uniform(0.03, 0.5) if number < LIVES else 60)
        if process.is_alive() and number < LIVES:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            killed += 1
        else:
            assert process.exitcode == 0
    return killed


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
    """Tokens as the emulator's own result files state them."""
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
    usage = line["response"]["body"]["usage"]
    return {"input": usage["prompt_tokens"], "output": usage["completion_tokens"]}


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_a_night_killed_again_and_again_pays_each_request_once(
    protocol: Protocol, emulator: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import anthropic  # noqa: F401 - loaded before forking, so that lives are spent working
    import openai  # noqa: F401

    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
    answering = profile(protocol, emulator)
    killed = kill_and_restart(answering, tmp_path, seed=20261120)
    assert killed >= 3

    wanted = {task.request.request_id for task in tasks(MODELS[protocol])}
    assert executed(emulator) == dict.fromkeys(wanted, 1)

    ledger = SqlLedger(f"sqlite:///{tmp_path}/ledger.db", tmp_path)
    counts = ledger.counts(DAY)[STEP]
    assert {k: v for k, v in counts.items() if v} == {"ok": REQUESTS}
    assert ledger.open_batches() == []
    [usage] = ledger.usage(DAY)
    assert (usage.requests, usage.succeeded, usage.retried) == (REQUESTS, REQUESTS, 0)
    tokens = billed(tmp_path / "emulator")
    assert (usage.input_tokens, usage.output_tokens) == (tokens["input"], tokens["output"])
    assert usage.cost_usd > Decimal(0)
    ledger.close()
