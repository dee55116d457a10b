"""Drafts on a lead's page: read, released, taken back; by nobody else, and by no link or foreign page."""

import re
from collections.abc import Mapping
from html import unescape
from urllib.parse import urlencode

import duckdb
import pytest

from llm_assets.domain.people import PersonRole
from tests.review.test_who_may import FOREIGN, decision
from tests.support.houses.house import TODAY, House
from tests.support.houses.review_app import Answer, ReviewApp, add_user, review_app

QUEUE = "shop-orders"
HOSTILE = "<script>document.title='taken'</script> до пятницы"


def sent(app: ReviewApp, cookie: str, path: str, form: Mapping[str, str], **headers: str) -> Answer:
    given = {"Origin": app.base} | headers
    kind = "application/x-www-form-urlencoded"
    return app.ask("POST", path, urlencode(form), cookie=cookie, Content_Type=kind, **given)


def page(app: ReviewApp, cookie: str, state: str = "ready", queue: str = "") -> Answer:
    return app.ask(
        "GET", f"/drafts?{urlencode({'day': TODAY, 'state': state, 'queue': queue})}", cookie=cookie
    )


def forms(text: str) -> list[dict[str, str]]:
    """What each form of a page sends, but the one that signs out."""
    found = re.findall(r'<form method="post" action="/drafts.*?</form>', text, re.DOTALL)
    fields = [re.findall(r'name="(\w+)" value="([^"]*)"', each) for each in found]
    return [{name: unescape(value) for name, value in each} for each in fields]


def rows_of(house: House, query: str) -> list[tuple[str, ...]]:
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        return lake.execute(query).fetchall()


def only_case(house: House) -> tuple[str, str]:
    """Case and queue of the one draft that the night left ready."""
    [(case_id, queue)] = rows_of(
        house, "select case_id, queue from drafts where status = 'ok' and body is not null"
    )
    return case_id, queue


def test_a_lead_releases_what_was_read_and_nobody_else_does(house: House) -> None:
    case_id, queue = only_case(house)
    add_user(house, "lena", PersonRole.LEAD)
    add_user(house, "saule", PersonRole.LEAD, "office" if queue != "office" else QUEUE)
    add_user(house, "amina", PersonRole.REVIEWER)
    with review_app(house) as app:
        assert page(app, "").headers["location"] == "/signin"
        lead, other, reviewer = (app.sign_in(name).cookie for name in ("lena", "saule", "amina"))
        shown = page(app, lead)
        whole, single = forms(shown.text)
        assert single["case"] == case_id and whole["queue"] == queue
        assert "courier" in shown.text, "what the customer wrote is beside it"
        assert 'href="/drafts"' in app.ask("GET", "/", cookie=lead).text
        assert 'href="/drafts"' not in app.ask("GET", "/", cookie=reviewer).text
        assert page(app, reviewer).status == 403 and case_id not in page(app, other).text
        for path, form in (("release", single), ("release", whole), ("take-back", single)):
            assert sent(app, reviewer, f"/drafts/{path}", form).status == 403
            assert sent(app, other, f"/drafts/{path}", form).status == 404
            for headers in FOREIGN:
                assert sent(app, lead, f"/drafts/{path}", form, **headers).status == 403
        assert app.post(reviewer, decision(case_id, "drafts", kind="release")).status == 422
        odd = ({**single, "text": "f" * 24}, {**whole, "stamp": "f" * 24}, {**single, "case": "../x"}, {})
        assert [sent(app, lead, "/drafts/release", form).status for form in odd] == [422, 422, 404, 404]
        assert forms(page(app, lead).text) == [whole, single], "nothing has been released"

        done = sent(app, lead, "/drafts/release", single)
        assert done.status == 303
        assert "1 draft released" in app.ask("GET", done.headers["location"], cookie=lead).text
        assert sent(app, lead, "/drafts/release", single).status == 303, "sent twice"
        released = page(app, lead, "released").text
        assert "Released by lena" in released and case_id not in page(app, lead).text

        conflict = app.post(reviewer, decision(case_id, "drafts"))
        assert (conflict.status, conflict.json["conflicts"][0]["kind"]) == (409, "release")
        changed = decision(case_id, "drafts", kind="correct", values={"body": HOSTILE})
        changed["members"][0]["seen"] = conflict.json["conflicts"][0]["seen"]
        assert app.post(reviewer, changed).status == 200
        anew = page(app, lead).text
        assert "&lt;script&gt;" in anew and "<script>document" not in anew
        assert sent(app, lead, "/drafts/release", single).status == 422, "the words that were read are gone"
        assert sent(app, lead, "/drafts/release", forms(anew)[0]).status == 303
        assert sent(app, lead, "/drafts/take-back", single).status == 303
        assert sent(app, lead, "/drafts/take-back", single).status == 422
        assert "Released by" not in page(app, lead, "released").text
        assert sent(app, lead, "/drafts/release", {**whole, "text": "x" * 1_000_001}).status == 413


@pytest.mark.slow
def test_a_script_releases_and_exports_and_the_next_night_keeps_the_release(house: House) -> None:
    case_id, queue = only_case(house)
    day = ("--day", TODAY.isoformat())
    assert house.run("drafts", "release", *day, "--queue", queue).out == "1 released\n"
    out = house.home.parent / "out"
    assert house.run("drafts", "export", *day, "--out", str(out)).code == 0
    assert [p.name for p in out.iterdir()] == [f"{TODAY}-{case_id}.eml"]
    approved = ("--record", case_id, "--step", "categories", "--approve", "--by", "amina")
    assert house.run("decide", *day, *approved).code == 0
    nothing = house.run("drafts", "export", *day, "--to", "csv", "--out", str(out))
    assert "no draft of" in nothing.out and nothing.code == 0, "what it is made from has been decided"
    assert house.night().code == 0
    assert house.run("drafts", "export", *day, "--out", str(out)).out.startswith("1 draft in ")
    assert rows_of(house, "select kind, step from decisions order by step") == [
        ("approve", "categories"),
        ("release", "drafts"),
    ]
