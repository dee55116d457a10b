"""Whole nights at the real adapters and the emulator: what caches served is seen by analysts and priced exactly."""

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import genai_prices
import pytest
from sqlalchemy import create_engine, text

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.tables import LLM_USAGE
from llm_assets.domain.profile import Mode
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.emulator.journal import CALLS, Execution, calls, executions
from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.engine.planning.task import StepPlan, Task
from llm_assets.engine.rounds.work import work
from resources.lake.lake import Lake
from resources.ledger import SqlLedger
from tests.support.nights.ports import each_port
from tests.support.nights.real_night import (
    DAY,
    MODELS,
    STEP,
    Place,
    Protocol,
    engine_at,
    load_sdks,
    profile_of,
    tasks,
)

REQUESTS = 60
SYSTEM = "Name the topic of the mail in one of these words, as the queue's people use them. " * 60


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[RunningEmulator]:
    load_sdks()
    running = start(tmp_path / "emulator", exit_with_parent=os.getpid())
    yield running
    running.stop()


def asked(protocol: Protocol, mode: Mode | None) -> list[Task]:
    return [
        replace(t, mode=mode, request=replace(t.request, system=SYSTEM))
        for t in tasks(MODELS[protocol], REQUESTS)
    ]


def night(place: Place, mode: Mode | None = None) -> SqlLedger:
    """Works the night; the ledger afterwards."""
    engine = engine_at(place)
    items = asked(place.profile.protocol, mode)
    plan = StepPlan(STEP, lambda: items)
    assert work(engine, DAY, [plan], Rework.STALE, pause=lambda _: True).finished
    assert engine.ledger.work.counts(DAY)[STEP]["ok"] == REQUESTS
    return SqlLedger(place.url, place.home)


def attempts(place: Place) -> list[dict[str, Any]]:
    with closing(create_engine(place.url).connect()) as connection:
        return [dict(row) for row in connection.execute(text("SELECT * FROM attempts")).mappings()]


def listed_usd(protocol: Protocol, paid: dict[str, Any]) -> Decimal:
    """One answer by the price list's own arithmetic. Anthropic's caches are written for an hour."""
    hour = {"cache_write_1h_tokens": paid["cache_write_tokens"]} if protocol == "anthropic" else {}
    usage = genai_prices.Usage(
        input_tokens=paid["input_tokens"],
        output_tokens=paid["output_tokens"],
        cache_read_tokens=paid["cached_tokens"],
        cache_write_tokens=paid["cache_write_tokens"],
        **hour,
    )
    context: Any = {"processing": "batch"} if paid["mode"] == "batch" else None
    now = datetime.now(UTC)
    return genai_prices.calc_price(
        usage,
        paid["model"],
        provider_id=PROTOCOLS[protocol].price_provider,
        genai_request_timestamp=now,
        price_context=context,
    ).total_price


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize("mode", [None, Mode.ONLINE], ids=["batch", "online"])
@pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini"])
def test_cached_tokens_are_in_the_view_and_in_the_price(
    protocol: Protocol, mode: Mode | None, emulator: RunningEmulator, tmp_path: Path
) -> None:
    place = Place(
        profile_of(protocol, emulator, batch_requests=100), tmp_path, f"sqlite:///{tmp_path}/ledger.db"
    )
    usage, paid = night(place, mode).spending.usage(DAY), attempts(place)
    assert sum(row.cost_usd for row in usage) == sum(listed_usd(protocol, one) for one in paid)
    plain = sum(listed_usd(protocol, one | {"cached_tokens": 0, "cache_write_tokens": 0}) for one in paid)
    assert sum(row.cost_usd for row in usage) < plain
    read = _seen_by_analysts(place, usage)
    assert read == sum(one["cached_tokens"] for one in paid) > 0.3 * sum(one["input_tokens"] for one in paid)


def _seen_by_analysts(place: Place, usage: list[Any]) -> int:
    lake = Lake(place.home, (LLM_USAGE,))
    lake.write(LLM_USAGE, DAY, [{"day": DAY.isoformat(), **asdict(row)} for row in usage])
    lake.publish()
    with duckdb.connect(str(lake.analytics), read_only=True) as connection:
        [(read,)] = connection.execute("SELECT sum(cached_tokens) FROM llm_usage").fetchall()
    return int(read)


