"""The app and the night are killed between a decision and its effect: nothing is lost, and nothing happens twice."""

import http.client
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import duckdb
import pytest

from llm_assets.domain.people import PersonRole
from resources.ledger import SqlLedger
from tests.review.test_releasing_drafts import forms, only_case, page, sent
from tests.support.databases import Postgres
from tests.support.houses.house import TODAY, Emulated, House
from tests.support.houses.review_app import ReviewApp, add_user, review_app
from tests.support.killed.dying_desk import killed_night, start_dying_app

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
CATEGORY = "delivery_status"
EVERY = (
    "written:categories",
    "planned",
    "intended",
    "created",
    "settled",
    "written:drafts",
    "written:decisions",
)
"""In the order of a night: each begins where the one before was killed."""


def only_in_doubt_about_the_category(house: House, count: int) -> list[str]:
    """Cases of the shop that one correction settles; each then needs a draft."""
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        found = lake.execute(
            "select case_id from categories c join extracted_fields f using (case_id)"
            " where c.queue = 'shop-orders' and c.status = 'review' and f.status = 'ok' order by case_id limit ?",
            [count],
        ).fetchall()
    assert len(found) == count
    return [row[0] for row in found]


@pytest.fixture
def settings(request: pytest.FixtureRequest, house: House, database: str) -> dict[str, str]:
    """Of the house's ledger: its own file, or an empty database that a first night fills."""
    if database == "sqlite":
        return {}
    server: Postgres = request.getfixturevalue("postgres")
    found = {"LLM_ASSETS_DATABASE_URL": server.new()}
    assert house.night(**found).code == 0
    return found


def ledger_of(house: House, settings: dict[str, str]) -> SqlLedger:
    url = settings.get("LLM_ASSETS_DATABASE_URL", f"sqlite:///{house.home / 'ledger.db'}")
    return SqlLedger(url, house.home)


def answered(house: House, settings: dict[str, str]) -> dict[str, int]:
    with closing(ledger_of(house, settings)) as ledger:
        used = ledger.spending.usage(TODAY)
    return {step: sum(u.requests for u in used if u.step == step) for step in {u.step for u in used}}


@contextmanager
def dying_app(house: House, moment: str, settings: dict[str, str]) -> Iterator[ReviewApp]:
    """The last request of the block is the app's end."""
    dying = start_dying_app(house, moment, "review", "--port", "0", **settings)
    assert dying.stdout is not None
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        yield ReviewApp(dying.stdout.readline().strip(), dying)
    dying.communicate(timeout=60)
    assert dying.returncode == -signal.SIGKILL


def decide_and_be_killed(house: House, cases: list[str], settings: dict[str, str]) -> None:
    """The browser's decision about a cluster dies with the app after its second case, and is sent again to the next app."""
    add_user(house, "amina", PersonRole.REVIEWER, ledger=ledger_of(house, settings))
    given = {
        "kind": "correct",
        "values": {"category": CATEGORY},
        "day": TODAY.isoformat(),
        "step": "categories",
        "at": datetime.now(UTC).isoformat(),
        "members": [{"case_id": each, "seen": 0} for each in cases],
    }
    with dying_app(house, "decided:2", settings) as app:
        cookie = app.sign_in("amina").cookie
        app.post(cookie, given)
    with review_app(house, **settings) as app:
        assert app.ask("GET", "/", cookie=cookie).status == 200, "a session outlives the app"
        for _ in range(2):
            said = app.post(cookie, given)
            assert said.status == 200
            assert [(m["case_id"], m["seen"]) for m in said.json["made"]] == [(c, 1) for c in cases]


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize(
    ("database", "moments"),
    [
        pytest.param("sqlite", ("created", "written:drafts"), id="sqlite"),
        pytest.param("postgres", ("settled",), id="postgres", marks=pytest.mark.soak),
        *(
            pytest.param(kind, EVERY, id=f"{kind}-every", marks=pytest.mark.soak)
            for kind in ("sqlite", "postgres")
        ),
    ],
)
def test_what_is_decided_is_worked_once_though_app_and_night_are_killed(
    house: House, _emulated: Emulated, settings: dict[str, str], moments: Sequence[str]
) -> None:
    cases = only_in_doubt_about_the_category(house, 3)
    executed, before = _emulated.answered(), answered(house, settings)
    decide_and_be_killed(house, cases, settings)
    died = [moment for moment in moments if killed_night(house, moment, TODAY, **settings)]
    assert died == list(moments), "each night comes to its moment"
    assert house.night(**settings).code == 0
    after = answered(house, settings)
    assert after["drafts"] - before.get("drafts", 0) == len(cases), "one draft for each, asked once"
    assert sum(after.values()) - sum(before.values()) == _emulated.answered() - executed, (
        "nothing is paid twice"
    )
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        rows = lake.execute(
            "select case_id, category, c.status, d.status, made.number from categories c join drafts d using (case_id)"
            " join decisions made using (case_id) where c.decided_by = 'amina' order by case_id"
        ).fetchall()
    assert [(row[0], row[1], row[2], row[4]) for row in rows] == [
        (c, CATEGORY, "corrected", 1) for c in cases
    ]
    assert {row[3] for row in rows} <= {"ok", "review"}, "each has its draft"
    release_and_be_killed(house, cases, settings)


