"""A model's opening lines stand only where they say what the night's facts say."""

import json
import re
from itertools import combinations

import pytest

from llm_assets.emulator.prompts import Prompt
from llm_assets.emulator.rules.answer import answer
from llm_assets.report.numbers import ReportNumbers
from llm_assets.report.summary.check import refusal
from llm_assets.report.summary.sentences import plain_summary, sentences, stated_numbers
from llm_assets.steps.night_summary.step import summary_request
from tests.report.summaries import mended, nights, unseen
from tests.support.nights.step_cases import PROFILE

NIGHTS = {name: getattr(nights, name) for name in ("FULL", "CALM", "SMALL", "TWINS", "HOSTILE", "LARGE")}
SETS = {"mended": mended, "unseen": unseen}
WRONG = [
    pytest.param(night, text, id=f"{name}: {kind}")
    for name, part in SETS.items()
    for kind, night, text in part.WRONG
]
HONEST = {"mended": mended.HONEST, "unseen": unseen.HONEST + unseen.LATER_HONEST}


@pytest.mark.parametrize(("night", "text"), WRONG)
def test_a_wrong_summary_is_refused(night: ReportNumbers, text: str) -> None:
    assert refusal(text, night) is not None


@pytest.mark.parametrize("part", HONEST)
def test_honest_summaries_are_accepted(part: str) -> None:
    refused = [text for night, text in HONEST[part] if refusal(text, night) is not None]
    assert len(refused) <= 0.1 * len(HONEST[part]), refused


@pytest.mark.parametrize("name", NIGHTS)
def test_the_rules_own_text_is_accepted(name: str) -> None:
    assert refusal(plain_summary(NIGHTS[name]), NIGHTS[name]) is None


ACCEPTED = [
    (night, text) for part in HONEST.values() for night, text in part if refusal(text, night) is None
][::2]
"""Half of them, because each is changed in some hundred ways."""


@pytest.mark.parametrize("name", NIGHTS)
def test_the_demo_model_smooths_the_sentences_and_is_believed(name: str) -> None:
    said, given = sentences(NIGHTS[name]), json.dumps(stated_numbers(NIGHTS[name]))
    request = summary_request(said, given, PROFILE)
    schema = json.dumps(request.schema).encode()
    text = json.loads(answer(Prompt("m", request.system, request.user, schema, None)))["summary"]
    assert refusal(text, NIGHTS[name]) is None
    assert text != " ".join(said), "it joined two sentences"


NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])")


def test_no_two_numbers_of_an_honest_summary_can_be_swapped() -> None:
    tried = 0
    for night, text in ACCEPTED:
        found = [m for m in NUMBER.finditer(text) if m[0] not in missing_numbers(night)]
        for one, other in combinations(found, 2):
            if one[0] == other[0]:
                continue
            swapped = (
                text[: one.start()]
                + other[0]
                + text[one.end() : other.start()]
                + one[0]
                + text[other.end() :]
            )
            tried += 1
            assert refusal(swapped, night) is not None, swapped
    assert tried > 1000


def missing_numbers(night: ReportNumbers) -> set[str]:
    """Numbers inside what is named as missing, which are also counts of their own."""
    return {number for item in night.missing for number in item.what.split() if number.isdigit()}


def test_no_number_of_an_honest_summary_can_be_another() -> None:
    for night, text in ACCEPTED:
        for found in NUMBER.finditer(text):
            for other in ("0", "1", "999", f"9{found[0]}"):
                changed = text[: found.start()] + other + text[found.end() :]
                assert other == found[0] or refusal(changed, night) is not None, changed


def test_no_two_queues_of_an_honest_summary_can_be_swapped() -> None:
    tried = 0
    for night, text in ACCEPTED:
        for one, other in combinations(night.queues, 2):
            if one in text and other in text:
                swapped = re.sub(
                    rf"\b(?:{re.escape(one)}|{re.escape(other)})\b",
                    lambda m, pair=(one, other): pair[m[0] == pair[0]],  # type: ignore[misc]
                    text,
                )
                tried += swapped != text
                assert swapped == text or refusal(swapped, night) is not None, swapped
    assert tried > 30


