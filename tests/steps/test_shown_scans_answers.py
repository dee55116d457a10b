"""How an answer is judged when the model was shown the case's scan, and what happens to a case with nothing but a scan."""

from dataclasses import replace

import pytest
from pydantic import BaseModel

from llm_assets.domain.desk.step import Doubt, StepInput
from llm_assets.domain.mail.document import Attachment
from llm_assets.domain.requests.outcome import Status
from llm_assets.steps.categories.step import CATEGORIES
from llm_assets.steps.drafts.step import DRAFTS
from llm_assets.steps.extracted_fields.answer import Found
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS
from tests.support.nights.step_cases import attachment, given


def poor(sha256: str = "a" * 64, text: str = "lNV0lCE n# 44~1") -> Attachment:
    scan = attachment(text, flags=("poor_scan",))
    return replace(scan, sha256=sha256, text_source="ocr", ocr_confidence=31.0)


def about(*files: Attachment, unshown: str | None = None, text: str = "see attachment") -> StepInput:
    return replace(given(text, attachments=files), unshown=unshown)


def said(**found: tuple[str, str | None]) -> BaseModel:
    nothing = {name: Found(value=None, quote=None) for name in EXTRACTED_FIELDS.output.model_fields}
    told = {name: Found(value=value, quote=quote) for name, (value, quote) in found.items()}
    return EXTRACTED_FIELDS.output(**(nothing | told))


SEEN = said(request_number=("4471", "INVOICE No 4471"), amount=("314800", "Total amount 314 800"))


def test_a_scan_that_the_model_has_seen_is_no_reason_to_look_again() -> None:
    assert EXTRACTED_FIELDS.doubt(about(poor()), SEEN) is None
    assert EXTRACTED_FIELDS.doubt(about(poor()), said()) is None


@pytest.mark.parametrize(
    ("unshown", "why"),
    [
        ("masked", "the queue's mail is masked, and a picture cannot be"),
        ("no_vision", "the profile's model cannot see pictures"),
        ("not_shown", "the answer was given without the scan"),
    ],
)
def test_one_that_it_has_not_seen_goes_to_a_person_who_is_told_why(unshown: str, why: str) -> None:
    assert EXTRACTED_FIELDS.doubt(about(poor(), unshown=unshown), said()) == Doubt("poor_scan", why)
    assert EXTRACTED_FIELDS.doubt(about(poor(), unshown=unshown), SEEN) == Doubt(
        "not_in_text", "request_number, amount"
    )


@pytest.mark.parametrize(("confidence", "doubted"), [(69.9, True), (70.0, False)])
def test_a_scan_that_ocr_reads_too_badly_needs_a_model_or_a_person(confidence: float, doubted: bool) -> None:
    scan = replace(poor(), flags=("doubtful_scan",), ocr_confidence=confidence)
    why = "the profile's model cannot see pictures"
    unseen = EXTRACTED_FIELDS.doubt(about(scan, unshown="no_vision"), said())
    assert unseen == (Doubt("poor_scan", why) if doubted else None)
    assert EXTRACTED_FIELDS.doubt(about(scan), said()) is None
    assert len(EXTRACTED_FIELDS.pictures(about(scan))) == doubted


def test_a_poor_scan_inside_an_attached_mail_is_not_among_those_shown() -> None:
    inner = replace(attachment("From: Ann", flags=("poor_scan",)), sha256="b" * 64, text_source="message")
    assert EXTRACTED_FIELDS.doubt(about(poor(), inner), said()) == Doubt("poor_scan")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        pytest.param(("4471", None), "not_in_text", id="without a passage"),
        pytest.param(
            ("4471", "INVOICE No 4417"), "value_not_in_quote", id="with a passage that says something else"
        ),
    ],
)
def test_other_doubts_about_what_was_seen_stay(found: tuple[str, str | None], reason: str) -> None:
    assert EXTRACTED_FIELDS.doubt(about(poor()), said(request_number=found)) == Doubt(
        reason, "request_number"
    )


def test_a_value_from_a_picture_has_no_place_in_the_text() -> None:
    assert EXTRACTED_FIELDS.row(about(poor()), SEEN)["evidence"] == {"request_number": None, "amount": None}


def test_a_picture_and_nothing_else_is_asked_about_where_it_can_be_seen() -> None:
    alone = replace(given("", subject="", attachments=[poor(text="")]), unshown=None)
    assert [step.skip(alone) for step in (EXTRACTED_FIELDS, CATEGORIES)] == [None, None]
    settled = {"status": Status.OK, "needs_reply": True, "category": "card_arrival"}
    upstream = {"categories": settled, "extracted_fields": {"status": Status.OK}}
    assert DRAFTS.skip(replace(alone, upstream=upstream)) is None
    kept_back = CATEGORIES.skip(replace(alone, unshown="masked"))
    assert kept_back is not None and kept_back.doubt is not None
    assert kept_back.doubt.reason == "no_text" and "masked" in kept_back.doubt.detail
