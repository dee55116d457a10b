"""The report as a reader sees it: on a phone, on a desk, in the dark, on paper."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from llm_assets.report.numbers import Missing
from llm_assets.report.render import Page, render
from llm_assets.report.summary.sentences import plain_summary
from tests.support.nights.invented_night import full_night

pytestmark = pytest.mark.browser
CHROMIUM = Path("/usr/bin/chromium")
ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    numbers = full_night(
        missing=[Missing("categories of 5 cases", "the provider was still working", "categories")]
    )
    page = Page(numbers, plain_summary(numbers), summary_by="", zone="Asia/Almaty", emulated=True)
    at = datetime(2026, 11, 21, 6, 12, tzinfo=ZoneInfo("Asia/Almaty"))
    path = tmp_path_factory.mktemp("report") / "report.html"
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
    for part in ("#figures", "#missing", "#pressing", "#review", "#grew", "#queues", "#spend", "figure svg"):
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


@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_page(
    browser: "playwright.Browser", report: Path, scheme: str, media: str
) -> None:
    """WCAG AA: 4.5 to 1 for text of this size; printed pages are white whatever the screen's colours."""
    view = browser.new_page(viewport={"width": 1280, "height": 844}, color_scheme=scheme)
    view.emulate_media(media=media, color_scheme=scheme)
    view.goto(report.as_uri())
    if media == "print":
        assert view.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for selector in (
        ".summary",
        ".tile small",
        ".id",
        ".warn-text",
        ".bad-text",
        "thead th",
        ".pill.warn",
        ".demo",
    ):
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
