"""Real nights two minutes before their deadline, with everything that may keep them from it. As part of the soak: each waits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
import yaml

from llm_assets.domain.profile import Mode, Profile, Tier
from llm_assets.domain.requests.money import Usage
from llm_assets.engine.rescue.climb import RESCUED
from resources.prices import GenaiPrices
from resources.settings.environment import SHIPPED_CONFIG
from tests.support.houses.house import TODAY, Emulated, House
from tests.support.mail.invented_inbox import DOCUMENTS, ZONE, fill

pytestmark = [pytest.mark.slow, pytest.mark.soak]

STUCK = "batches: [{stuck: in_progress, stuck_share: 0%s}]"
RACED = "its cancel is not confirmed"
RESCUED_USAGE = (
    "select model, cost_usd, input_tokens, cached_tokens, output_tokens from llm_usage where route_why = ?"
)
WAITS = {"probability": 0.01}
"""So that a batch is sent and waited for until the fixed time before the deadline."""


class Trouble(NamedTuple):
    name: str
    scenario: str
    rescue: Mapping[str, float] = {}
    flex_seconds: float = 900
    settings: Mapping[str, str] = {}
    cancels: bool = False
    finishes: bool = True


TROUBLES = [
    Trouble("a batch would never end", f"{{{STUCK % ''}}}"),
    Trouble("a batch never ends", f"{{{STUCK % ''}}}", WAITS, cancels=True),
    Trouble(RACED, f"{{{STUCK % ', cancel_never_ends: true'}}}", WAITS, cancels=True),
    Trouble(
        "flex has no room", f"{{{STUCK % ''}, flex: {{refused: true}}}}", WAITS, flex_seconds=2, cancels=True
    ),
    Trouble("flex has room", f"{{{STUCK % ''}}}", WAITS, flex_seconds=2, cancels=True),
    Trouble(
        "the provider is down", "{}", settings={"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, finishes=False
    ),
]


def batch_usd(model: str, prompt: int, cached: int, answer: int) -> Decimal:
    """What the same tokens cost in a batch."""
    profile = Profile(name="openai", protocol="openai", models={Tier.CHEAP: model}, limits={})
    return GenaiPrices().usd(profile, model, Mode.BATCH, Usage(prompt, cached, output_tokens=answer))


def configured(folder: Path, trouble: Trouble) -> Path:
    """The shipped files with the ladder's rules changed."""
    folder.mkdir()
    lanes: dict[str, Any] = yaml.safe_load((SHIPPED_CONFIG / "lanes.yaml").read_text())
    lanes["rescue"] = {**lanes["rescue"], **trouble.rescue}
    lanes["routes"]["remainder_requests"] = 0  # else these few would go online for another reason
    (folder / "lanes.yaml").write_text(yaml.safe_dump(lanes))
    providers: dict[str, Any] = yaml.safe_load((SHIPPED_CONFIG / "providers.yaml").read_text())
    providers["providers"]["openai"]["routes"]["flex"]["timeout_seconds"] = trouble.flex_seconds
    (folder / "providers.yaml").write_text(yaml.safe_dump(providers))
    return folder


def rows_once(house: House) -> bool:
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        found = lake.execute("select count(*), count(distinct record_id) from categories").fetchall()
    return found == [(DOCUMENTS, DOCUMENTS)]


def test_the_shipped_emulator_keeps_it_with_the_shipped_rules(house: House) -> None:
    fill(house.home / "inbox", TODAY)
    until = datetime.now(ZONE) + timedelta(minutes=2)
    night = house.night("--until", until.isoformat(), LLM_ASSETS_PROVIDER="emulator")
    report = night.report
    assert (night.code, report["totals"]["open"]) == (0, 0), night.err
    assert datetime.fromisoformat(report["generated_at"]) < until and rows_once(house)
    print("left", until - datetime.now(ZONE), report.get("rescue"))
    again = house.night("--rework", "missing", LLM_ASSETS_PROVIDER="emulator")
    assert (again.code, again.report["revision"]) == (0, 1)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda t: t.name)
def test_the_report_is_there_before_the_deadline_and_says_what_it_cost(
    house: House, emulated: Emulated, tmp_path: Path, trouble: Trouble
) -> None:
    emulated.scenario(trouble.scenario)
    fill(house.home / "inbox", TODAY)
    config = configured(tmp_path / "config", trouble)
    until = datetime.now(ZONE) + timedelta(minutes=2)
    settings = {"LLM_ASSETS_CONFIG": str(config), **trouble.settings}
    night = house.run("night", "--day", f"{TODAY}", "--json", "--until", until.isoformat(), **settings)
    report = night.report
    assert datetime.fromisoformat(report["generated_at"]) < until, night.err
    totals, rescue = report["totals"], report.get("rescue")
    print(
        trouble.name, "code", night.code, "open", totals["open"], "left", until - datetime.now(ZONE), rescue
    )
    assert (night.code, bool(totals["open"])) == ((0, False) if trouble.finishes else (1, True))
    assert rows_once(house)
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        rescued = lake.execute(RESCUED_USAGE, [RESCUED]).fetchall()
    if not trouble.finishes:
        back = house.night(LLM_ASSETS_CONFIG=str(config))
        assert (back.code, back.report["revision"], back.report["totals"]["open"]) == (0, 2, 0), back.err
        assert rows_once(house), "the provider is back"
        return
    assert rescue is not None and (rescue["cancelled_batches"] > 0) is trouble.cancels
    rung = "flex" if trouble.name == "flex has room" else "online"
    assert rescue["requests"][rung] > 0
    beyond = sum((paid - batch_usd(model, *tokens) for model, paid, *tokens in rescued), Decimal(0))
    assert rescue["extra_usd"] == pytest.approx(float(beyond)) and (rescue["extra_usd"] > 0) is (
        rung == "online"
    )
    twice = rescue["paid_twice"]["usd_at_most"]
    assert 0 <= twice <= 1 and (twice > 0) is (trouble.name == RACED)
    again = house.run("night", "--day", f"{TODAY}", "--json", "--rework", "missing", **settings)
    assert again.report["revision"] == 1 and again.code == 0, "a rerun that changes nothing writes nothing"
