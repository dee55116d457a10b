"""The summary: what a model may write about a night, and the lines made without a model."""

from dataclasses import replace
from decimal import Decimal

import pytest

from llm_assets.report.numbers import Missing, with_spend
from llm_assets.report.summary import plain_summary, summary_numbers, unsupported_numbers
from tests.support.nights.invented_night import full_night, small_night, usage

GIVEN = {
    "day": "2026-11-20",
    "totals": {"received": 5120, "documents": 417, "dead": 0},
    "queues": {"desk-24": {"card_2fa": 61}},
    "grew": [{"cases": 73, "usual": 33.4}],
    "valid_share": 0.973,
    "spent_usd": 1.2345,
    "nights_compared": 7,
    "missing": ["categories of 9 cases: the provider had not finished at 08:00"],
}

SUPPORTED = [
    pytest.param("417 cases and no dead letter.", id="as given"),
    pytest.param("5,120 messages, 5 120 messages, 5\u202f120 messages.", id="thousands"),
    pytest.param("In all 5120 417 and 73.", id="two numbers side by side"),
    pytest.param("On 20 November 2026, November 20, 2026 and 2026-11-20.", id="the day in words"),
    pytest.param("Queue desk-24 had 61 mails on card 2fa and card_2fa.", id="names with digits"),
    pytest.param("97.3% were valid, or 97%.", id="a share as percentage"),
    pytest.param("It cost $1.23, exactly 1.2345.", id="rounded to what is shown"),
    pytest.param("Nine cases wait since 08:00, against seven nights.", id="words"),
    pytest.param("One of them is new; the week was calm.", id="one is no number"),
    pytest.param("Nothing unusual.", id="no number"),
]


@pytest.mark.parametrize("summary", [p.values[0] for p in SUPPORTED], ids=[str(p.id) for p in SUPPORTED])
def test_a_number_that_was_given_may_be_said(summary: str) -> None:
    assert unsupported_numbers(summary, GIVEN) == []


INVENTED = [
    pytest.param("418 cases.", ["418"], id="another count"),
    pytest.param("Twelve cases and 417 more.", ["Twelve"], id="another count in words"),
    pytest.param("Delivery doubled.", ["doubled"], id="computed in words"),
    pytest.param("Mail grew by 118 % and 33 cases.", ["118 %", "33"], id="computed and cut off"),
    pytest.param("It cost $1.24.", ["1.24"], id="rounded wrongly"),
    pytest.param("20 cases on 2026-11-20.", ["20"], id="a piece of the date"),
    pytest.param("On 21 November 2026.", ["21", "2026"], id="another day"),
    pytest.param("5,121 messages.", ["5,121"], id="another thousand"),
    pytest.param("24 mails.", ["24"], id="a piece of a name"),
]


@pytest.mark.parametrize(("summary", "found"), INVENTED)
def test_a_number_of_the_models_own_is_found(summary: str, found: list[str]) -> None:
    assert unsupported_numbers(summary, GIVEN) == found


def test_the_summary_by_rule_says_only_what_the_model_may_say() -> None:
    for numbers in (full_night(), small_night()):
        assert unsupported_numbers(plain_summary(numbers), summary_numbers(numbers)) == []


def test_the_summary_by_rule_reads_like_a_sentence() -> None:
    assert plain_summary(small_night()) == (
        "7 messages came in and made 5 cases. 1 draft is ready, 1 needs no reply and 1 waits for a person. "
        "1 is still open and 1 failed for good."
    )


def test_the_model_sees_no_text_from_mails() -> None:
    numbers = small_night(documents=[])
    seen = str(summary_numbers(full_night()) | summary_numbers(numbers))
    assert "Subject" not in seen and "parcel" not in seen


def test_the_question_does_not_change_by_being_paid_for() -> None:
    numbers = small_night()
    paid = with_spend(
        numbers, [usage(), usage("drafts", model="m-2", cost_usd=Decimal("0.5")), usage("night_summary")]
    )
    assert paid.spent.usd > numbers.spent.usd
    assert summary_numbers(paid) == summary_numbers(numbers)


def test_what_is_missing_is_told_to_the_model() -> None:
    numbers = replace(small_night(), missing=(Missing("mailbox inbox", "it could not be read"),))
    assert summary_numbers(numbers)["missing"] == ["mailbox inbox: it could not be read"]
