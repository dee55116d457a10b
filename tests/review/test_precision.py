"""Confident cases among the doubts, and the page of precision: what is shown to whom, and what a decision leaves behind."""

import dataclasses
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from starlette.testclient import TestClient

from llm_assets.domain.people import Person, PersonRole
from llm_assets.usecases.agreement.draw_control_set import draw_control_set
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.web.review.app import application
from resources.settings.environment import SHIPPED_CONFIG
from tests.review.conftest import DOUBTS
from tests.support.houses.house import TODAY, House
from tests.support.houses.review_app import add_user, review_app
from tests.usecases.agreement.conftest import DAY, NIGHT, Nights, answer, judged_night, nights

__all__ = ["nights"]


@pytest.fixture
def sampled(house: House, tmp_path: Path) -> House:
    """The night with a queue whose confident cases are all looked at."""
    config = tmp_path / "config"
    config.mkdir()
    shipped = (SHIPPED_CONFIG / "queues.yaml").read_text(encoding="utf-8")
    some = shipped.replace("- name: bank-support\n", "- name: bank-support\n    review_sample: 1.0\n")
    (config / "queues.yaml").write_text(some, encoding="utf-8")
    own = {"LLM_ASSETS_CONFIG": str(config), "LLM_ASSETS_CONTROL_SET": str(tmp_path / "labelled")}
    return dataclasses.replace(house, settings=own)


def rows(house: House, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        return lake.execute(query).fetchall()


def test_a_confident_case_is_decided_like_any_other_and_never_was_in_doubt(
    sampled: House, tmp_path: Path
) -> None:
    [(case_id, category)] = rows(
        sampled, "select case_id, category from categories where status = 'ok' and queue = 'bank-support'"
    )
    [(totals,)] = rows(sampled, "select totals from morning_report order by revision desc limit 1")
    drawn = sampled.run("control-set", "sample", "--days", "1", "-n", "60")
    assert (drawn.code, drawn.out.count("\n") > 2) == (0, True), drawn.err
    again = sampled.run("control-set", "sample", "--days", "1", "-n", "60")
    assert ", 0 of them now" in again.out
    add_user(sampled, "amina", PersonRole.REVIEWER)
    with review_app(sampled) as app:
        cookie = app.sign_in("amina").cookie
        path = f"/case/{TODAY}/{case_id}/categories"
        assert path in app.ask("GET", "/", cookie=cookie).text
        page = app.ask("GET", path, cookie=cookie).text
        assert "<h1>Is this the right category?</h1>" in page and category in page
        assert not re.search(r"sample|random|confiden|0\.\d", page.partition("</main>")[0], re.IGNORECASE)
        assert 'class="draft"' not in page, "an unsure case has none yet"
        given = {"kind": "approve", "values": {}, "day": TODAY.isoformat(), "step": "categories"}
        made = {"at": datetime.now(UTC).isoformat(), "members": [{"case_id": case_id, "seen": 0}]}
        assert app.post(cookie, given | made).status == 200
        assert path not in app.ask("GET", "/", cookie=cookie).text
        assert 'class="draft"' in app.ask("GET", path, cookie=cookie).text
        assert "1 decision, 100% agreed" in app.ask("GET", "/precision", cookie=cookie).text
    [label] = (tmp_path / "labelled" / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(label)["category"] == category, "it was drawn, so deciding it labels it"
    again = sampled.night()
    assert (again.code, again.report["totals"]) == (0, json.loads(totals)), again.err
    assert rows(sampled, "select status, decided_by from categories where case_id = '" + case_id + "'") == [
        ("ok", "amina")
    ]
    counted = "select queue, category, decided, agreed, sampled, sampled_agreed from agreement"
    assert rows(sampled, counted) == [("bank-support", category, 1, 1, 1, 1)]
    assert rows(sampled, "select count(*) from review_queue where decided_at is null")[0][0] >= DOUBTS


def page_of(assembly: Assembly, person: Person) -> str:
    """The page as a person sees it who came in by the link."""
    app = application(assembly, secure=False, entry="once", owner=person)
    with TestClient(app) as client:
        client.get("/enter?token=once")
        found = client.get(f"/precision?day={DAY}")
        assert found.status_code == 200
        return found.text


def test_the_page_shows_precision_and_queue_length_by_threshold(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0, precision=0.9)
    judged_night(nights, DAY)
    viewer = Person("vera", PersonRole.VIEWER)
    page = re.sub(r"<[^>]+>|\s+", " ", page_of(assembly, viewer))
    page = re.sub(r" +", " ", page)
    assert "60 decisions, 75% agreed; of 40 confident answers drawn at random 35 were right" in page
    assert "For 90% the next night sends cases under 0.81 to people" in page
    assert "0.70 in force 87.5% 20 40" in page
    assert "0.81 100% 40 20" in page and "0.90 100% 40 20" in page
    assert "post.example" not in page, "figures hold no personal data"
    assert "bank" not in page_of(assembly, Person("saule", PersonRole.LEAD, ("shop",)))


@pytest.mark.parametrize(
    ("precision", "said"),
    [(None, "review_precision"), (0.999, "For 99.9%"), (0.5, "For 50%")],
)
def test_the_page_says_what_the_next_night_will_do(
    nights: Nights, precision: float | None, said: str
) -> None:
    assembly = nights.configured(sample=1.0, precision=precision)
    judged_night(nights, DAY)
    assert said in page_of(assembly, Person("lena", PersonRole.LEAD))


def test_a_precision_that_cannot_be_reached_is_named(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0, precision=0.9)
    nights.write(DAY, [answer(f"c{n}", 0.9) for n in range(60)])
    for n in range(60):
        nights.decide(DAY, f"c{n}", "fee" if n % 2 else None)
    assert "No threshold reaches 90%" in page_of(assembly, Person("lena", PersonRole.LEAD))


def test_a_decision_that_is_stored_is_answered_so_where_no_label_can_be_made_of_it(nights: Nights) -> None:
    assembly = nights.configured(sample=1.0)
    nights.write(DAY, [answer("a", 0.99), answer("b", 0.98)])
    assert draw_control_set(assembly, 7, 10, "amina").new == 2
    lead = Person("lena", PersonRole.LEAD)
    with TestClient(application(assembly, secure=False, entry="once", owner=lead)) as client:
        client.get("/enter?token=once")
        given = {
            "kind": "approve",
            "values": {},
            "day": str(DAY),
            "step": "categories",
            "at": NIGHT.isoformat(),
        }
        members = [{"case_id": case_id, "seen": 0} for case_id in ("a", "b")]
        own = {"sec-fetch-site": "same-origin"}
        told = client.post("/decide", json=given | {"members": members}, headers=own)
        again = client.post("/decide", json=given | {"members": members}, headers=own)
    assert told.status_code == 200, "both are stored, and the browser does not call them refused"
    assert [made["case_id"] for made in told.json()["made"]] == ["a", "b"]
    [why] = told.json()["unlabelled"]
    assert "LLM_ASSETS_CONTROL_SET" in why
    assert [d.case_id for d in assembly.ledger.review.decisions(DAY)] == ["a", "b"]
    assert again.status_code == 200, "the same person may send the same again"
