"""A morning in Chromium: the queue is emptied by keyboard, and nothing that happens meanwhile loses a decision."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.houses.house import TODAY, House
from tests.support.houses.review_app import review_app

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    view = context.new_page()
    view.set_default_timeout(20_000)
    view.defects = []
    view.on("pageerror", lambda error: view.defects.append(str(error)))
    yield view
    context.close()
    assert view.defects == []


def open_doubts(page: Any) -> int:
    found = re.match(r"(\d+) doubt", page.inner_text("h1"))
    return int(found[1]) if found else 0


def press_and_move(page: Any, *keys: str) -> None:
    before = page.url
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_function("before => location.href !== before", arg=before)


def cyrillic(page: Any, key: str, code: str) -> None:
    """A key as a Russian layout sends it."""
    page.evaluate(
        "([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true}))",
        [key, code],
    )


def all_sent(page: Any) -> None:
    page.wait_for_function("() => JSON.parse(localStorage.getItem('review.unsent') || '[]').length === 0")


def decisions(house: House) -> list[tuple[Any, ...]]:
    """From the table, after the next run of the night."""
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        return lake.execute('select case_id, step, kind, "after" from decisions order by "at"').fetchall()


def test_keys_mean_the_same_under_a_russian_layout_and_nothing_while_typing(house: House, page: Any) -> None:
    with review_app(house) as app:
        page.goto(app.url)
        page.keyboard.press("Enter")
        page.wait_for_selector("main.case")
        first = page.url
        cyrillic(page, "ы", "KeyS")
        page.wait_for_function("before => location.href !== before", arg=first)
        cyrillic(page, ".", "Slash")
        second = page.url
        page.focus("#find")
        page.keyboard.type("sjxu1/")
        assert page.url == second and page.input_value("#find").startswith("sjxu1/")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        assert page.is_visible("#help")
        page.uncheck("#single-keys")
        page.keyboard.press("Escape")
        page.keyboard.press("s")
        page.wait_for_timeout(300)
        assert page.url == second, "single keys are switched off"


def test_a_corrected_category_is_undone_by_one_key(house: House, page: Any) -> None:
    with review_app(house) as app:
        page.goto(app.url)
        page.goto(app.base + page.get_attribute(".clusters a[href*='/categories']", "href"))
        before = open_and_wait(page, app.base)
        page.keyboard.press("/")
        page.keyboard.type("spam")
        press_and_move(page, "Enter")
        all_sent(page)
        page.keyboard.press("u")
        page.wait_for_function("() => document.querySelector('#said')?.textContent === 'Undone.'")
        assert page.url.endswith(before)
        all_sent(page)
    house.night()
    kinds = [row[2] for row in decisions(house)]
    assert kinds == ["correct", "undo"]


def open_and_wait(page: Any, base: str) -> str:
    page.wait_for_selector("main.case")
    return str(page.url).removeprefix(base)


def test_decisions_made_without_a_connection_are_sent_when_it_is_back(house: House, page: Any) -> None:
    with review_app(house) as app:
        page.goto(app.url)
        before = open_doubts(page)
        page.keyboard.press("Enter")
        page.wait_for_selector("main.case")
        page.wait_for_load_state("networkidle")
        page.context.set_offline(True)
        press_and_move(page, "1", "Enter")
        press_and_move(page, "1", "Enter")
        assert page.inner_text("#kept") == "2 not sent yet"
        page.context.set_offline(False)
        all_sent(page)
        page.goto(f"{app.base}/")
        assert open_doubts(page) == before - 2


def test_a_hostile_mail_is_text_and_nothing_else(house: House, page: Any) -> None:
    with review_app(house) as app:
        page.goto(app.url)
        with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
            row = lake.execute(
                "select d.case_id, r.step from documents d join review_queue r using (case_id)"
                " where d.sender = 'x@post.example'"
            ).fetchone()
        assert row is not None
        page.goto(f"{app.base}/case/{TODAY}/{row[0]}/{row[1]}")
        assert page.title() not in ("taken", "1")
        assert "<script>" in page.inner_text(".original") and "{{7*7}}" in page.inner_text(".original")
        assert page.query_selector(".original script, .original img") is None


def test_what_the_desk_refuses_stays_in_sight_and_in_the_queue(house: House, page: Any) -> None:
    with review_app(house) as app:
        page.goto(app.url)
        before = open_doubts(page)
        page.goto(app.base + page.get_attribute(".clusters a[href*='/categories']", "href"))
        page.wait_for_selector("main.case")
        refused = page.url
        page.keyboard.press("/")
        page.keyboard.type("no_such_category")
        press_and_move(page, "Enter")
        page.wait_for_selector("#refused:not([hidden])")
        assert "category is none of" in page.inner_text("#refused")
        page.click("#refused a")
        page.wait_for_selector("main.case")
        assert page.url == refused
        page.goto(f"{app.base}/")
        assert open_doubts(page) == before


def test_a_date_is_checked_before_the_page_moves(house: House, page: Any) -> None:
    with review_app(house) as app:
        page.goto(app.url)
        day, case = page.get_attribute(".clusters a[href*='/categories']", "href").split("/")[2:4]
        page.goto(f"{app.base}/case/{day}/{case}/extracted_fields")
        page.wait_for_selector("main.case")
        here = page.url
        page.fill("[name=deadline]", "1")
        page.press("[name=deadline]", "Enter")
        page.wait_for_timeout(200)
        assert page.url == here
        page.fill("[name=deadline]", "2026-12-01")
        page.press("[name=deadline]", "Enter")
        page.wait_for_function("before => location.href !== before", arg=here)
        all_sent(page)
        assert page.is_hidden("#refused")
