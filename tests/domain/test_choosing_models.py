"""Which model reads a case: the rule itself, and the facts taken from its documents."""

from typing import Any

import pytest

from llm_assets.domain.desk.model_choice import Choice, Facts, choose, facts_of
from llm_assets.domain.desk.prompt import CASE_CHARACTERS
from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.step import StepInput
from llm_assets.domain.mail.document import MESSAGE_ATTACHMENTS, Attachment
from llm_assets.domain.profile import Limits, Profile, Tier
from llm_assets.domain.traffic.lanes import ReadingRules
from llm_assets.steps.categories.step import CATEGORIES
from tests.support.mail.invented_documents import attachment, case, document

RULES = ReadingRules()
PROFILE = Profile(
    name="test",
    protocol="openai",
    models={Tier.CHEAP: "small", Tier.STANDARD: "medium", Tier.STRONG: "large"},
    limits=Limits(batch_requests=10, batch_bytes=10**6),
)


@pytest.mark.parametrize(
    ("facts", "tier", "reason"),
    [
        pytest.param(Facts(), "cheap", "clean_text", id="a plain mail"),
        pytest.param(Facts(ocr_confidence=80), "cheap", "clean_text", id="a good scan"),
        pytest.param(Facts(ocr_confidence=79.6), "strong", "middling_scan 80", id="just under"),
        pytest.param(Facts(ocr_confidence=70), "strong", "middling_scan 70", id="the worst middling scan"),
        pytest.param(Facts(ocr_confidence=69.4), "cheap", "unreadable_scan 69", id="an unreadable scan"),
        pytest.param(Facts(columns=9), "strong", "wide_table 9", id="a wide table"),
        pytest.param(Facts(columns=8, cells=149, pages=19), "cheap", "clean_text", id="just below every limit"),
        pytest.param(Facts(cells=150), "strong", "large_table 150", id="a large table"),
        pytest.param(Facts(pages=20), "strong", "long_document 20", id="a long document"),
        pytest.param(Facts(ocr_confidence=70, columns=12), "strong", "middling_scan 70", id="both"),
        pytest.param(Facts(ocr_confidence=40, columns=12), "cheap", "unreadable_scan 40", id="a poor scan of a table"),
    ],
)  # fmt: skip
def test_the_rule_chooses_a_tier_and_says_why(facts: Facts, tier: str, reason: str) -> None:
    assert choose(facts, RULES, Tier.CHEAP) == Choice(Tier(tier), reason)


def test_thresholds_are_data() -> None:
    strict = ReadingRules(scan_cheap_from=95, table_columns=3)
    assert choose(Facts(ocr_confidence=90), strict, Tier.CHEAP).tier is Tier.STRONG
    assert choose(Facts(columns=3), strict, Tier.CHEAP).tier is Tier.STRONG


def test_a_step_keeps_its_own_tier_where_that_is_enough() -> None:
    assert choose(Facts(), RULES, Tier.STANDARD).tier is Tier.STANDARD
    assert choose(Facts(pages=99), RULES, Tier.STRONG).tier is Tier.STRONG


def with_files(*files: Attachment) -> StepInput:
    queue = Queue(name="office", default=True, categories=(Category(name="any"),))
    return StepInput(case(document(1, attachments=files)), queue, {})


def scan(confidence: float, **changes: Any) -> Attachment:
    return attachment("scanned words", text_source="ocr", ocr_confidence=confidence, **changes)


def table(rows: int, columns: int) -> Attachment:
    return attachment("\n".join("\t".join(["1"] * columns) for _ in range(rows)), text_source="office")


def test_facts_are_those_of_the_worst_scan_the_largest_table_and_the_longest_document() -> None:
    files = (scan(91), scan(76, pages=3), table(10, 5), table(2, 12), attachment("a\tb", pages=7))
    assert facts_of(with_files(*files).case, RULES) == Facts(76, 50, 12, 7)


def test_a_mail_without_attachments_asks_nothing() -> None:
    assert facts_of(case(document(1, "a\tb\tc")), RULES) == Facts()


def test_what_no_model_sees_asks_nothing_of_it() -> None:
    behind_the_cut = attachment("x" * CASE_CHARACTERS + "\n" + "1\t" * 40)
    assert facts_of(with_files(behind_the_cut).case, RULES).columns == 0
    left_out = [attachment("plain")] * MESSAGE_ATTACHMENTS + [table(50, 20)]
    assert facts_of(with_files(*left_out).case, RULES).columns == 0


def test_a_hard_case_is_another_request_to_another_model() -> None:
    plain = CATEGORIES.request(with_files(scan(90)), PROFILE)
    hard = CATEGORIES.request(with_files(scan(70)), PROFILE)
    assert (plain.model, plain.tier, hard.model, hard.tier) == ("small", "cheap", "large", "strong")
    assert plain.user == hard.user
    assert plain.request_id != hard.request_id


def test_a_changed_model_of_any_tier_makes_requests_be_looked_at_again() -> None:
    queue = with_files().queue
    other = PROFILE.model_copy(update={"models": {**PROFILE.models, Tier.STRONG: "larger"}})
    assert CATEGORIES.wording(queue, PROFILE) != CATEGORIES.wording(queue, other)
