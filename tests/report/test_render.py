"""The report's three files: complete, harmless, labelled."""

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.report import charts
from llm_assets.report.filters import plain
from llm_assets.report.numbers import Missing, ReportNumbers, compute, with_spend
from llm_assets.report.pressing import due
from llm_assets.report.reasons import WORDS, detail_in_words
from llm_assets.report.render import LISTED_CASES, Page, Rendered, content, render
from llm_assets.report.view import Audience, View
from llm_assets.words.words import words_in
from tests.support.nights.invented_night import DAY, document, doubt, full_night, small_night, step_row

ALMATY = ZoneInfo("Asia/Almaty")
AT = datetime(2026, 11, 21, 6, 12, 30, tzinfo=ALMATY)


APP = "https://review.example"
LINKED = View(review_url=f"{APP}/")


def page(numbers: ReportNumbers, **changes: Any) -> Page:
    given: dict[str, Any] = {
        "summary": "A calm night.",
        "summary_by": "m-9",
        "zone": "Asia/Almaty",
        "emulated": False,
    }
    return Page(numbers, **{**given, **changes})


def rendered(numbers: ReportNumbers, *, revision: int = 1, **changes: Any) -> Rendered:
    return render(page(numbers, **changes), revision=revision, generated_at=AT)


class Elements(HTMLParser):
    """Tags, attributes and visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag in ("style", "title")
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += data


HOSTILE = [
    pytest.param("<script>alert(1)</script>", id="script"),
    pytest.param("<img src=x onerror=alert(1)>", id="image"),
    pytest.param("\"><a href='javascript:x'>win</a>", id="attribute"),
    pytest.param("{{ 7 * 7 }}{% raw %}", id="template"),
    pytest.param("</td></table><iframe src=//evil.example>", id="table"),
    pytest.param("| a | b |\n|---|---|\n# Title", id="markdown table"),
    pytest.param("[click](javascript:alert(1)) ![x](http://evil.example/p.png)", id="markdown link"),
    pytest.param("http://evil.example www.evil.example a@evil.example", id="bare link"),
    pytest.param("\u202eexe.cod\u2066 \u200bhidden\x00\x07\ud800", id="invisible"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_mails_stays_text(text: str) -> None:
    """The page has the same elements whatever the subject, category or detail says."""

    def night(words: str) -> ReportNumbers:
        return compute(
            DAY,
            documents=[document("a", subject=words, priority="urgent")],
            steps={"categories": [step_row("a", "review", category=words)]},
            review=[doubt("a", detail=words)],
            missing=[Missing(words, words)],
        )

    calm, hostile = (rendered(night(w), summary=w, view=LINKED) for w in ("harmless", text))
    assert [name for name, _ in Elements(hostile.html).tags] == [n for n, _ in Elements(calm.html).tags]
    assert _addresses(hostile.html) == _addresses(calm.html)
    assert plain(text) in " ".join(Elements(hostile.html).text.split())
    lines = hostile.markdown.splitlines()
    assert len(lines) == len(calm.markdown.splitlines())
    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
    assert cells == [len(re.findall(r"(?<!\\)\|", line)) for line in calm.markdown.splitlines()]
    said = hostile.markdown.replace(f"<{APP}/?day=2026-11-20>", "")
    for markup in (r"<\w", r"(?<!\\)\]\(", r"://", r"\bwww\.", r"(?<!\\)@"):
        assert not re.search(rf"(?<!\\){markup}", said)


def _addresses(html: str) -> list[str | None]:
    return [attributes["href"] for name, attributes in Elements(html).tags if name == "a"]


def test_a_subject_is_one_visible_line() -> None:
    assert plain(" Re:\r\n\tсрочно\u202e \x00!\u2028") == "Re: срочно !"
    assert len(plain("ж" * 500)) == 110
    assert plain("\u200b\u202e") == ""


def test_the_page_asks_nothing_of_the_network_and_runs_nothing() -> None:
    numbers = full_night()
    html = rendered(numbers, view=LINKED).html
    assert all((address or "").startswith(("#", f"{APP}/")) for address in _addresses(html))
    html = re.sub(r'href="[^"]*"', "", html)
    names = {tag for tag, _ in Elements(html).tags}
    assert not names & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert not re.search(r"(?:href|src)\s*=\s*[\"']?(?!http://www\.w3\.org)\w+:|url\(|@import", html)
    assert "default-src 'none'" in html


@pytest.mark.parametrize("emulated", [True, False])
def test_the_demo_model_is_named_on_every_page_and_only_there(emulated: bool) -> None:
    shown = rendered(small_night(), emulated=emulated)
    assert ("Demo model: rules, not an LLM" in shown.html) is emulated
    assert ("Demo model: rules, not an LLM" in shown.markdown) is emulated
    assert shown.json["model_note"] == ("demo model: rules, not an LLM" if emulated else None)


def test_a_complete_night_says_so_and_an_incomplete_one_what_is_missing() -> None:
    told = Missing("categories of 1 case", "the provider was still working at 08:00", "categories")
    incomplete = rendered(small_night(missing=[told]))
    text = " ".join(Elements(incomplete.html).text.split())
    assert "Incomplete: 1 open 1 dead letter" in text
    assert "categories of 1 case: the provider was still working at 08:00" in text
    assert "- **categories of 1 case**: the provider was still working at 08:00" in incomplete.markdown
    complete = Elements(rendered(compute(DAY, documents=[], steps={})).html).text
    assert "Complete" in complete and "missing" not in complete


def test_sums_that_do_not_hold_head_the_report_that_names_them() -> None:
    numbers = small_night()
    lost = replace(numbers, totals=replace(numbers.totals, received=8))
    shown = rendered(lost)
    says = "the night: documents is 5, received - duplicates - updates is 6"
    assert says in shown.html.split('id="figures"')[0]
    assert says in shown.markdown
    assert shown.json["problems"][0] == says


def test_the_stamp_is_local_and_the_footer_tells_who_answered() -> None:
    shown = rendered(small_night(), revision=3)
    footer = " ".join(Elements(shown.html.split("<footer>")[1]).text.split())
    assert "Revision 3 Generated 21 Nov 2026, 06:12 Asia/Almaty" in footer
    assert "Models m-1" in footer and "Summary by m-9" in footer
    versions = shown.html.split('class="versions"')[1].split("</dl>")[0]
    assert " ".join(Elements(versions).text.split()).startswith(">extracted fieldsp-1categoriesp-1")
    assert shown.json["generated_at"] == "2026-11-21T06:12:30+05:00"
    assert "Revision 3, 21 Nov 2026, 06:12 Asia/Almaty. Models: m-1. Summary: by m-9." in shown.markdown


def test_a_long_list_is_cut_and_the_rest_counted() -> None:
    documents = [document(str(n), priority="urgent") for n in range(LISTED_CASES + 7)]
    shown = rendered(compute(DAY, documents=documents, steps={}))
    assert "7 more are in the analysts' tables" in Elements(shown.html).text
    assert "7 more are in the analysts' tables" in shown.markdown
    assert len(shown.json["pressing"]) == LISTED_CASES + 7


def test_the_json_holds_what_scripts_rely_on() -> None:
    shown = json.loads(json.dumps(rendered(full_night(), revision=2).json))
    assert {"day", "revision", "generated_at", "totals", "queues", "spend", "missing"} <= shown.keys()
    assert (shown["day"], shown["revision"]) == ("2026-11-20", 2)
    assert list(shown["totals"]) == [
        "received", "duplicates", "updates", "documents", "ok", "review", "dead", "open", "drafts_ready",
        "not_needed",
    ]  # fmt: skip
    for queue in shown["queues"].values():
        assert {
            "received",
            "duplicates",
            "updates",
            "documents",
            "by_category",
            "review",
            "drafts_ready",
        } <= queue.keys()
        assert sum(queue["by_category"].values()) == queue["documents"]
    assert {"usd", "input_tokens", "output_tokens", "requests", "retried"} <= shown["spend"].keys()
    assert shown["spend"]["usd"] == pytest.approx(0.642456789012)
    assert shown["spend"]["requests"] == sum(line["requests"] for line in shown["spend"]["lines"]) == 1147


def test_the_json_holds_no_text_from_mails() -> None:
    assert "Subject of" not in json.dumps(content(page(small_night())))


def test_the_markdown_tables_are_whole() -> None:
    lines = rendered(full_night()).markdown.splitlines()
    for above, line in pairwise(lines):
        if above.startswith("|") and line.startswith("|"):
            assert line.count("|") == above.count("|")
        if line.startswith("|---"):
            assert above.startswith("|")


def test_pictures_without_data_are_left_out() -> None:
    empty = compute(DAY, documents=[], steps={})
    assert charts.nights(empty) is None
    assert not {"svg", "figure"} & {name for name, _ in Elements(rendered(empty).html).tags}
    assert charts.nights(small_night()) is None, "a first night has none to be compared with"
    assert charts.spark([1, 2, 3]) is None, "three points are no course"


def test_pictures_show_every_number() -> None:
    numbers = full_night()
    queues = Elements(rendered(numbers).html.split('id="queues"')[1].split("</section>")[0])
    words = " ".join(queues.text.split())
    for name, queue in numbers.queues.items():
        assert name in words
        for category, count in queue.by_category.items():
            said = "no category" if category == "none" else category.replace("_", " ")
            assert f"{said} {count}" in words
    labels = [a["aria-label"] or "" for tag, a in queues.tags if tag == "svg"]
    assert "14 nights: usually 37, tonight 73" in labels
    nights = charts.nights(numbers)
    assert nights is not None and len(nights.columns) == 14 and nights.columns[-1].tonight
    assert [c.weekend for c in nights.columns].count(True) == 4
    assert nights.usual == 380, "Sundays and Saturdays say nothing about a Friday"
    bar = charts.pieces(numbers.totals)
    assert sum(piece.count for piece in bar) == numbers.totals.documents


def test_many_categories_are_folded_below_the_most_frequent() -> None:
    steps = {"categories": [step_row(f"c{n}", "ok", category=f"category_{n:02}") for n in range(20)]}
    html = rendered(compute(DAY, documents=[document(f"c{n}") for n in range(20)], steps=steps)).html
    shown, folded = html.split("<summary>8 more categories</summary>")
    assert "category 11" in shown and "category 12" in folded and "category 12" not in shown


def test_a_night_of_a_month_with_one_case_needs_no_plural() -> None:
    one = compute(date(2026, 11, 1), documents=[document("a"), document("a", "update")], steps={})
    assert "0 duplicates, 1 update" in Elements(rendered(one).html).text


def test_attempts_that_failed_are_counted_by_step_and_reason() -> None:
    failed = {"drafts": {"timeout": 1, "rate_limit": 4}, "categories": {"empty": 2}}
    report = rendered(with_spend(small_night(), [], failed))
    assert report.json["failures"] == failed
    lines = [line for line in report.markdown.splitlines() if line.startswith(("| drafts", "| categories"))]
    assert lines[-3:] == [
        "| categories | empty | 2 |",
        "| drafts | rate limit | 4 |",
        "| drafts | timeout | 1 |",
    ]
    assert "Failed attempts" in Elements(report.html).text
    assert "Failed attempts" not in rendered(small_night()).markdown


@pytest.mark.parametrize("reason", [*WORDS, "own_reason"])
def test_a_doubt_is_said_in_words_on_both_pages_and_by_its_short_name_in_json(reason: str) -> None:
    found = doubt("a", reason, detail="card_arrival or complaint")
    shown = rendered(compute(DAY, documents=[document("a")], steps={}, review=[found]))
    words = WORDS.get(reason, "own reason")
    said = words[:1].upper() + words[1:]
    page = " ".join(Elements(shown.html.split('id="review"')[1].split("</section>")[0]).text.split())
    assert f"{said} 1" in page
    assert re.search(f"{said}Categories: (nearest: )?card arrival( or|, and|,)? complaint", page)
    assert f"- {said}: 1" in shown.markdown and f"| {said} |" in shown.markdown
    assert reason not in page and reason not in shown.markdown and "card_arrival" not in page
    assert shown.json["review_reasons"] == {reason: 1}


DETAILS = [
    ("two_fit", "card_arrival or loan_question", "card arrival or loan question"),
    ("several_matters", "card_arrival and thanks", "card arrival and thanks"),
    ("too_little", "nearest: card_arrival or thanks", "nearest: card arrival, thanks"),
    ("low_confidence", "0.59 for card_arrival", "59% sure of card arrival"),
    ("missing_fields", "document_date, amount", "document date, amount"),
    ("instructs_model", "0.99: overrides_rules, plays_roles", "overrides rules, plays roles"),
    ("poor_scan", "the queue's mail is masked", "the queue's mail is masked"),
]


@pytest.mark.parametrize(("reason", "noted", "said"), DETAILS)
def test_a_detail_is_said_without_codes(reason: str, noted: str, said: str) -> None:
    assert detail_in_words(reason, noted, words_in("en")) == said


def test_a_case_is_listed_once_with_all_its_reasons_and_the_urgent_one_first() -> None:
    documents = [document("calm"), document("late"), document("hot", priority="urgent")]
    fields = step_row("late", "review", deadline=date(2026, 11, 19))
    review = [
        doubt("calm"),
        doubt("late", "missing_fields", step="extracted_fields", detail="amount"),
        doubt("late", "two_fit", detail="loan or fee"),
        doubt("hot"),
    ]
    night = compute(DAY, documents=documents, steps={"extracted_fields": [fields]}, review=review)
    html = rendered(night, view=LINKED).html.split('id="review"')[1].split("</section>")[0]
    assert _addresses(html) == [
        f"{APP}/case/2026-11-20/{place}"
        for place in ("late/extracted_fields", "hot/categories", "calm/categories")
    ]
    row = html.split('data-record="r-late"')[1].split("</tr>")[0]
    said = " ".join(Elements(row).text.split())
    assert "2 days late" in said and "A required value is missing" in said and "loan or fee" in said


DUE = [(-1, "2 days late"), (0, "1 day late"), (1, "due today"), (2, "due tomorrow"), (3, "due in 2 days")]


@pytest.mark.parametrize(("days", "said"), DUE)
def test_a_deadline_is_counted_from_the_morning_after(days: int, said: str) -> None:
    assert due(DAY + timedelta(days=days), DAY, words_in("en")) == said


def test_management_sees_figures_and_no_case() -> None:
    shown = rendered(full_night(), view=View(audience=Audience.MANAGEMENT, review_url=APP))
    for text in (shown.html, shown.markdown):
        assert "Refund not received" not in text and APP not in text and f"{7919:024x}" not in text
        assert "338" in text and "Machine details" not in text
    assert shown.json["audience"] == "management"


def test_only_the_sections_asked_for_are_shown_but_what_is_missing_always_is() -> None:
    told = Missing("categories of 5 cases", "the provider was still working", "categories")
    shown = rendered(full_night(missing=[told]), view=View(sections=("spend",)))
    assert re.findall('<section[^>]*id="(\\w+)"', shown.html) == ["missing", "spend"]
    assert "the provider was still working" in shown.markdown and "## Queues" not in shown.markdown
    with pytest.raises(ConfigurationError, match="no section weather; choose from: figures, "):
        View(sections=("weather",))


def test_machine_details_are_folded_unless_the_reader_runs_the_machine() -> None:
    lead, operator = (
        rendered(full_night(), view=View(audience=a)) for a in (Audience.LEAD, Audience.OPERATIONS)
    )
    assert '<details class="machine">' in lead.html and '<span class="id">' not in lead.html
    assert '<details class="machine" open>' in operator.html and '<span class="id">' in operator.html
