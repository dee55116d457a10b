"""Queues and categories that are renamed or removed after a night: its history stays, and nothing of it is paid again."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from llm_assets.domain.desk.tables import DOCUMENTS, step_table
from llm_assets.engine.ports.review import Decision
from llm_assets.steps import STEPS
from resources.lake.lake import CORE_TABLES, Lake
from resources.ledger import SqlLedger
from tests.support.houses.house import LONG_AGO, TODAY, House, Ran
from tests.support.mail.invented_inbox import ZONE, mail, put

BANK, SHOP = "help@bank.example", "orders@shop.example"
CATEGORIES = {
    "card": "When does a new card arrive: card delivery, courier, arrive",
    "login": "Cannot log in to the app: password, login, code",
    "other": "Anything else",
}


def category(name: str, was: str | list[str] | None = None, text: str = "") -> dict[str, Any]:
    described = text or CATEGORIES[name]
    known = {"name": name, "description": described, "needs_reply": True, "reply_guidance": described}
    return known | ({"was": was} if was is not None else {})


def bank(name: str = "bank", categories: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    listed = categories or [category(c) for c in CATEGORIES]
    return {"name": name, "mailboxes": [BANK], "categories": listed, "reviewers": ["amina"], **more}


def shop(**more: Any) -> dict[str, Any]:
    orders = category("order", text="Where is my order: order, parcel, courier")
    return {"name": "shop", "mailboxes": [SHOP], "default": True, "categories": [orders], **more}


def configure(house: House, *queues: dict[str, Any]) -> dict[str, str]:
    folder = house.home.parent / "config"
    folder.mkdir(exist_ok=True)
    (folder / "queues.yaml").write_text(yaml.safe_dump({"queues": list(queues)}, allow_unicode=True))
    return {"LLM_ASSETS_CONFIG": str(folder)}


def fill(house: House, day: date) -> None:
    texts = ["When does my new card arrive? The courier is late.", "Cannot log in, the code does not come."]
    for number, text in enumerate(texts, 1):
        put(house.home / "inbox", f"{day}-{number}.eml", mail(text, number, to=BANK), day)
    put(house.home / "inbox", f"{day}-3.eml", mail("Where is my order 4471? No parcel yet.", 3, to=SHOP), day)


@pytest.fixture
def closed(house: House) -> tuple[House, Ran]:
    """A house with one worked night that is closed."""
    fill(house, LONG_AGO)
    first = house.night(day=LONG_AGO, **configure(house, bank(), shop()))
    assert first.code == 0, first.err + first.out
    assert first.report["queues"]["bank"]["by_category"] == {"card": 1, "login": 1}
    return house, first


def shown(house: House, view: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(house.home / "analytics.duckdb"), read_only=True) as analytics:
        columns = "queue" if view != "categories" else "queue, category"
        return analytics.execute(f"SELECT {columns} FROM {view} ORDER BY ALL").fetchall()


def same(first: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
    kept = ("revision", "totals", "queues", "spend", "missing")
    return {k: first[k] for k in kept} == {k: again[k] for k in kept}


@pytest.mark.soak
@pytest.mark.slow
def test_a_renamed_queue_and_category_keep_their_history_and_cost_nothing(closed: tuple[House, Ran]) -> None:
    house, first = closed
    renamed = [category("card_delivery", "card", CATEGORIES["card"]), category("login"), category("other")]
    settings = configure(house, bank("care", renamed, was="bank"), shop())
    again = house.night(day=LONG_AGO, **settings)
    assert again.code == 0, again.err
    assert again.report["queues"]["care"]["by_category"] == {"card_delivery": 1, "login": 1}
    assert "bank" not in again.report["queues"] and "0 requests sent now" not in again.err
    steps = {line["step"] for line in again.report["spend"]["lines"]}
    for step in steps - {"night_summary"}:
        counts = [
            sum(line["requests"] for line in ran.report["spend"]["lines"] if line["step"] == step)
            for ran in (first, again)
        ]
        assert counts[0] == counts[1], step
    assert shown(house, "categories") == [("care", "card_delivery"), ("care", "login"), ("shop", "order")]
    assert {row[0] for row in shown(house, "documents")} == {"care", "shop"}
    twice = bank("desk", [category("post", ["card_delivery", "card"], CATEGORIES["card"]), *renamed[1:]])
    chained = house.night(day=LONG_AGO, **configure(house, twice | {"was": ["care", "bank"]}, shop()))
    assert chained.report["queues"]["desk"]["by_category"] == {"login": 1, "post": 1}


@pytest.mark.soak
@pytest.mark.slow
def test_a_decision_under_the_old_name_of_a_category_is_carried_over(closed: tuple[House, Ran]) -> None:
    house, _ = closed
    ledger = SqlLedger(f"sqlite:///{house.home}/ledger.db", house.home)
    lake = Lake(house.home, [*CORE_TABLES, *(s.table for s in STEPS)])
    rows = lake.read(step_table("categories", ()), LONG_AGO, ["case_id"])
    case_id = next(row["case_id"] for row in rows)
    ledger.review.decide(
        LONG_AGO, Decision(case_id, "categories", {"category": "other"}, "amina", datetime.now(ZONE))
    )
    ledger.close()
    settings = configure(
        house,
        bank(categories=[category("card"), category("login"), category("misc", "other", "Else")]),
        shop(),
    )
    after = house.night(day=LONG_AGO, **settings)
    assert after.code == 0, after.err
    assert after.report["queues"]["bank"]["by_category"].get("misc") == 1


@pytest.mark.slow
def test_a_closed_night_is_what_it_was_after_a_queue_and_a_category_are_removed(
    closed: tuple[House, Ran],
) -> None:
    house, first = closed
    fewer = bank(categories=[category("login"), category("other")])
    again = house.night(day=LONG_AGO, **configure(house, fewer, shop()))
    assert same(first.report, again.report) and again.code == 0, again.out
    # Its mailbox goes to the other queue, as when two are made one.
    alone = configure(house, shop(mailboxes=[SHOP, BANK]))
    gone = house.night(day=LONG_AGO, **alone)
    assert same(first.report, gone.report) and gone.code == 0, gone.out
    plan = house.run("plan", "--day", LONG_AGO.isoformat(), "--json", **alone).report
    assert plan["total"]["requests_at_most"] == 0
    fill(house, TODAY)
    today = house.night(**alone)
    assert set(today.report["queues"]) == {"shop"} and today.code == 0


@pytest.mark.soak
@pytest.mark.slow
def test_a_queue_whose_regions_exclude_the_profile_stops_alone(house: House) -> None:
    fill(house, TODAY)
    settings = configure(house, bank(allowed_regions=["kz"]), shop())
    plan = house.run("plan", "--day", TODAY.isoformat(), "--json", **settings)
    assert plan.report["steps"]["categories"]["stopped"] == 2
    assert plan.report["steps"]["categories"]["requests_at_most"] == 1
    ran = house.night(**settings)
    assert ran.code == 1
    assert (ran.report["totals"]["open"], ran.report["totals"]["drafts_ready"]) == (2, 1)
    status = house.run("status", "--day", TODAY.isoformat(), **settings).out
    sentence = "queue bank allows only the regions kz, but profile openai is in us"
    for said in (plan.out, status, *(m["why"] for m in ran.report["missing"] if "categories" in m["what"])):
        assert sentence in said
    allowed = house.night(**configure(house, bank(allowed_regions=["kz", "us"]), shop()))
    assert (allowed.code, allowed.report["totals"]["open"]) == (0, 0)


def test_a_name_that_is_old_and_new_is_one_sentence(house: House) -> None:
    ran = house.night(**configure(house, bank(was="shop"), shop()))
    assert ran.code == 2 and ran.said_one_sentence("queues.yaml", "was: shop", "another one now")


def test_a_file_of_the_memory_that_cannot_be_read_is_one_sentence(closed: tuple[House, Ran]) -> None:
    house, _ = closed
    broken: Path = house.home / "queues" / "bank.json"
    broken.write_text("{")
    ran = house.night(day=LONG_AGO, **configure(house, bank(), shop()))
    assert ran.code == 1 and ran.said_one_sentence("bank.json", "restore it from a backup")


def test_the_tables_of_the_lake_keep_the_names_they_were_written_with(closed: tuple[House, Ran]) -> None:
    house, _ = closed
    lake = Lake(house.home)
    assert {row["queue"] for row in lake.read(DOCUMENTS, LONG_AGO, ["queue"])} == {"bank", "shop"}
