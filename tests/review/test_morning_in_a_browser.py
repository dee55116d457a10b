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
    page.wait_for_load_state()  # keys pressed before the script is there are lost
    before = page.url
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_function("before => location.href !== before", arg=before)


def cyrillic(page: Any, key: str, code: str) -> None:
    """A key as a Russian layout sends it."""
    page.wait_for_load_state()
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


def test_a_lead_approves_the_summary_and_the_next_report_opens_with_it(house: House, page: Any) -> None:
    said = 'All <b>quiet</b> <script>document.title="taken"</script> & calm.'
    with review_app(house) as app:
        page.goto(app.url)
        page.click("header >> text=Texts")
        opening = page.locator("section[data-part='night:']")
        assert "draft made by rule" in opening.inner_text()
        opening.get_by_label("Text").fill(said)
        opening.get_by_role("button", name="Approve").click()
        opening.get_by_text("approved by").wait_for()
        assert opening.get_by_label("Text").input_value() == said
    ran = house.night()
    newest = max((house.home / "reports" / TODAY.isoformat()).glob("rev-*"))
    page.goto((newest / "report.html").as_uri())
    assert said in page.inner_text("main") and page.title() != "taken"
    assert [t["state"] for t in ran.report["texts"] if t["part"] == "night:"] == ["approved"]


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
        assert "_" not in page.input_value("#find"), "in readers' words, and sent under its name"
        other = "#categories option[data-name*='_']:not([data-name='%s'])"
        name = str(page.get_attribute(other % page.get_attribute("#find", "data-original"), "data-name"))
        page.keyboard.press("/")
        page.keyboard.type(name.replace("_", " "))
        press_and_move(page, "Enter")
        all_sent(page)
        page.keyboard.press("u")
        page.wait_for_function("() => document.querySelector('#said')?.textContent === 'Undone.'")
        assert page.url.endswith(before)
        all_sent(page)
    house.night()
    made = decisions(house)
    assert [row[2] for row in made] == ["correct", "undo"] and f'"{name}"' in made[0][3]


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


def test_drafting_now_sending_back_and_labelling_are_keys_under_every_layout(house: House, page: Any) -> None:
    """Keys as Russian (в, и) and Kazakh (п, \") layouts send them."""
    labels = house.home / "labelled"
    with review_app(house, LLM_ASSETS_CONTROL_SET=str(labels)) as app:
        page.goto(app.url)
        page.goto(app.base + page.get_attribute(".clusters a[href*='/categories']", "href"))
        page.wait_for_selector("main.case")
        case_id, queue = page.get_attribute("main.case", "data-case"), page.inner_text(".question .muted")
        chosen = "official_request" if queue.startswith("office") else "return_or_refund"
        page.keyboard.press("/")
        page.keyboard.type(chosen)
        page.keyboard.press("Escape")
        cyrillic(page, "в", "KeyD")
        page.wait_for_url(f"**/{case_id}/drafts")
        assert page.input_value("[name=body]")
        press_and_move(page, "Enter")

        page.wait_for_selector("main.case[data-step=categories]")
        sent_back = page.get_attribute("main.case", "data-case")
        cyrillic(page, "и", "KeyB")
        before = page.url
        page.keyboard.type("what the parcel cost")
        page.keyboard.press("Enter")
        page.wait_for_function("before => location.href !== before", arg=before)

        page.wait_for_selector("main.case[data-step=categories]")
        cyrillic(page, '"', "Digit1")
        assert page.query_selector(".choice[data-key='1'].chosen")
        cyrillic(page, "п", "KeyG")
        page.wait_for_function(
            "() => document.querySelector('#said').textContent.startsWith('In the control set')"
        )
        all_sent(page)
    [label] = (labels / "labels.jsonl").read_text("utf-8").splitlines()
    assert '"category"' in label
    assert house.night().code == 0
    made = {(row[0], row[2]): row[3] for row in decisions(house)}
    assert {(case_id, "draft_now"), (case_id, "approve"), (sent_back, "send_back")} <= set(made)
    assert "what the parcel cost" in made[sent_back, "send_back"]


def test_a_lead_releases_a_queue_by_keyboard_and_takes_one_back(house: House, page: Any) -> None:
    with review_app(house) as app:
        page.goto(app.url)
        page.click("text=Drafts")
        assert page.inner_text("h1").startswith("1 draft ready")
        page.focus("details.all summary")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=1 draft released.")
        page.click("text=released (1)")
        assert "Released by" in page.inner_text("main")
        page.click("text=Take back")
        page.wait_for_selector("text=released (0)")
        page.click("text=ready (1)")
        page.click("text=Open the case")
        assert page.inner_text("h1") == "Is the answer right?"
        assert page.input_value("[name=subject]")


def test_report_and_app_speak_the_language_of_the_house_and_the_report_leads_into_the_app(
    page: Any, house: House
) -> None:
    with review_app(house, LLM_ASSETS_LANGUAGE="ru") as app:
        page.goto(app.url)
        assert re.fullmatch(r"\d+ сомнени\w+, \d+ решени\w+, около \d+ мин", page.inner_text("h1"))
        ran = house.night(LLM_ASSETS_LANGUAGE="ru", LLM_ASSETS_REVIEW_URL=app.base)
        assert ran.report["revision"] == 2 and ran.report["language"] == "ru", ran.err
        assert ran.report["summary_by"] is None and ran.report["summary"].startswith("Поступило ")
        page.goto((house.home / "reports" / TODAY.isoformat() / "rev-2" / "report.html").as_uri())
        assert page.inner_text("#review h2") == "Ждут человека"
        way = page.locator("#review td.subject a").first
        assert way.get_attribute("href").startswith(f"{app.base}/case/{TODAY}/")
        page.goto(way.get_attribute("href"))
        assert page.locator("html").get_attribute("lang") == "ru"
        assert page.title() == page.inner_text("h1") and re.search("[а-я]", page.title())
        page.keyboard.press("u")
        assert page.wait_for_selector("#said:not([hidden])").inner_text() == "Отменять нечего."
        page.click("form[action='/signout'] button")
        assert page.inner_text("h1") == "Войти"
