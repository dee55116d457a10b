"""Two reviewers empty one queue by keyboard alone, one of them with a Russian layout and for a while without a connection."""

from contextlib import ExitStack, closing
from typing import Any

import pytest

from llm_assets.domain.people import PersonRole
from llm_assets.engine.answers.decisions import in_force
from resources.ledger import SqlLedger
from tests.review.conftest import DOUBTS
from tests.review.test_morning_in_a_browser import (
    all_sent,
    browser,
    cyrillic,
    decisions,
    open_doubts,
    playwright,
    press_and_move,
)
from tests.support.houses.house import TODAY, House
from tests.support.houses.review_app import PASSWORD, ReviewApp, add_user, review_app

__all__ = ["browser", "playwright"]
pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]
OFFLINE, ONLINE = 2, 4
"""Turns between which one of them has no connection; three cases are fetched ahead."""


def signed_in(opened: ExitStack, browser: Any, app: ReviewApp, name: str) -> Any:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    opened.callback(context.close)
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.asked = set()
    page.on("request", lambda request: page.asked.add(request))
    for ends in ("requestfinished", "requestfailed"):
        page.on(ends, lambda request: page.asked.discard(request))
    page.goto(f"{app.base}/signin")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#begin")
    return page


def until_quiet(page: Any) -> None:
    """Nothing is fetched any more, the cases ahead included."""
    quiet = 0
    while quiet < 3:
        page.wait_for_timeout(100)
        quiet = 0 if page.asked else quiet + 1


def begin(page: Any) -> str:
    page.keyboard.press("Enter")
    page.wait_for_selector("main.case")
    return str(page.url)


def moved(page: Any, before: str, turn: int) -> None:
    try:
        page.wait_for_function("before => location.href !== before", arg=before)
    except playwright.TimeoutError:
        said = [page.inner_text(each) for each in ("#said", "#kept", "#refused", "main.case h1")]
        raise AssertionError(f"turn {turn} did not move on: {said}") from None


def move_in_russian(page: Any, turn: int) -> None:
    """Every fifth case is left for later."""
    before = page.url
    if turn % 5 == 4 and turn < DOUBTS // 2:
        cyrillic(page, "ы", "KeyS")
    else:
        cyrillic(page, "1", "Digit1")
        cyrillic(page, "Enter", "Enter")
    moved(page, before, turn)


def take_turns(amina: Any, boris: Any) -> None:
    for turn in range(2 * DOUBTS + 20):
        if turn == OFFLINE:
            until_quiet(boris)
        if turn in (OFFLINE, ONLINE):
            boris.context.set_offline(turn == OFFLINE)
        if turn == ONLINE:
            all_sent(boris)
        if "/case/" in amina.url:
            press_and_move(amina, "1", "Shift+Enter")
        if "/case/" in boris.url:
            move_in_russian(boris, turn)
        if not any("/case/" in page.url for page in (amina, boris)):
            return


def test_two_reviewers_empty_the_queue_and_neither_loses_nor_overwrites_a_decision(
    house: House, browser: Any
) -> None:
    for name in ("amina", "boris"):
        add_user(house, name, PersonRole.REVIEWER)
    with review_app(house) as app, ExitStack() as opened:
        amina, boris = (signed_in(opened, browser, app, name) for name in ("amina", "boris"))
        doubts = open_doubts(amina)
        assert doubts >= DOUBTS
        assert begin(amina) != begin(boris), "each begins with a case of their own"
        take_turns(amina, boris)
        for page in (amina, boris):
            all_sent(page)
            page.goto(f"{app.base}/")
            assert page.inner_text("h1") == "Nothing waits for you"
            page.goto(f"{app.base}/done?day={TODAY}")
            assert int(page.inner_text("h1").split()[0]) > 2
    ledger = SqlLedger(f"sqlite:///{house.home / 'ledger.db'}", house.home)
    with closing(ledger):
        stored = ledger.review.decisions(TODAY)
    settled = {(d.case_id, d.step) for d in in_force(stored)}
    assert len(settled) == doubts, "each doubt is settled"
    assert len(stored) == doubts, "and none of them twice"
    assert {d.decided_by for d in stored} == {"amina", "boris"}
    ran = house.night()
    left = {line["step"] for line in ran.report["review"]}
    assert left <= {"drafts"}, "the next revision holds what was decided; drafts are written for it"
    assert len(decisions(house)) == len(stored)
