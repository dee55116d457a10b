"""The original of a case: a hostile mail acts nowhere, its files come as downloads, and nobody sees another queue's."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.people import PersonRole
from tests.support.houses.house import TODAY, Emulated, House
from tests.support.houses.review_app import ReviewApp, add_user, review_app
from tests.support.mail.acting_mail import ACTING, INVOICE, acting_mail
from tests.support.mail.invented_inbox import OFFICE, SHOP, mail, put
from tests.support.mail.written_mail import pdf

CHROMIUM = Path("/usr/bin/chromium")
SECRET = "Жанар Ахметова"
pytestmark = pytest.mark.timeout(240)


class Elsewhere(NamedTuple):
    address: str
    asked: list[str]


class Desk(NamedTuple):
    house: House
    app: ReviewApp
    elsewhere: Elsewhere
    acting: str
    """Path of the hostile mail's page."""
    plain: str
    answered: str
    """The case of a mail that has a draft."""
    cookies: dict[str, str]

    def get(self, path: str, who: str = "lena") -> Any:
        return self.app.ask("GET", path, cookie=self.cookies[who])


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    """A server that mail must not reach."""
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    Thread(target=server.serve_forever, daemon=True).start()
    yield Elsewhere(f"http://127.0.0.1:{server.server_port}", asked)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def desk(
    _emulated: Emulated, elsewhere: Elsewhere, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    house = House(tmp_path_factory.mktemp("originals") / "home", _emulated.running)
    inbox = house.home / "inbox"
    acting = acting_mail(elsewhere.address, 1, SHOP)
    plain = mail(
        f"Добрый день, это {SECRET}, вопрос по прошлому письму, ждём.", 2, to=OFFICE, subject="Вопрос"
    )
    put(inbox, "a.eml", acting, TODAY)
    put(inbox, "b.eml", plain, TODAY)
    clear = mail("Hello, my new card was ordered ten days ago. When does the courier bring it?", 3)
    put(inbox, "c.eml", clear, TODAY)
    ran = house.night()
    assert ran.code == 0, ran.err
    for name, role, queues in (
        ("lena", PersonRole.LEAD, ()),
        ("saule", PersonRole.REVIEWER, ("office",)),
        ("vera", PersonRole.VIEWER, ()),
    ):
        add_user(house, name, role, *queues)
    with review_app(house) as app:
        cookies = {name: app.sign_in(name).cookie for name in ("lena", "saule", "vera")}
        paths = [_path(house, digest_bytes(data)) for data in (acting, plain, clear)]
        yield Desk(house, app, elsewhere, paths[0], paths[1], paths[2].split("/")[3], cookies)


def _path(house: House, raw_sha256: str) -> str:
    found = json.loads(house.run("trace", raw_sha256, "--json").out)
    return f"/original/{TODAY}/{found['case_id']}/{raw_sha256}"


def test_the_mails_page_has_nothing_that_acts_and_says_what_was_left_out(desk: Desk) -> None:
    shown = desk.get(desk.acting)
    assert shown.status == 200 and "Where is my order?" in shown.text
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "; sandbox;" in policy and "script-src" not in policy
    assert "'unsafe-inline'" not in policy and "frame-ancestors 'self'" in policy
    assert (shown.headers["x-frame-options"], shown.headers["x-content-type-options"]) == (
        "SAMEORIGIN",
        "nosniff",
    )
    for acting in ("<script", "onload", "onerror", "<form", "<iframe", "href", "http-equiv", "<svg", "url("):
        assert acting not in shown.text, acting
    assert desk.elsewhere.address not in shown.text
    assert "not loaded: 1" in shown.text and 'src="data:image/png;base64,' in shown.text
    plain = desk.get(desk.plain)
    assert plain.status == 200 and SECRET in plain.text


def test_files_come_as_downloads_of_safe_types_under_honest_names(desk: Desk) -> None:
    given = [desk.get(f"{desk.acting}/files/{number}") for number in range(5)]
    assert [g.status for g in given] == [200] * 5
    kinds = [g.headers["content-type"] for g in given]
    unnamed = "application/octet-stream"
    assert kinds == [unnamed, unnamed, "application/pdf", unnamed, "image/png"], (
        "by content, not by what the mail says"
    )
    for each in given:
        assert each.headers["content-disposition"].startswith("attachment; filename=")
        assert each.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in each.headers["content-security-policy"]
    assert given[0].text == ACTING.decode() and INVOICE in given[2].text
    name = given[2].headers["content-disposition"]
    assert "filename*=UTF-8''%D1%81%D1%87%D1%91%D1%82%20fdp.exe" in name, "no folder, and no turned end"
    assert "etc" not in name and name.isascii()


def test_pages_of_scans_and_pdfs_are_drawn_by_us(desk: Desk) -> None:
    drawn = desk.get(f"{desk.acting}/files/2/pages/0")
    assert (drawn.status, drawn.headers["content-type"]) == (200, "image/jpeg")
    assert "JFIF" in drawn.text[:20], "a picture of ours, never the file"
    for nothing in ("2/pages/1", "0/pages/0", "3/pages/0", "9/pages/0"):
        assert desk.get(f"{desk.acting}/files/{nothing}").status == 404, nothing


def test_nobody_sees_the_originals_of_another_queue_or_role_or_path(desk: Desk) -> None:
    ways = ("", "/files/2", "/files/2/pages/0")
    trace = "/trace/" + "/".join(desk.acting.split("/")[2:4])
    for path in (*(desk.acting + way for way in ways), trace):
        assert desk.get(path).status == 200
        assert desk.get(path, "saule").status == 404, "of another queue"
        assert desk.get(path, "vera").status == 403, "figures only"
        assert desk.app.ask("GET", path).headers["location"] == "/signin"
    _, _, day, case, message = desk.acting.split("/")
    other_case, other = desk.plain.split("/")[3:]
    elsewhere = (
        f"{day}/{other_case}/{message}",
        f"{day}/{case}/{other}",
        f"2020-01-01/{case}/{message}",
        f"{day}/{case}/..%2f..%2fledger.db",
        f"{day}/..%2f{case}/{message}",
        f"{day}/{case}/{message}/files/-1",
        f"{day}/{case}/{message}/files/0/../../../../ledger.db",
    )
    for path in elsewhere:
        answer = desk.get(f"/original/{path}")
        assert answer.status == 404 and "SQLite" not in answer.text, path
    assert desk.get(f"/original/{day}/{other_case}/{message}", "saule").status == 404, (
        "his case, but not its message"
    )


def test_a_raw_file_that_was_changed_is_not_shown(desk: Desk) -> None:
    raw = next((desk.house.home / "raw").rglob(f"{desk.plain.split('/')[-1]}.eml"))
    kept = raw.read_bytes()
    raw.write_bytes(kept + b"<script>1</script>")
    try:
        shown = desk.get(desk.plain)
        assert "cannot be shown" in shown.text and "script" not in shown.text
    finally:
        raw.write_bytes(kept)


class Browsing(NamedTuple):
    page: Any
    asked: list[str]
    """Addresses that the browser asked for, ours without their host."""


@pytest.fixture(scope="module")
def browsing(desk: Desk) -> Iterator[Browsing]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        context = chromium.new_context(viewport={"width": 1400, "height": 900})
        name, _, value = desk.cookies["lena"].partition("=")
        context.add_cookies([{"name": name, "value": value, "url": desk.app.base}])
        page, asked = context.new_page(), list[str]()
        page.on("request", lambda request: asked.append(request.url.removeprefix(desk.app.base)))
        yield Browsing(page, asked)
        chromium.close()


def opened(desk: Desk, browsing: Browsing, case: str, step: str) -> Any:
    browsing.page.goto(f"{desk.app.base}/case/{TODAY}/{case}/{step}")
    return browsing.page


@pytest.mark.slow
@pytest.mark.browser
def test_in_a_browser_a_hostile_mail_is_looked_at_and_does_nothing(desk: Desk, browsing: Browsing) -> None:
    page = opened(desk, browsing, desk.acting.split("/")[3], "categories")
    title, before = page.title(), page.url
    page.wait_for_load_state("networkidle")
    assert desk.acting not in browsing.asked, "nothing of it is read before somebody looks"
    page.click("summary:has-text('As it was sent')")
    frame = page.frame_locator(".sent iframe")
    heading = frame.locator("h1")
    heading.wait_for()
    look = heading.evaluate("h => [getComputedStyle(h).color, getComputedStyle(h).position]")
    assert look == ["rgb(1, 100, 1)", "static"], "its harmless styles hold, and no others"
    assert frame.locator("img[alt=logo]").evaluate("i => i.naturalWidth") == 40
    frame.get_by_text("Track it").click()
    page.wait_for_timeout(300)
    assert (page.url, page.title()) == (before, title) and "taken" not in title
    assert len(page.frames) == 2 and page.frames[1].url.endswith(desk.acting)
    page.goto(desk.app.base + desk.acting)
    assert page.title() == "Original", "the same where its address is opened alone"
    assert desk.elsewhere.asked == []
    assert all(path.startswith(("/", "data:")) for path in browsing.asked), browsing.asked


@pytest.mark.slow
@pytest.mark.browser
def test_in_a_browser_pages_files_and_passages_are_at_hand(desk: Desk, browsing: Browsing) -> None:
    page = opened(desk, browsing, desk.acting.split("/")[3], "extracted_fields")
    drawn = page.locator("img.page").evaluate_all("all => all.map(i => i.alt)")
    assert len(drawn) == 2 and drawn[1] == "logo.png, page 1", "of the files that have pages, and no others"
    quoted = page.locator("details.file[open]")
    assert quoted.count() == 1 and quoted.locator("mark").count() > 0, (
        "only the file that a field quotes is open"
    )
    quoted.locator("img.page").scroll_into_view_if_needed()
    page.wait_for_function("() => [...document.querySelectorAll('img.page')].some(i => i.naturalWidth > 900)")
    with page.expect_download() as started:
        page.click("details.file[open] a[download]")
    assert Path(started.value.path()).read_bytes() == pdf(INVOICE)
    page.click("summary:has-text('Other values')")
    page.focus("[name=document_number]")
    assert "4471" in page.inner_text("mark.now"), "the passage of the field that one is in is framed"


@pytest.mark.slow
@pytest.mark.browser
def test_in_a_browser_the_draft_below_is_edited_by_itself(desk: Desk, browsing: Browsing) -> None:
    page = opened(desk, browsing, desk.answered, "extracted_fields")
    assert page.inner_text("h1") == "Is the answer right?", "also where nobody doubts it"
    page.click("[data-save-draft]")
    page.wait_for_selector("text=Nothing was changed.")
    page.fill("form.draft [name=body]", "Dear customer, it comes on Monday.")
    page.keyboard.press("Enter")
    page.keyboard.type("1sx")
    assert desk.answered in page.url, "no key acts while somebody writes"
    page.click("[data-save-draft]")
    page.wait_for_selector("text=Saved.")
    [made] = json.loads(desk.house.run("trace", desk.answered, "--json").out)["steps"][2]["decisions"]
    assert (made["decided_by"], made["values"]) == (
        "lena",
        {"body": "Dear customer, it comes on Monday.\n1sx"},
    )
