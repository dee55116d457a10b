"""The report as a reader sees it: on a phone, on a desk, in the dark, on paper."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from llm_assets.report.numbers import Missing
from llm_assets.report.render import Page, render
from llm_assets.report.summary.translated import summary_in
from llm_assets.report.view import Audience, View
from llm_assets.words.language import LANGUAGES, Language
from llm_assets.words.words import words_in
from tests.support.nights.invented_night import full_night

pytestmark = pytest.mark.browser
CHROMIUM = Path("/usr/bin/chromium")
ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("report") / "report.html", "en", Audience.LEAD)


def written(path: Path, language: Language, audience: Audience) -> Path:
    numbers = full_night(
        missing=[Missing("categories of 5 cases", "the provider was still working", "categories")]
    )
    page = Page(
        numbers,
        summary_in(numbers, words_in(language)),
        summary_by="",
        zone="Asia/Almaty",
        emulated=True,
        view=View(language=language, audience=audience, review_url="https://review.example"),
    )
    at = datetime(2026, 11, 21, 6, 12, tzinfo=ZoneInfo("Asia/Almaty"))
    path.write_text(render(page, revision=1, generated_at=at).html, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> "Iterator[playwright.Browser]":
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield chromium
        chromium.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_reader_sees_the_figures_without_scrolling_sideways(
    browser: "playwright.Browser", report: Path, width: int, scheme: str
) -> None:
    view = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    asked: list[str] = []
    said: list[str] = []
    view.on("request", lambda request: asked.append(request.url))
    view.on("console", lambda message: said.append(message.text))
    view.goto(report.as_uri())
    assert asked == [report.as_uri()], "the page is one file"
    assert said == [], "nothing the page's own rules forbid"
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    for part in (
        "#figures",
        "#missing",
        "#pressing",
        "#review",
        "#grew",
        "#queues",
        "#spend",
        "svg.spark",
        ".stack",
        ".nights",
    ):
        assert view.locator(part).first.is_visible(), part
    assert view.locator("#figures li").first.inner_text().split() == [
        "432",
        "messages",
        "received",
        *_below(),
    ]
    assert view.get_by_text("Demo model: rules, not an LLM").first.is_visible()
    smallest = view.evaluate(
        "Math.min(...[...document.querySelectorAll('body *:not(svg *)')].filter(e => e.innerText)"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 16
    view.close()


def _below() -> list[str]:
    return ["7", "duplicates,", "8", "updates"]


@pytest.mark.parametrize(("language", "scheme"), [*zip(LANGUAGES, ("light", "dark", "light"), strict=True)])
def test_a_page_has_no_fault_that_keeps_a_reader_out(
    browser: "playwright.Browser", tmp_path: Path, language: Language, scheme: str
) -> None:
    """All rules of axe, contrast and language among them, with the machine details open; and on a phone."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    # axe runs as a script, which the page's own rules forbid.
    view = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme, bypass_csp=True)
    view.goto(written(tmp_path / "report.html", language, Audience.OPERATIONS).as_uri())
    assert view.evaluate("document.documentElement.scrollWidth") <= 390
    found = axe.run(view).response["violations"]
    assert {v["id"]: [n["html"] for n in v["nodes"]][:3] for v in found} == {}
    view.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_printed_page_is_white_and_its_text_stands_out(
    browser: "playwright.Browser", report: Path, scheme: str
) -> None:
    """WCAG AA: 4.5 to 1 for text of this size, whatever the screen's colours."""
    view = browser.new_page(viewport={"width": 1280, "height": 844}, color_scheme=scheme)
    view.emulate_media(media="print", color_scheme=scheme)
    view.goto(report.as_uri())
    assert view.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for selector in (".summary", ".tile small", ".muted", ".bad-text", "thead th", ".pill.warn", ".demo"):
        assert view.locator(selector).first.evaluate(_CONTRAST) >= 4.5, selector
    view.close()


_CONTRAST = """element => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  let behind = element;
  while (behind && (channels(getComputedStyle(behind).backgroundColor)[3] ?? 1) < 0.99) behind = behind.parentElement;
  const light = rgb => rgb.slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const [a, b] = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(channels).map(light);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""


def test_it_prints_in_a_few_pages(browser: "playwright.Browser", report: Path, tmp_path: Path) -> None:
    import pypdfium2

    view = browser.new_page()
    view.goto(report.as_uri())
    view.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    view.close()
    document = pypdfium2.PdfDocument(tmp_path / "report.pdf")
    texts = [page.get_textpage().get_text_bounded() for page in document]
    assert 2 <= len(texts) <= 9
    assert all("Demo model: rules, not an LLM" in text for text in texts), "every sheet says so"
    assert "Friday, 20 November 2026" in texts[0]
