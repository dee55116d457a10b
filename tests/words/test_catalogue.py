"""Every sentence that a page says is there in every language, with the same values in it."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from llm_assets.report.reasons import WORDS
from llm_assets.usecases.review.wording import QUESTIONS
from llm_assets.web.review.in_browser import IN_BROWSER
from llm_assets.words.language import LANGUAGES
from tests.support.catalogue import Text, catalogue, in_browser, templates, texts

OTHERS = [language for language in LANGUAGES if language != "en"]
_VALUE = re.compile(r"%\((\w+)\)s")
_TAG = re.compile(r"<(?:style|script).*?</(?:style|script)>|<!--.*?-->|<[^>]*>|&\w+;", re.DOTALL)
_SHOWN = re.compile(r'(?:aria-label|title|placeholder|alt)="([^"]*)"')
_WORD = re.compile(r"[A-Za-z]{2,}")
UNSAID = {"Enter", "Shift", "Tab", "USD"}
"""Words that are the same in every language: keys and a currency."""
NOT_YET: set[str] = set()


def values(text: str) -> set[str]:
    return set(_VALUE.findall(text))


@pytest.mark.parametrize("language", OTHERS)
def test_each_text_is_said_in_each_language_with_its_values(language: str) -> None:
    known = catalogue(language)
    missing: list[Text] = []
    differ: dict[str, object] = {}
    for text in texts():
        first = text if isinstance(text, str) else text[0]
        found = known.get(first)
        said = [found.string] if found is not None and isinstance(found.string, str) else []
        said = said or list(found.string if found is not None else [])
        if not all(said) or not said or (isinstance(text, tuple) and found is not None and found.id != text):
            missing.append(text)
        if any(values(each) != values(first) for each in said if isinstance(text, str)):
            differ[first] = said
        if isinstance(text, tuple) and any(values(each) - values(text[1]) for each in said):
            differ[first] = said
    assert missing == []
    assert differ == {}
    assert len(texts()) > 250, "the texts are found"


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_for_a_text_with_other_values(language: str) -> None:
    """Also of those that wait for a page of their own."""
    wrong = {
        message.id: message.string
        for message in catalogue(language)
        if message.id and isinstance(message.id, str) and values(message.id) != values(str(message.string))
    }
    assert wrong == {}


def test_the_script_says_what_the_pages_give_it() -> None:
    assert in_browser() == set(IN_BROWSER)


def test_each_reason_that_the_report_words_asks_a_question_of_its_own() -> None:
    assert set(QUESTIONS) == set(WORDS)
    assert all(text.endswith("?") or "? " in text for text in QUESTIONS.values())


def naked(template: str) -> set[str]:
    """Words of a template that stand outside of the catalogue."""
    tree = Environment(extensions=["jinja2.ext.do"]).parse(template)
    data = "\u0001".join(node.data for node in tree.find_all(nodes.TemplateData))
    shown = " ".join(found.replace("\u0001", " ") for found in _SHOWN.findall(data))
    return {word for text in (_TAG.sub(" ", data), shown) for word in _WORD.findall(text)} - UNSAID


@pytest.mark.parametrize("path", [p for p in templates() if p.name not in NOT_YET], ids=lambda p: p.name)
def test_no_sentence_of_a_page_stands_outside_of_the_catalogue(path: Path) -> None:
    said = path.read_text("utf-8")
    css = re.sub(r"@page \{.*\}\n", "", said)
    assert naked(css) == set()


def test_a_naked_sentence_is_found() -> None:
    template = (
        '<p class="x">Two <b>{{ _("words") }}</b></p><a aria-label="Go {{ n }}">&nbsp;</a><kbd>Enter</kbd>'
    )
    assert naked(template) == {"Two", "Go"}


def test_each_reason_that_a_report_knows_asks_a_reviewer_its_own_question() -> None:
    assert WORDS.keys() - QUESTIONS.keys() == set()
