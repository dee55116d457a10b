"""A night's news as a mail server and a webhook's receiver get it: each piece once at each place, whatever dies between."""

import json
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm_assets.domain.desk.tables import MORNING_REPORT
from llm_assets.domain.refusals import Refused
from llm_assets.domain.traffic.block import Block, Proof
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.desk import Desk, Wait
from llm_assets.usecases.notify.tell import Told, tell
from resources.ledger.transactions.notices import SqlNotices
from resources.settings.environment import Settings
from tests.support.houses.post_office import PostOffice, post_office
from tests.support.houses.small_desk import MovableClock
from tests.support.nights.ledger_night import plan, request, work
from tests.support.providers.provider_server import Canned, Reply, canned_server

DAY = date(2026, 11, 20)
DEADLINE = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TOTALS = {"received": 12, "documents": 10, "ok": 7, "review": 2, "dead": 0, "open": 1, "drafts_ready": 6}


@dataclass
class Morning:
    """A desk whose news goes to a mail server and a webhook."""

    settings: Settings
    office: PostOffice
    hooks: Canned
    clock: MovableClock = field(default_factory=lambda: MovableClock(DEADLINE - timedelta(hours=5)))

    @property
    def desk(self) -> Desk:
        return Desk(self.settings, STEPS, Wait.INLINE, self.clock)

    def tell(self) -> Told:
        with self.desk.open() as assembly:
            return tell(assembly)

    def report(self, at: datetime, day: date = DAY) -> None:
        row = {
            "day": day.isoformat(),
            "revision": 1,
            "generated_at": at.isoformat(),
            "path": "x",
            "totals": TOTALS,
        }
        with self.desk.open() as assembly:
            assembly.lake.write(MORNING_REPORT, day, [row])

    def told(self) -> tuple[list[str], list[str]]:
        """Subjects of the mails, types of the webhook's messages."""
        types = [json.loads(asked.body)["type"] for asked in self.hooks.calls("POST /desk")]
        return [str(mail["Subject"]) for mail in self.office.taken], types


@pytest.fixture
def morning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Morning]:
    monkeypatch.setenv("DESK_SECRET", "whsec_" + b64encode(b"thirty-two bytes of a test secret").decode())
    config = tmp_path / "config"
    config.mkdir()
    with post_office() as office, canned_server() as hooks:
        hooks.on("POST /desk", Reply(200))
        mail = {
            "name": "lead",
            "to": ["lead@desk.example"],
            "sender": "desk@desk.example",
            "host": "127.0.0.1",
        }
        mail |= {"security": "none", "port": office.port}  # type: ignore[dict-item]
        hook = {"name": "chat", "url": f"{hooks.url}/desk", "secret_env": "DESK_SECRET"}
        (config / "notifications.yaml").write_text(yaml.safe_dump({"mail": [mail], "webhooks": [hook]}))
        given = {"home": tmp_path / "home", "config": config, "provider": "emulator", "_env_file": None}
        given["first_day"] = DAY
        yield Morning(Settings(**given, review_url="https://review.example"), office, hooks)  # type: ignore[arg-type]


def test_a_report_that_is_there_is_told_once_with_its_figures_and_links(morning: Morning) -> None:
    assert morning.tell() == Told(2, 0, "")
    morning.report(morning.clock.now)
    assert morning.tell() == Told(2, 2, "")
    morning.clock.now += 2 * timedelta(hours=6)
    assert morning.tell() == Told(2, 0, ""), "it is no news any more, and the night was not late"
    assert morning.told() == (["Report of 2026-11-20: 10 cases, 2 for people, 1 open"], ["report.ready"])
    text = morning.office.taken[0].get_content()
    assert "https://review.example/report/2026-11-20" in text
    data = json.loads(morning.hooks.asked[0].body)["data"]
    assert data["totals"] == TOTALS and data["queue"] == "https://review.example/?day=2026-11-20"


def test_a_late_night_is_told_at_its_deadline_and_its_report_when_it_comes(morning: Morning) -> None:
    morning.clock.now = DEADLINE
    assert morning.tell().sent == 0
    morning.clock.now += MINUTE
    assert morning.tell().sent == 0, "nobody expects a report of a desk that was never in use"
    morning.report(DEADLINE, DAY - timedelta(days=1))
    assert [morning.tell().sent, morning.tell().sent] == [2, 0]
    morning.report(morning.clock.now + 30 * MINUTE)
    morning.clock.now += 31 * MINUTE
    assert [morning.tell().sent, morning.tell().sent] == [2, 0]
    assert morning.told()[1] == ["night.late", "report.ready"]
    assert morning.told()[0][0] == "Night of 2026-11-20 is late: no report at 2026-11-21 08:00"
    assert "There is none yet" in morning.office.taken[0].get_content()


