"""The report in each language: nothing is left in English, and every further key of its JSON is shown."""

import re
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from llm_assets.report.changes import changes
from llm_assets.report.numbers import Missing
from llm_assets.report.render import Page, Rendered, render
from llm_assets.report.summary.translated import summary_in
from llm_assets.report.view import Audience, View
from llm_assets.words.language import Language
from llm_assets.words.sentence import Sentence
from llm_assets.words.words import words_in
from tests.report.test_render import Elements
from tests.support.nights.invented_night import CATEGORIES, SUBJECTS, full_night

CURRENCY = {"code": "KZT", "per_usd": 500.0, "rate_of": "2026-11-19", "instead_of": None}
SPEND = {
    "currency": CURRENCY,
    "amount": 321.23,
    "apart": {"retried": 17, "timeouts": 1234, "empty": 3, "other": 0},
    "versions": [
        {
            "step": "drafts",
            "model": "m-2",
            "prompt_version": "p-77",
            "requests": 318,
            "usd": 0.2,
            "usd_per_1000": 0.63,
        }
    ],
    "batch_discount": {"usd": 0.6, "amount": 300.0},
    "budgets": [
        {
            "what": "nightly",
            "usd": 5.0,
            "spent_usd": 0.7,
            "reserved_usd": 0.3,
            "left_usd": 4.0,
            "left_amount": 2000.0,
        }
    ],
}
GROWTH = {
    "lines": [
        {
            "queue": "shop-orders",
            "category": "delivery_status",
            "today": 73,
            "average": 38.1,
            "weekday_average": 40.5,
            "chance": 0.0000012,
            "verdict": "grew",
        },
        {
            "queue": "office",
            "category": "spam",
            "today": 13,
            "average": 31.5,
            "weekday_average": None,
            "chance": 0.0042,
            "verdict": "fell",
        },
    ]
}
QUALITY = {
    "control_set": {"at": "2026-11-19T10:00:00+05:00", "accuracy": 0.912, "below": [], "is_demo": True},
    "people": {
        "decided": 40,
        "agreed": 34,
        "lines": [{"queue": "office", "step": "categories", "decided": 40, "agreed": 34}],
    },
    "calibration": {
        "queues": [
            {
                "queue": "office",
                "review_below": 0.7,
                "thresholds": [{"review_below": 0.7, "precision": 0.943, "to_people": 31}],
            }
        ]
    },
}
TEXTS = [
    {"part": "queue:office", "kind": "queue", "name": "office", "text": "77.", "state": "draft", "by": None},
    {"part": "branch:Q1", "kind": "branch", "name": "Q1", "text": "88.", "state": "approved", "by": "aida"},
]
FIGURES: dict[str, Any] = {
    "spend": SPEND,
    "growth": GROWTH,
    "quality": QUALITY,
    "drafts": {"ready": 338, "released": 21, "queues": {"office": {"ready": 15, "released": 21}}},
    "texts": [{**text, "outdated": False} for text in TEXTS],
    "rescue": {
        "cancelled_batches": 2,
        "requests": {"flex": 5, "online": 0},
        "extra_usd": 0.5,
        "paid_twice": {"requests": 1, "usd": 0.01},
    },
}
CHANGES = {
    "totals": {"review": [40, 31]},
    "categories": [{"queue": "office", "category": "spam", "cases": [12, 13]}],
    "spend": {"usd": [0.5, 0.6]},
    "decided": [0, 9],
    "texts": [{"part": "branch:Q1", "state": "approved"}],
}


def in_language(
    language: Language, changes: dict[str, Any] = CHANGES, figures: dict[str, Any] = FIGURES
) -> Rendered:
    told = Missing(
        Sentence("%(num)s case in %(step)s", "%(num)s cases in %(step)s", 5, step="categories"),
        Sentence("%(why)s: %(more)s", why="over the budget", more="9"),
        "categories",
    )
    numbers = full_night(missing=[told])
    page = Page(
        numbers,
        summary_in(numbers, words_in(language)),
        summary_by="",
        zone="Asia/Almaty",
        emulated=True,
        figures=figures,
        changes=changes,
        view=View(language=language, audience=Audience.OPERATIONS, review_url="https://review.example"),
    )
    at = datetime(2026, 11, 21, 6, 12, tzinfo=ZoneInfo("Asia/Almaty"))
    return render(page, revision=2, generated_at=at)


