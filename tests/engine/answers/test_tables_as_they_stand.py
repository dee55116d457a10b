"""A table is written again exactly when something it is made of has changed: on a real ledger and a real lake."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Category, Queue, Queues
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.profile import Tier
from llm_assets.domain.traffic.lanes import ReadingRules
from llm_assets.engine.night.night import Night
from llm_assets.engine.night.read_day import DayReader
from llm_assets.engine.night.receive import receive
from llm_assets.engine.ports.review import Decision
from llm_assets.engine.rounds.work import work
from llm_assets.intake.pii.masking import mask_case
from llm_assets.intake.sources import scan
from llm_assets.intake.workers.pool import ReaderPool
from resources.lake.lake import CORE_TABLES, Lake
from resources.ledger import SqlLedger
from resources.mail.raw_store import RawStore
from tests.support.nights.engine_night import DAY, Desk, Echo
from tests.support.providers.fake_provider import FakeProvider

ECHO = Step("echo", Echo, Prompt("echo", "Echo.", "$case"))
QUEUE = Queue(name="bank", default=True, categories=(Category(name="other"),))


class House:
    """A day's mail in a folder, read and worked again and again."""

    def __init__(self, desk: Desk, home: Path) -> None:
        self.desk = desk
        self.inbox = home / "inbox"
        self.inbox.mkdir()
        self.lake = Lake(home, (*CORE_TABLES, ECHO.table))
        self.raw = RawStore(home)
        self.queues = Queues(queues=(QUEUE,))
        self.reading, self.rules = "1", "1"

    @property
    def ledger(self) -> SqlLedger:
        return self.desk.ledger()

    def drop(self, name: str, text: str) -> None:
        head = f"From: Ann <ann@mail.example>\nTo: help@bank.example\nMessage-ID: <{name}@mail.example>\n"
        (self.inbox / name).write_text(
            f"{head}Subject: Card\nMIME-Version: 1.0\n\n{text}\n", encoding="utf-8"
        )

    def read(self) -> int:
        """Messages parsed now."""
        items = scan(self.inbox, source="files")
        receive(self.ledger.register, self.raw, items, lambda _: DAY, lambda *_: None)
        with ReaderPool() as pool:
            reader = DayReader(
                self.ledger.register,
                self.raw,
                self.lake,
                self.queues,
                pool,
                self.lake.home,
                self.reading,
                "1",
            )
            return reader.read(DAY, lambda *_: None).read_now

    def night(self) -> Night:
        return Night(
            DAY,
            self.desk.engine(),
            self.lake,
            self.queues,
            {ECHO.name: ECHO},
            mask_case,
            rules_version=self.rules,
        )

    def write(self) -> bool:
        """Works the step; whether its table was written."""
        night = self.night()
        work(night.engine, DAY, [night.plan(ECHO)], Rework.STALE, pause=lambda _: True)
        made_from = night.made_from(ECHO)
        if self.lake.rows_made_from(ECHO.table, DAY, made_from) is not None:
            return False
        self.lake.write(ECHO.table, DAY, night.rows(ECHO), made_from)
        return True


@pytest.fixture
def house(desk: Desk, tmp_path: Path) -> House:
    desk.provider = FakeProvider(desk.provider.profile, desk.clock)
    house = House(desk, tmp_path)
    house.drop("a.eml", "Where is my card?")
    house.drop("b.eml", "My card is lost.")
    house.read()
    house.write()
    return house


def test_a_day_with_nothing_new_is_neither_parsed_nor_written(house: House) -> None:
    before = house.lake.version(DOCUMENTS, DAY)
    assert house.read() == 0
    assert house.lake.version(DOCUMENTS, DAY) == before
    assert not house.write()


def _another_mail(house: House) -> None:
    house.drop("c.eml", "One more.")
    house.read()


def _another_queue(house: House) -> None:
    house.queues = Queues(queues=(QUEUE.model_copy(update={"review_below": 0.9}),))


def _other_rules(house: House) -> None:
    house.rules = "2"


def _other_thresholds(house: House) -> None:
    house.desk.lanes = house.desk.lanes.model_copy(update={"reading": ReadingRules(pages=5)})


def _a_decision(house: House) -> None:
    (first, *_) = house.lake.read(ECHO.table, DAY)
    now = datetime(2026, 11, 21, 3, tzinfo=UTC)
    house.ledger.review.decide(DAY, Decision(first["case_id"], ECHO.name, {"value": "yes"}, "amina", now))


@pytest.mark.parametrize(
    "change", [_another_mail, _another_queue, _other_rules, _other_thresholds, _a_decision]
)
def test_a_table_follows_whatever_it_is_made_of(house: House, change: Callable[[House], None]) -> None:
    change(house)
    assert house.write()
    assert not house.write()


def test_a_hard_case_is_read_by_the_strong_model_and_its_row_says_why(house: House) -> None:
    cheap = house.desk.provider.profile
    strong = cheap.model_copy(
        update={"models": {**cheap.models, Tier.STRONG: f"{cheap.models[Tier.CHEAP]}-xl"}}
    )
    house.desk.provider = FakeProvider(strong, house.desk.clock)
    table = "\n".join("\t".join(str(n) for n in range(12)) for _ in range(3))
    paper = (
        f"Content-Type: text/csv; name=t.csv\nContent-Disposition: attachment; filename=t.csv\n\n{table}\n"
    )
    (house.inbox / "hard.eml").write_text(
        "From: Bo <bo@mail.example>\nTo: help@bank.example\nMessage-ID: <hard@mail.example>\nSubject: List\n"
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\nPlease see the list.\n--b\n{paper}--b--\n",
        encoding="utf-8",
    )
    house.read()
    assert house.write()
    rows = {(r["tier"], r["tier_reason"], r["model"]) for r in house.lake.read(ECHO.table, DAY)}
    plain = cheap.models[Tier.CHEAP]
    assert rows == {("cheap", "clean_text", plain), ("strong", "wide_table 12", f"{plain}-xl")}
