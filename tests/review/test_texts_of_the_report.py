"""Texts of the report in the app: a lead approves them, nobody overwrites another, the next revision holds them."""

from typing import Any
from urllib.parse import urlencode

import pytest

from llm_assets.domain.people import PersonRole
from tests.support.houses.house import TODAY, House
from tests.support.houses.review_app import Answer, ReviewApp, add_user, review_app

LEAD = PersonRole.LEAD


def send(app: ReviewApp, cookie: str, part: str, text: str, act: str, seen: int, **headers: str) -> Answer:
    form = urlencode({"day": TODAY, "part": part, "text": text, "act": act, "seen": seen})
    origin = {"Origin": app.base} | headers
    kind = "application/x-www-form-urlencoded"
    return app.ask("POST", "/texts", form, cookie=cookie, Content_Type=kind, **origin)


def told(house: House) -> dict[str, Any]:
    """The report of another run of the night, and its texts by part."""
    ran = house.night()
    assert ran.code == 0, ran.err
    report = dict(ran.report)
    return report | {"texts": {t["part"]: t for t in report["texts"]}}


def test_an_approved_text_is_in_the_next_revision_and_a_later_figure_outdates_it(house: House) -> None:
    first = told(house)
    assert first["revision"] == 1 and "changes" not in first
    assert {t["state"] for t in first["texts"].values()} == {"draft"}
    assert first["texts"]["night:"]["text"] == first["summary"]
    shop = first["texts"]["queue:shop-orders"]["text"]
    assert f"{first['queues']['shop-orders']['received']} messages came in" in shop
    add_user(house, "lena", LEAD)
    with review_app(house) as app:
        cookie = app.sign_in("lena").cookie
        page = app.ask("GET", "/texts", cookie=cookie)
        assert page.status == 200 and "draft made by rule" in page.text
        assert 'class="text"' not in page.text, "what keeps line breaks holds no form"
        assert send(app, cookie, "queue:shop-orders", "Quiet <b>night</b> & calm.", "save", 1).status == 303
        assert send(app, cookie, "night:", "The desk is fine.", "approve", 1).status == 303
        again = send(app, cookie, "night:", "The desk is fine.", "approve", 1)
        assert again.status == 303, "sent twice, stored once"
        page = app.ask("GET", "/texts", cookie=cookie)
        assert "Quiet &lt;b&gt;night&lt;/b&gt; &amp; calm." in page.text and "<b>night" not in page.text
    second = told(house)
    assert (second["summary"], second["summary_by"], second["revision"]) == ("The desk is fine.", "lena", 2)
    texts = second["texts"]
    assert (texts["night:"]["state"], texts["night:"]["by"]) == ("approved", "lena")
    assert (texts["queue:shop-orders"]["state"], texts["queue:shop-orders"]["by"]) == ("draft", "lena")
    assert second["changes"] == {
        "summary": True,
        "texts": [{"part": "night:", "state": "approved"}, {"part": "queue:shop-orders", "state": "draft"}],
    }
    assert told(house)["revision"] == 2, "a run that changes nothing writes no revision"
    case = second["review"][0]
    words = ("--day", TODAY.isoformat(), "--record", case["record_id"], "--step", case["step"], "--approve")
    assert house.run("decide", *words).code == 0
    third = told(house)
    assert third["texts"]["night:"]["outdated"] and third["texts"]["night:"]["text"] == "The desk is fine."
    assert third["summary"] != "The desk is fine." and third["changes"]["decided"][1] >= 1
    assert third["quality"]["people"]["agreed"] == third["quality"]["people"]["decided"] >= 1
    assert house.run("audit", "verify").code == 0
    rates = house.home / "rates.csv"
    rates.write_text("date,currency,per_usd\n2026-01-02,KZT,500\n", encoding="utf-8")
    in_tenge = house.night(LLM_ASSETS_CURRENCY="KZT", LLM_ASSETS_EXCHANGE_RATES=str(rates)).report["spend"]
    assert in_tenge["currency"]["rate_of"] == "2026-01-02"
    assert in_tenge["amount"] == pytest.approx(500 * in_tenge["usd"]) and in_tenge["usd"] > 0
    assert in_tenge["batch_discount"]["usd"] > 0, "a batch costs half"
    without = house.night(LLM_ASSETS_CURRENCY="KZT")
    assert without.code == 2 and without.said_one_sentence("LLM_ASSETS_EXCHANGE_RATES")


def test_only_a_lead_who_sees_all_of_a_part_words_it_and_never_over_another(house: House) -> None:
    for name, role, *queues in (
        ("lena", LEAD), ("mira", LEAD), ("boss", LEAD, "office"), ("amina", PersonRole.REVIEWER),
    ):  # fmt: skip
        add_user(house, name, role, *queues)
    with review_app(house) as app:
        lena, mira, boss, amina = (app.sign_in(n).cookie for n in ("lena", "mira", "boss", "amina"))
        assert app.ask("GET", "/texts").headers["location"] == "/signin"
        assert app.ask("GET", "/texts", cookie=amina).status == 403
        assert send(app, amina, "queue:office", "x", "approve", 1).status == 403
        own = app.ask("GET", "/texts", cookie=boss).text
        assert "queue:office" in own and "shop-orders" not in own and "night:" not in own
        for part in ("queue:shop-orders", "night:", "queue:../office", "queue:nothing"):
            refused = send(app, boss, part, "x", "approve", 1)
            assert refused.status == 422 and f"no text {part}" in refused.text
        assert send(app, lena, "queue:office", "x", "approve", 1, Origin="http://evil.example").status == 403
        assert send(app, lena, "queue:office", "From lena.", "save", 1).status == 303
        late = send(app, mira, "queue:office", "From mira.", "approve", 1)
        assert late.status == 409 and "lena has changed this text" in late.text
        assert "From mira." in late.text and "From lena." in late.text, "nothing that was written is lost"
        assert send(app, mira, "queue:office", "From mira.", "approve", 2).status == 303
        for act, text in (("approve", " "), ("publish", "x"), ("approve", "x" * 5001)):
            assert send(app, mira, "queue:office", text, act, 3).status == 422
        assert "approved by mira" in app.ask("GET", "/texts", cookie=lena).text
        assert send(app, lena, "queue:office", "", "withdraw", 3).status == 303
        assert "approved by" not in app.ask("GET", "/texts", cookie=lena).text