def release_and_be_killed(house: House, cases: list[str], settings: dict[str, str]) -> None:
    """A lead releases the queue, and the app dies with the second draft; the lead looks again and releases the others."""
    add_user(house, "lena", PersonRole.LEAD, "shop-orders", ledger=ledger_of(house, settings))
    with dying_app(house, "released:2", settings) as app:
        cookie = app.sign_in("lena").cookie
        [whole, *single] = forms(page(app, cookie).text)
        assert len(single) == len(cases) > 2
        sent(app, cookie, "/drafts/release", whole)
    with review_app(house, **settings) as app:
        assert sent(app, cookie, "/drafts/release", whole).status == 422, "it says what was not shown"
        [rest, *single] = forms(page(app, cookie).text)
        assert len(single) == len(cases) - 2
        assert sent(app, cookie, "/drafts/release", rest).status == 303
        assert forms(page(app, cookie).text) == []
    with closing(ledger_of(house, settings)) as ledger:
        made = [d for d in ledger.review.decisions(TODAY) if d.kind == "release"]
    assert sorted(d.case_id for d in made) == sorted(cases), "each is released once"


@pytest.mark.soak
@pytest.mark.parametrize(
    "moments",
    [
        pytest.param({"intended": 0, "answered": 1}, id="some"),
        pytest.param(
            {"decided:1": 0, "planned": 0, "intended": 0, "answered": 1, "settled": 2},
            id="every",
            marks=pytest.mark.soak,
        ),
    ],
)
def test_a_draft_asked_for_at_once_comes_though_the_app_is_killed(
    house: House, _emulated: Emulated, moments: dict[str, int]
) -> None:
    """Only the answer that died with the app on its way to the ledger is paid again: nobody can ask for it a second time."""
    case_id, _ = only_case(house)
    given = ("--day", TODAY.isoformat(), "--record", case_id, "--step", "categories")
    made = house.run("decide", *given, "--set", "category=card_lost_or_fraud", "--by", "amina")
    assert made.code == 0, made.err
    add_user(house, "amina", PersonRole.REVIEWER)
    executed, before = _emulated.answered(), answered(house, {})
    named = {"day": TODAY.isoformat(), "case_id": case_id}
    for moment, paid in moments.items():
        with dying_app(house, moment, {}) as app:
            app.post(app.sign_in("amina").cookie, named, "/draft-now")
        assert _emulated.answered() - executed == paid, moment
    ran = house.night()
    assert ran.code == 0, ran.err
    assert _emulated.answered() - executed == 2, "one that was lost, and one that is kept"
    after = answered(house, {})
    assert after["drafts"] - before.get("drafts", 0) == 1
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        [(status, body)] = lake.execute(
            "select status, body from drafts where case_id = ?", [case_id]
        ).fetchall()
    assert status == "ok" and body
