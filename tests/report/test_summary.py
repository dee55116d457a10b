"""The opening lines made by rule, and what a model is shown to smooth."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from llm_assets.report.numbers import Missing, ReportNumbers, compute, with_spend
from llm_assets.report.summary.check import Opening, opening, refusal
from llm_assets.report.summary.sentences import plain_summary, sentences, stated_numbers
from tests.report.summaries import nights
from tests.support.nights.invented_night import DAY, full_night, small_night, usage

QUIET = compute(DAY, documents=[], steps={})


@pytest.mark.parametrize("numbers", [full_night(), small_night(), QUIET], ids=["full", "small", "empty"])
def test_the_rules_own_lines_say_only_what_a_model_may_say(numbers: ReportNumbers) -> None:
    assert refusal(plain_summary(numbers), numbers) is None


def test_each_sentence_says_one_thing() -> None:
    assert sentences(nights.FULL) == [
        "439 messages came in and made 417 cases: 172 in bank-support, 159 in shop-orders, 56 in accounting and 30 in office.",
        "288 drafts are ready and 78 cases need no reply.",
        "In shop-orders, delivery status grew to 74 cases (usually 34.3); in office, job application grew to 14 cases "
        "(usually 5).",
        "42 cases wait for a person; the most frequent reason is: the model is not sure of the category (29 cases).",
        "5 cases are urgent and 3 are past their deadline.",
        "7 cases are still open and 2 failed for good.",
        "Missing: 7 cases in categories.",
    ]


def test_one_is_said_as_one() -> None:
    assert plain_summary(small_night()) == (
        "7 messages came in and made 5 cases: 3 in bank and 2 in shop. 1 draft is ready and 1 case needs no reply. There are "
        "no earlier nights to compare with. 1 case waits for a person; the most frequent reason is: the model is not sure of the category (1 case). 1 case is "
        "urgent. 1 case is still open and 1 failed for good. Missing: categories of 1 case."
    )


def test_one_case_that_is_late_is_past_its_deadline() -> None:
    queues = {"bank": nights.counts(1, review=2)}
    for night in (nights.night(queues, late=1), nights.night(queues, urgent=1, late=1)):
        assert "is past its deadline." in plain_summary(night)
        assert refusal(plain_summary(night), night) is None


def test_a_night_without_mail_says_so() -> None:
    assert plain_summary(QUIET) == (
        "No messages came in. There are no earlier nights to compare with. Nothing is open or missing."
    )


def test_many_queues_and_missing_things_are_not_all_listed() -> None:
    many = replace(
        nights.LARGE, missing=tuple(Missing(f"mailbox m{n}", "it could not be read") for n in range(6))
    )
    said = plain_summary(many)
    assert "among them 2,500 in cards, 1,367 in loans and 763 in branches." in said
    assert said.endswith("Missing: mailbox m0, mailbox m1, mailbox m2, mailbox m3 and others named below.")
    assert refusal(said, many) is None


def test_a_reason_as_frequent_as_another_is_not_called_the_most_frequent() -> None:
    tied = replace(nights.FULL, review_reasons={"low_confidence": 20, "two_fit": 20})
    assert "most frequent" not in plain_summary(tied)


def test_the_model_sees_no_text_from_mails() -> None:
    numbers = full_night()
    seen = f"{sentences(numbers)} {stated_numbers(numbers)}"
    assert "Subject" not in seen and "parcel" not in seen


def test_the_model_sees_each_number_with_its_noun_and_name() -> None:
    seen = stated_numbers(nights.TWINS)
    assert (seen["messages that came in"], seen["cases in south"]) == ("131", "71")
    assert (seen["cases tonight in thanks north"], seen["usual number in thanks north"]) == ("21", "6.1")
    assert len(seen) == 16


def test_the_question_does_not_change_by_being_paid_for() -> None:
    numbers = small_night()
    paid = with_spend(
        numbers, [usage(), usage("drafts", model="m-2", cost_usd=Decimal("0.5")), usage("night_summary")]
    )
    assert paid.spent.usd > numbers.spent.usd
    assert (sentences(paid), stated_numbers(paid)) == (sentences(numbers), stated_numbers(numbers))


def test_what_a_model_smoothed_is_shown_and_what_it_invented_is_not() -> None:
    by_rule = plain_summary(nights.CALM)
    smoothed = by_rule.replace("cases. 61", "cases; 61")
    assert opening(smoothed, nights.CALM) == Opening(smoothed, is_smoothed=True)
    invented = smoothed.replace("No case waits", "Two cases wait")
    refused = "a number, name or word stands where the facts do not have it"
    assert opening(invented, nights.CALM) == Opening(by_rule, is_smoothed=False, refused=refused)
    assert opening(None, nights.CALM) == Opening(by_rule, is_smoothed=False)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (lambda text: "", "it is empty"),
        (lambda text: f"{text} {text}", "it is too short or too long"),
        (lambda text: text[:40], "it is too short or too long"),
        (
            lambda text: text.replace("wait for a person", "hope"),
            "it holds a word that the sentences do not have",
        ),
        (
            lambda text: text.removesuffix("."),
            "it holds an end without a full stop that the sentences do not have",
        ),
        (
            lambda text: text.replace("439", "*439*"),
            "it holds a sign or letter that the sentences do not have",
        ),
        (
            lambda text: text.replace(" Missing: 7 cases in categories.", ""),
            "it leaves out missing",
        ),
        (
            lambda text: text.replace("5 cases are urgent and 3", "3 cases"),
            "it leaves out urgent cases",
        ),
    ],
)
def test_a_refusal_says_why_without_words_of_the_text(changed: Callable[[str], str], why: str) -> None:
    assert refusal(changed(plain_summary(nights.FULL)), nights.FULL) == why
