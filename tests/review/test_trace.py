"""`trace` and its page: one record from its mail to its cost, before and after a person decided."""

import json
import re
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from llm_assets.domain.people import PersonRole
from tests.support.houses.house import TODAY, Emulated, House
from tests.support.houses.review_app import add_user, review_app
from tests.support.mail.invented_inbox import mail, put

pytestmark = pytest.mark.timeout(240)
_RAW = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d|\d\.\d{6}\+00:00")
"""A moment as a machine writes it."""
NAME = "Айгерим Сапарова"
TEXT = f"Здравствуйте! Меня зовут {NAME}. Карту заказала десять дней назад, когда её привезёт курьер?"


@pytest.fixture(scope="module")
def house(_emulated: Emulated, tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("traced") / "home", _emulated.running)
    put(
        house.home / "inbox",
        "a.eml",
        mail(TEXT, 1, subject="Карта", sender=f"{NAME} <aigerim@post.example>"),
        TODAY,
    )
    put(house.home / "inbox", "b.eml", mail("Where is my order 55? No courier came.", 2), TODAY)
    ran = house.night()
    assert ran.code == 0, ran.err
    return house


def traced(house: House, record: str, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(house.run("trace", record, "--json", *words).out)
    return found


def in_tables(house: House, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        return lake.execute(sql).fetchall()


def test_a_record_is_told_from_its_mail_to_its_cost(house: House) -> None:
    told = traced(house, "mail1@post.example")
    [message] = told["messages"]
    assert (message["subject"], message["text"]) == ("Карта", TEXT)
    by_step = {step["step"]: step for step in told["steps"]}
    for step in ("extracted_fields", "categories"):
        shown = by_step[step]
        assert shown["prompt"]["same"], "the text shown is the text that was sent, by its digest"
        assert "курьер" in shown["prompt"]["user"] and "Сапарова" not in shown["prompt"]["user"]
        assert "values masked by rules" in shown["masks"]
        assert [each["outcome"] for each in shown["tries"]] == ["succeeded"]
    assert by_step["categories"]["answer"]["category"] == by_step["categories"]["values"]["category"]
    whole = traced(house, told["record_id"], "--day", str(TODAY))["cost_usd"]
    other = traced(house, "mail2@post.example")["cost_usd"]
    [(spent,)] = in_tables(house, "select sum(cost_usd) from llm_usage where step <> 'night_summary'")
    assert Decimal(whole) + Decimal(other) == spent, "what the cases cost is what the night cost"

    text = house.run("trace", told["case_id"]).out
    assert "## Read: first message" in text and "### Text as it left the house" in text and "aigerim" in text
    assert "times are of Asia/Almaty" in text and _RAW.search(text) is None, (
        "to the minute, where people work"
    )
    assert house.run("trace", "no-such-record").said_one_sentence("no record no-such-record")
    assert house.run("trace", told["record_id"], "--day", "2020-01-01").said_one_sentence(
        "2020-01-01 has no record"
    )


def test_after_a_decision_it_tells_who_decided_and_what_answers_the_case_no_longer(house: House) -> None:
    record = traced(house, "mail1@post.example")["record_id"]
    given = ("decide", "--day", str(TODAY), "--record", record, "--step", "categories", "--by", "amina")
    categories = {name for (name,) in in_tables(house, "select category from categories")}
    wanted = "card_lost_or_fraud" if "card_lost_or_fraud" not in categories else "card_arrival"
    made = house.run(*given, "--set", f"category={wanted}")
    assert made.code == 0, made.err
    assert house.night().code in (0, 1)
    told = traced(house, record)
    by_step = {step["step"]: step for step in told["steps"]}
    [decision] = by_step["categories"]["decisions"]
    assert (decision["decided_by"], decision["values"]) == ("amina", {"category": wanted})
    assert by_step["categories"]["values"]["category"] == wanted
    assert by_step["categories"]["answer"]["category"] != wanted, "what came back stays what it was"
    add_user(house, "lena", PersonRole.LEAD)
    with review_app(house) as app:
        cookie = app.sign_in("lena").cookie
        page = app.ask("GET", f"/trace/{TODAY}/{told['case_id']}", cookie=cookie)
        assert _RAW.search(page.text) is None
        assert page.status == 200 and "amina" in page.text and "Text as it left the house" in page.text
        assert app.ask("GET", f"/trace/{TODAY}/{'f' * 24}", cookie=cookie).status == 404
        case = app.ask("GET", f"/case/{TODAY}/{told['case_id']}/categories", cookie=cookie)
        assert f'href="/trace/{TODAY}/{told["case_id"]}"' in case.text
        assert '<form class="draft"' in case.text, "the draft is below and can be edited"


def test_of_a_deleted_record_it_tells_that_it_was_deleted(house: House) -> None:
    record = traced(house, "mail2@post.example")["record_id"]
    assert house.run("delete", record, "--reason", "asked for it", "--yes").code == 0
    assert house.run("trace", record).said_one_sentence("was deleted on", "audit export")
