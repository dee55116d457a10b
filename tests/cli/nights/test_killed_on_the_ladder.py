"""kill -9 between any two effects of a rescue, in real processes: the next run loses nothing and pays nothing twice but what
`double_usd` allows and the one call in whose middle the process died."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
import yaml

from llm_assets.domain.requests.batch import BatchState
from llm_assets.engine.ports.rescue import RescueCosts
from resources.ledger import SqlLedger
from resources.settings.environment import SHIPPED_CONFIG
from tests.support.databases import postgres  # noqa: F401 - a fixture
from tests.support.houses.house import TODAY, Emulated, House
from tests.support.killed.dying_ladder import Moment, night_killed_at
from tests.support.mail.invented_inbox import ZONE, mails, put

NAMES = tuple(f"0{number}.eml" for number in range(1, 7))
LASTS = 7200
"""Seconds a batch takes, of the emulator's clock."""
HALF = "{batches: [{stuck: in_progress, stuck_share: 0.5}]}"
DEAF = f"{{batches: [{{latency: {LASTS}}}], calls: [{{when: {{operation: cancel_batch}}, status: 503}}]}}"
MOMENTS, LEAST_MOMENTS, EVERY = 160, 90, 17
"""So many moments has a rescue at most and at least, and every so many a night is killed, which takes a quarter of a minute:
kills between any two effects are in the engine's tests."""


class Ladder(NamedTuple):
    name: str
    scenario: str
    raced: bool
    seconds: float
    """So near is the deadline. With six requests one after the other, online takes so long that a cancel which is not confirmed
    is raced 72 s before it."""

    def until(self) -> datetime:
        return datetime.now(ZONE) + timedelta(seconds=self.seconds)


CONFIRMED = Ladder("cancel confirmed", HALF, raced=False, seconds=240)
RACED = Ladder("raced", DEAF, raced=True, seconds=120)


def one_by_one(folder: Path) -> Path:
    """The shipped files, with one online call at a time and no other reason to ask online."""
    folder.mkdir()
    lanes: dict[str, Any] = yaml.safe_load((SHIPPED_CONFIG / "lanes.yaml").read_text())
    lanes["routes"]["remainder_requests"] = 0
    (folder / "lanes.yaml").write_text(yaml.safe_dump(lanes))
    providers: dict[str, Any] = yaml.safe_load((SHIPPED_CONFIG / "providers.yaml").read_text())
    providers["providers"]["openai"]["limits"]["online_concurrency"] = 1
    (folder / "providers.yaml").write_text(yaml.safe_dump(providers))
    return folder


class Late(NamedTuple):
    """A house whose night has batches at the provider that do not end."""

    house: House
    emulated: Emulated
    ladder: Ladder
    url: str
    before: int

    def ledger(self) -> SqlLedger:
        return SqlLedger(self.url, self.house.home)

    def raced(self) -> int:
        """Batches that were raced and not read yet. A run five minutes later reads them."""
        ledger = self.ledger()
        found = ledger.rescue.raced("openai")
        for batch in found:
            ledger.batches.transition(batch.batch_id, BatchState.RACED, BatchState.RACED, not_before=None)
        ledger.close()
        return len(found)

    def costs(self) -> tuple[RescueCosts, int]:
        """What the rescue cost, and how many answers were booked in all."""
        ledger = self.ledger()
        costs, usage = ledger.rescue.costs(TODAY), ledger.spending.usage(TODAY)
        ledger.close()
        return costs, sum(u.succeeded for u in usage) + costs.twice


def late_night(home: Path, emulated: Emulated, ladder: Ladder, url: str | None) -> Late:
    settings = {"LLM_ASSETS_CONFIG": str(one_by_one(home.parent / "config"))}
    settings |= {"LLM_ASSETS_DATABASE_URL": url} if url is not None else {}
    house = House(home, emulated.running, settings)
    for name in NAMES:
        put(home / "inbox", name, mails()[name], TODAY)
    emulated.scenario(ladder.scenario)
    before = emulated.answered()
    night = ("night", "--day", f"{TODAY}")
    assert night_killed_at(house, Moment("look", 5), night), "its batches wait at the provider"
    return Late(house, emulated, ladder, url or f"sqlite:///{home}/ledger.db", before)


def assert_nothing_is_lost_or_paid_twice(late: Late, until: datetime) -> tuple[RescueCosts, int]:
    """Runs the night to its end, lets the raced batches end, and runs it again."""
    words = ("night", "--day", f"{TODAY}", "--json", "--until", until.isoformat())
    night = late.house.run(*words)
    assert (night.code, night.report["totals"]["open"]) == (0, 0), night.out + night.err
    assert datetime.fromisoformat(night.report["generated_at"]) < until
    raced = late.raced()
    assert bool(raced) is late.ladder.raced
    late.emulated.scenario("{}")
    late.emulated.ask("POST", "/_emulator/advance", f'{{"seconds": {LASTS}}}')
    again = late.house.night("--rework", "missing")
    assert (again.code, again.report["totals"]["open"]) == (0, 0), again.out + again.err
    assert late.raced() == 0
    with duckdb.connect(late.house.home / "analytics.duckdb", read_only=True) as lake:
        for table in ("categories", "extracted_fields"):
            found = lake.execute(f"select count(*), count(distinct record_id) from {table}").fetchall()
            assert found == [(len(NAMES), len(NAMES))], table
    costs, booked = late.costs()
    paid = late.emulated.answered() - late.before
    assert booked <= paid <= booked + 1, f"{paid} were answered and {booked} booked"
    assert Decimal(0) < costs.extra_usd <= 20
    assert costs.double_usd == costs.twice_usd <= 1 and bool(costs.twice) is late.ladder.raced
    assert again.report["rescue"]["extra_usd"] == pytest.approx(float(costs.extra_usd))
    return costs, paid - booked


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("number", range(1, MOMENTS, EVERY))
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("ladder", [CONFIRMED, RACED], ids=lambda ladder: ladder.name)
def test_whenever_a_night_is_killed_on_the_ladder_the_next_run_completes_it(
    ladder: Ladder,
    database: str,
    number: int,
    tmp_path: Path,
    emulated: Emulated,
    request: pytest.FixtureRequest,
) -> None:
    url = request.getfixturevalue("postgres").cleared() if database == "postgres" else None
    late = late_night(tmp_path / "home", emulated, ladder, url)
    until = ladder.until()
    words = ("night", "--day", f"{TODAY}", "--json", "--until", until.isoformat())
    killed = night_killed_at(late.house, Moment("want_cancelled", number), words)
    assert killed or number > LEAST_MOMENTS
    costs, lost = assert_nothing_is_lost_or_paid_twice(late, until)
    print(ladder.name, database, number, killed, "not booked", lost, costs, flush=True)