def test_a_backfill_of_old_nights_is_no_news(morning: Morning) -> None:
    morning.settings = morning.settings.model_copy(update={"first_day": date(2026, 1, 1)})
    for day in (date(2026, 10, 3), date(2026, 11, 18), DAY):
        morning.report(morning.clock.now, day)
    morning.report(datetime(2026, 11, 20, 2, 0, tzinfo=UTC), date(2026, 11, 19))
    assert morning.tell().sent == 4
    subjects, _ = morning.told()
    assert [subject[:20] for subject in subjects] == ["Report of 2026-11-19", "Report of 2026-11-20"]


def test_a_budget_that_stops_is_told_when_nothing_comes_back_and_again_under_another_limit(
    morning: Morning,
) -> None:
    morning.report(morning.clock.now)
    morning.tell()
    with morning.desk.open() as assembly:
        plan(assembly.ledger, work((1, 2)), day=DAY)  # type: ignore[arg-type]
        assembly.ledger.spending.hold([request(1), request(2)], "over_budget")
    assert morning.tell().sent == 0, "no limit is set, so nothing is held back for long"
    for usd in (3, 4):
        morning.settings = morning.settings.model_copy(update={"budget_usd": Decimal(usd)})
        assert [morning.tell().sent, morning.tell().sent] == [2, 0]
    assert morning.told()[0][1:] == ["Budget stop: 2 requests of 2026-11-20 are not sent"] * 2
    text = morning.office.taken[-1].get_content()
    assert "4 USD for the night of 2026-11-20" in text and "LLM_ASSETS_BUDGET_USD" in text


def test_a_blocked_provider_is_told_once_for_each_episode_and_no_secret_with_it(
    morning: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-unguessable-key-of-a-test")
    since = morning.clock.now
    block = Block(
        Refused.KEY,
        Proof.CREATED,
        since,
        "the key sk-unguessable-key-of-a-test is refused: renew it",
        1,
        since,
    )
    with morning.desk.open() as assembly:
        assembly.ledger.blocks.change_block("openai", lambda _: block)
    assert morning.tell().sent == 0, "the first try may lift it"
    morning.clock.now += MINUTE
    assert [morning.tell().sent, morning.tell().sent] == [2, 0]
    text = morning.office.taken[0].get_content()
    assert "the key *** is refused: renew it" in text and "urgent, nightly, archive" in text
    assert "unguessable" not in str([mail.as_string() for mail in morning.office.taken])
    assert b"unguessable" not in b"".join(asked.body for asked in morning.hooks.asked)
    assert morning.told()[1] == ["lane.blocked"]


def test_a_place_that_fails_is_tried_again_with_growing_pauses_and_holds_no_other_up(
    morning: Morning,
) -> None:
    morning.hooks.on("POST /desk", Reply(503), Reply(503), Reply(200))
    morning.report(morning.clock.now)
    first = morning.tell()
    assert first.sent == 1 and "of chat answers 503" in first.trouble
    assert morning.tell().sent == 0 and len(morning.hooks.asked) == 1, "it rests for a minute"
    morning.clock.now += MINUTE
    assert morning.tell().trouble and len(morning.hooks.asked) == 2
    morning.clock.now += MINUTE
    morning.tell()
    assert len(morning.hooks.asked) == 2, "now it rests for two"
    morning.clock.now += MINUTE
    assert morning.tell() == Told(2, 1, "")
    ids = {asked.headers["webhook-id"] for asked in morning.hooks.asked}
    assert len(ids) == 1 and len(morning.office.taken) == 1
    assert len({asked.body for asked in morning.hooks.asked}) == 1


def test_two_processes_at_once_tell_it_once(morning: Morning) -> None:
    morning.report(morning.clock.now)
    with ThreadPoolExecutor(4) as four:
        sent = list(four.map(lambda _: morning.tell().sent, range(8)))
    assert sum(sent) == 2
    assert [len(told) for told in morning.told()] == [1, 1]


def test_a_death_between_sending_and_booking_sends_the_same_message_again(
    morning: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    morning.report(morning.clock.now)
    with monkeypatch.context() as dying:
        dying.setattr(SqlNotices, "told", dies)
        with pytest.raises(Killed):
            morning.tell()
    morning.clock.now += MINUTE
    assert morning.tell() == Told(2, 2, "")
    first, second = morning.office.taken
    assert first.as_bytes() == second.as_bytes(), "the same Message-ID: a mailbox knows it"
    assert morning.told()[1] == ["report.ready"]


def test_only_the_events_that_a_place_wants_are_told_there(morning: Morning) -> None:
    assert morning.settings.config is not None
    path = morning.settings.config / "notifications.yaml"
    content = yaml.safe_load(path.read_text())
    content["webhooks"][0]["events"] = ["night.late"]
    path.write_text(yaml.safe_dump(content))
    morning.report(morning.clock.now)
    assert morning.tell() == Told(2, 1, "")
    assert morning.told() == (["Report of 2026-11-20: 10 cases, 2 for people, 1 open"], [])