def test_each_further_key_is_shown() -> None:
    shown = in_language("en")
    html = " ".join(Elements(shown.html).text.split())
    for said in (
        "KZT 770.33 per 1,000 cases",
        "KZT 300.00 saved by batches",
        "17 requests sent again",
        "1,234 without an answer in time",
        "3 empty answers",
        "KZT 2,000.00 of KZT 2,500.00 left",
        "1 USD = 500 KZT, rate of 19 Nov 2026.",
        "40.5< 0.1%",
        "Fewer than usual: spam (office) 13, usually 31.5",
        "85% of 40 decided answers were right",
        "91.2% of the categories right (demo model: rules, not an LLM)",
        "94.3%",
        "338 drafts ready, 21 of them released.",
        "77. draft",
        "88. approved by aida",
        "Changed since revision 1 waiting for a person: 40 before, now 31spam (office): 12 before, now 13"
        "spent: KZT 250.00 before, now KZT 300.00doubts settled: 0 before, now 9",
        "draftsm-2p-77318KZT 100.00KZT 315.00",
        "2 batches cancelled5 requests sent: flexKZT 250.00 beyond the usual price; 1 request paid twice",
    ):
        assert said in html.replace("\N{NO-BREAK SPACE}", " "), said
    text = shown.markdown.replace("\N{NO-BREAK SPACE}", " ")
    assert "- KZT 300.00 saved by batches" in text and "- 1 USD = 500 KZT, rate of 19 Nov 2026." in text
    assert "> 77\\. (draft)" in text
    assert "- waiting for a person: 40 before, now 31" in text
    assert shown.json["changes"] == CHANGES and shown.json["spend"]["currency"] == CURRENCY


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_a_rescue_names_only_what_was_done(language: Language) -> None:
    """A night may be late without a batch, so that nothing was cancelled and nothing paid twice."""
    done = {
        "cancelled_batches": 0,
        "requests": {"flex": 0, "online": 34},
        "extra_usd": 0.5,
        "paid_twice": {"requests": 0, "usd": 0.0},
    }
    shown = in_language(language, figures={**FIGURES, "rescue": done})
    [section] = re.findall(r'<section id="rescue">.*?</section>', shown.html, re.S)
    assert re.findall(r"\d+", Elements(section).text) == ["34", "250", "00"]
    title = words_in(language).say("Rescue before the deadline")
    _, after = shown.markdown.split(f"## {title}")
    assert len(re.findall(r"^- ", after.split("##")[0], re.M)) == 2


_NAMES = {*CATEGORIES, *(name.replace("_", " ") for queue in CATEGORIES.values() for name, _ in queue)}
_SAME = (
    *sorted([*_NAMES, *SUBJECTS], key=len, reverse=True),
    *("no category", "Asia/Almaty", "LLM", "KZT", "USD", "m-1", "m-2", "p-1", "p-77", "aida", "HTML"),
)


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_nothing_but_configured_names_is_left_in_english(language: Language) -> None:
    shown = in_language(language)
    page = Elements(shown.html)
    labels = [v or "" for _, attributes in page.tags for n, v in attributes.items() if n == "aria-label"]
    for text in ("\n".join([page.text, *labels]), re.sub("<https.*>", "", shown.markdown)):
        for name in _SAME:
            text = text.replace(name, " ").replace(name.replace("-", r"\-"), " ")
        ids = re.sub("[0-9a-f]{24}", " ", text)
        assert set(re.findall(r"[A-Za-z]{2,}", ids)) == set()
    assert f'<html lang="{language}">' in shown.html and shown.json["language"] == language


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_what_was_missing_before_is_said_in_the_language_of_the_reader(language: Language) -> None:
    """Of the revision before only the English text is left."""
    told = {"no_longer_missing": ["21 cases in categories", "mailbox north"], "newly_missing": ["1 message"]}
    text = in_language(language, told).markdown
    words = words_in(language)
    assert words.counted("%(num)s case in %(step)s", "", 21, step=words.name("categories")) in text
    assert not re.search("cases|mailbox|message", text)


def test_fewer_of_the_same_are_no_news_of_what_is_missing() -> None:
    before, now = (
        {"missing": [{"what": f"{n} cases in drafts"}], "queues": {}, "totals": {}, "spend": {}}
        for n in (5, 3)
    )
    told = changes(before, now | {"review_decided": 0, "summary": ""})
    assert told == {}
    gone = changes(before, now | {"review_decided": 0, "summary": "", "missing": []})
    assert gone == {"no_longer_missing": ["5 cases in drafts"]}


def test_the_same_night_in_another_language_is_another_revision() -> None:
    english, russian = (dict(in_language(language).json) for language in ("en", "ru"))
    assert {key for key in english if english[key] != russian[key]} == {"language", "summary"}


def test_a_change_that_no_reader_looks_at_opens_no_section() -> None:
    shown = in_language("en", {"spend": {"requests": [10, 11]}, "summary": True})
    assert "Changed since" not in shown.html and "Changed since" not in shown.markdown


_SAID = re.compile(r"\d[\d\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}.,]*\d|\d")


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_each_number_of_the_page_is_in_the_markdown_too(language: Language) -> None:
    """Only the pictures of earlier nights and the folded ids are in the page alone."""
    shown = in_language(language)
    page = re.sub(r"(?s)<div class=\"nights\".*?</div></div>|<(svg|style).*?</\1>", " ", shown.html)
    numbers = set(_SAID.findall(unescape(re.sub("<[^>]*>", " ", page))))
    missing = numbers - set(_SAID.findall(shown.markdown.replace("\\", "")))
    assert missing == set()


def test_a_fit_is_shown_before_anybody_has_decided_about_the_night() -> None:
    fitted = {**FIGURES, "quality": {**QUALITY, "people": None, "control_set": None}}
    shown = in_language("en", figures=fitted)
    assert "94.3%" in Elements(shown.html).text and "94.3%" in shown.markdown


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "left: 21 are settled"), ("ru", "осталось: 21 решено"), ("kk", "қалмады: 21 шешілді")],
)
def test_a_night_whose_doubts_are_all_settled_says_so(language: Language, said: str) -> None:
    settled = replace(full_night(), review=[], review_reasons={}, decided=21)
    page = Page(settled, "", summary_by="", zone="Asia/Almaty", emulated=False, view=View(language=language))
    shown = render(page, revision=1, generated_at=datetime(2026, 11, 21, 6, tzinfo=ZoneInfo("Asia/Almaty")))
    assert said in Elements(shown.html).text and said in shown.markdown
