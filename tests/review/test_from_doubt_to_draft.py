"""The whole way in Chromium: a lead signs in, corrects a category, and the draft that the next run writes is read, released and
exported; a cluster is decided and undone as one."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.people import PersonRole
from tests.review.test_morning_in_a_browser import (
    all_sent,
    browser,
    decisions,
    open_doubts,
    playwright,
    press_and_move,
)
from tests.review.test_releasing_drafts import only_case
from tests.review.test_two_at_one_queue import signed_in
from tests.support.houses.house import TODAY, House
from tests.support.houses.review_app import ReviewApp, add_user, review_app

__all__ = ["browser", "playwright"]
pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def app(house: House) -> Iterator[ReviewApp]:
    add_user(house, "lena", PersonRole.LEAD)
    with review_app(house) as started:
        yield started


@pytest.fixture
def lena(browser: Any, app: ReviewApp) -> Iterator[Any]:
    with ExitStack() as opened:
        yield signed_in(opened, browser, app, "lena")


def test_a_corrected_category_has_another_draft_after_the_next_run(
    house: House, app: ReviewApp, lena: Any, tmp_path: Path
) -> None:
    case_id, queue = only_case(house)
    case, drafts = f"{app.base}/case/{TODAY}/{case_id}", f"{app.base}/drafts?queue={queue}"
    lena.goto(f"{case}/drafts")
    before = lena.input_value("#answer [name=body]")
    lena.goto(f"{case}/categories")
    lena.keyboard.press("/")
    lena.keyboard.type("card_lost_or_fraud")
    press_and_move(lena, "Enter")
    all_sent(lena)
    lena.goto(f"{drafts}&state=outdated")
    assert before.split()[-1] in lena.inner_text("main")
    assert lena.query_selector("form[action='/drafts/release']") is None, "it answers another question"

    assert house.night().code == 0
    lena.goto(f"{case}/drafts")
    after = lena.input_value("#answer [name=body]")
    assert after and after != before
    lena.goto(drafts)
    lena.focus("details.all summary")
    for key in ("Enter", "Tab", "Enter"):
        lena.keyboard.press(key)
    lena.wait_for_selector("text=1 draft released.")
    exported = house.run("drafts", "export", "--day", TODAY.isoformat(), "--out", str(tmp_path / "out"))
    assert exported.code == 0, exported.err
    [file] = (tmp_path / "out").iterdir()
    body = email.message_from_bytes(file.read_bytes(), policy=email.policy.default).get_body()
    assert body is not None and body.get_content().split() == after.split()


def test_a_cluster_is_decided_and_undone_as_one(house: House, app: ReviewApp, lena: Any) -> None:
    before = open_doubts(lena)
    cluster = lena.locator(".clusters li").filter(has_text="aida@post.example").first
    count = int(cluster.locator(".count").inner_text())
    assert count > 1
    cluster.locator("a").click()
    lena.wait_for_selector("main.case")
    here = lena.url
    press_and_move(lena, "1", "Shift+Enter")
    all_sent(lena)
    with lena.context.expect_page() as opening:
        lena.evaluate("() => window.open('/')")
    assert open_doubts(opening.value) == before - count
    lena.keyboard.press("u")
    lena.wait_for_function("() => document.querySelector('#said')?.textContent === 'Undone.'")
    assert lena.url == here
    all_sent(lena)
    lena.goto(f"{app.base}/")
    assert open_doubts(lena) == before
    house.night()
    made = decisions(house)
    assert [row[2] for row in made] == ["approve"] * count + ["undo"] * count
    assert len({row[0] for row in made}) == count