NEW_WORDS = (
    "only almost about roughly over nearly because since therefore thus so please should must better worse good bad "
    "never always probably likely twice half double percent thousand dozen several many few some all every each both "
    "another more less fewer yesterday tomorrow customers clients managers delays by ок сегодня бүгін"
)


@pytest.mark.parametrize("word", NEW_WORDS.split())
def test_a_word_that_says_something_new_is_refused_anywhere(word: str) -> None:
    for night, text in ACCEPTED:
        for place in [m.start() for m in re.finditer(" ", text)][::29]:
            changed = f"{text[:place]} {word}{text[place:]}"
            assert refusal(changed, night) is not None, changed


@pytest.mark.parametrize("word", ["not", "no", "none", "nothing"])
def test_a_negation_is_refused_anywhere(word: str) -> None:
    """But "nothing is open or none missing" is still true where nothing is."""
    for night, text in ACCEPTED[::2]:
        if night is nights.CALM and word != "not":
            continue
        for place in [m.start() for m in re.finditer(" ", text)][::2]:
            changed = f"{text[:place]} {word}{text[place:]}"
            assert refusal(changed, night) is not None, changed


NEEDED = re.compile(r"wait|urgent|deadline|open|failed|Missing:|came in|ready| grew to \d")


@pytest.mark.parametrize("name", ["FULL", "SMALL", "TWINS", "HOSTILE", "LARGE"])
def test_no_needed_sentence_can_be_left_out(name: str) -> None:
    night = NIGHTS[name]
    said = sentences(night)
    for place, sentence in enumerate(said):
        text = " ".join(said[:place] + said[place + 1 :])
        assert (refusal(text, night) is not None) is (NEEDED.search(sentence) is not None), sentence


@pytest.mark.parametrize("name", NIGHTS)
def test_a_summary_that_ends_early_is_refused(name: str) -> None:
    text = plain_summary(NIGHTS[name])
    whole = " ".join(sentences(NIGHTS[name])[:-1])
    for end in range(1, len(text)):
        if end < len(whole) * (0.4 if name == "CALM" else 1) or not text[:end].rstrip().endswith("."):
            assert refusal(text[:end], NIGHTS[name]) is not None, text[:end]


def test_a_long_text_without_meaning_is_refused_at_once() -> None:
    text = "and 1, or 1, while 1; " * 300
    assert refusal(text, nights.FULL) is not None
    assert refusal("5 cases, and, or, but, with " * 20 + "are late.", nights.FULL) is not None


DEFECTS = nights.night(
    {"repairs": nights.counts(41, 6, 12, more=3), "lending": nights.counts(17, 4, 3)},
    reasons={"draft_defects": 9, "broken": 2},
)
BEGUN = "86 messages came in and made 83 cases: 59 in repairs and 24 in lending. 58 drafts are ready and 10 cases need no reply. Nothing grew beyond the usual."


@pytest.mark.parametrize(
    ("waits", "is_shown"),
    [
        ("15 cases wait for a person, most often because the draft has defects (9 cases).", True),
        ("15 cases wait for a person, most often because of the draft has defects (9 cases).", True),
        (
            "Also, 15 cases wait for a person, namely most often because the draft has defects (9 cases).",
            True,
        ),
        ("15 cases wait for a person because the draft has defects.", False),
        ("15 cases wait for a person, most often because the courier was late (9 cases).", False),
        ("Because the draft has defects, 9 cases wait for a person.", False),
        ("15 cases wait for a person, most often because the mail cannot be read (9 cases).", False),
    ],
)
def test_because_may_stand_before_the_reason_and_nowhere_else(waits: str, is_shown: bool) -> None:
    assert (refusal(f"{BEGUN} {waits} Nothing is open or missing.", DEFECTS) is None) is is_shown