def test_at_anthropic_one_request_goes_before_the_batch_and_is_in_no_batch(
    emulator: RunningEmulator, tmp_path: Path
) -> None:
    profile = profile_of("anthropic", emulator, batch_requests=100)
    place = Place(profile, tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    night(place)
    paid = attempts(place)
    assert Counter(one["mode"] for one in paid) == {"online": 1, "batch": REQUESTS - 1}
    assert len({one["request_id"] for one in paid}) == REQUESTS
    [first] = [one for one in paid if one["mode"] == "online"]
    batch = [one for one in paid if one["mode"] == "batch"]
    assert first["cache_write_tokens"] > 1000 and first["cached_tokens"] == 0
    assert sum(one["cached_tokens"] > 0 for one in batch) > 0.8 * len(batch)
    made = [c.operation for c in calls(tmp_path / "emulator" / "journal")]
    assert made.index("create_message") < made.index("create_batch")
    assert made.count("create_message") == made.count("create_batch") == 1


def test_without_a_prefix_worth_a_cache_nothing_is_written(emulator: RunningEmulator, tmp_path: Path) -> None:
    profile = profile_of("anthropic", emulator, batch_requests=100)
    place = Place(profile, tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    items = asked("anthropic", None)[:3]
    plan = StepPlan(STEP, lambda: items)
    assert work(engine_at(place), DAY, [plan], Rework.STALE, pause=lambda _: True).finished
    paid = attempts(place)
    assert [one["mode"] for one in paid] == ["batch"] * 3
    assert not any(one["cache_write_tokens"] or one["cached_tokens"] for one in paid)


# Killed for real between the first request and the batch behind it

FORK = multiprocessing.get_context("fork")
Moment = tuple[str, str]
MOMENTS: dict[Moment, tuple[int, int]] = {
    ("ask", "before"): (0, 2),
    ("ask", "after"): (1, 2),
    ("settle", "after"): (1, 1),
    ("create", "before"): (1, 1),
}
"""How many messages were asked for and batches created in the end. One interrupted goes in a batch of its own."""


class Killed:
    """A port whose process is killed around one of its calls."""

    def __init__(self, target: Any, moment: Moment) -> None:
        self._target, self._moment = target, moment

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name != self._moment[0]:
            return value

        def struck(*args: Any, **kwargs: Any) -> Any:
            if self._moment[1] == "after":
                value(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)

        return struck


def killed(place: Place, moment: Moment) -> None:
    engine = engine_at(place)
    ledger = each_port(engine.ledger, lambda port: Killed(port, moment))
    ports = {"ledger": ledger, "provider": Killed(engine.provider, moment)}
    items = asked("anthropic", None)
    plan = StepPlan(STEP, lambda: items)
    work(replace(engine, **ports), DAY, [plan], Rework.STALE, pause=lambda _: True)  # type: ignore[arg-type]


@pytest.mark.sampled(every=2)
@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS, ids=" ".join)
def test_killed_around_the_first_request_nothing_is_sent_twice(
    moment: Moment, emulator: RunningEmulator, tmp_path: Path
) -> None:
    profile = profile_of("anthropic", emulator, batch_requests=100)
    place = Place(profile, tmp_path, f"sqlite:///{tmp_path}/ledger.db")
    process = FORK.Process(target=killed, args=(place, moment))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    night(place)
    made = Counter(c.operation for c in calls(tmp_path / "emulator" / "journal"))
    assert (made["create_message"], made["create_batch"]) == MOMENTS[moment]
    journal = tmp_path / "emulator" / "journal"
    ran = sum(len(_executions(path)) for path in journal.glob("*.jsonl"))
    unwritten = moment == ("ask", "after")  # answered, but nobody could write it down
    assert ran == REQUESTS + unwritten
    assert len(attempts(place)) == REQUESTS


def _executions(path: Path) -> list[Execution]:
    return [] if path.name == CALLS else executions(path)
