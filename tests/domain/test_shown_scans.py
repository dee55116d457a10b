"""Which scans a model is shown, by the rule, the queue and the profile, and what the request then contains."""

from dataclasses import replace
from typing import Any

import pytest

from llm_assets.domain.desk.model_choice import (
    MASKED,
    NO_VISION,
    Choice,
    Facts,
    choose,
    facts_of,
    shown_scans,
    unshown,
    why_kept_back,
)
from llm_assets.domain.desk.prompt import SCANS_NOTE
from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.step import StepInput
from llm_assets.domain.mail.document import Attachment, Case
from llm_assets.domain.profile import Capabilities, Limits, Profile, Tier
from llm_assets.domain.requests.request import Picture
from llm_assets.domain.traffic.lanes import ReadingRules
from llm_assets.steps.categories.step import CATEGORIES
from llm_assets.steps.drafts.step import DRAFTS
from tests.support.mail.invented_documents import attachment, case, document

RULES = ReadingRules()
PROFILE = Profile(
    name="test",
    protocol="openai",
    models={Tier.CHEAP: "small", Tier.STANDARD: "medium", Tier.STRONG: "large"},
    limits=Limits(batch_requests=10, batch_bytes=10**6),
    capabilities=Capabilities(vision=True),
)
OPEN = Queue(name="office", default=True, mask=False, categories=(Category(name="any"),))


def scan(confidence: float, sha256: str, **changes: Any) -> Attachment:
    return attachment("scanned", text_source="ocr", ocr_confidence=confidence, sha256=sha256, **changes)


def with_files(*files: Attachment) -> Case:
    return case(document(1, attachments=files))


def given(*files: Attachment, why: str | None = None) -> StepInput:
    return StepInput(with_files(*files), OPEN, {}, RULES, why)


POOR = {"ocr_confidence": 40.4, "scan_pages": 2, "scan_bytes": 900}


@pytest.mark.parametrize(
    ("facts", "unshown", "expected"),
    [
        pytest.param(POOR, None, ("strong", "vision_scan 40", True), id="shown"),
        pytest.param(POOR, MASKED, ("cheap", "unreadable_scan 40 masked", False), id="a masked queue"),
        pytest.param(POOR, NO_VISION, ("cheap", "unreadable_scan 40 no_vision", False), id="a blind profile"),
        pytest.param(POOR, "", ("cheap", "unreadable_scan 40", False), id="a step that looks at none"),
        pytest.param(POOR | {"scan_pages": 10}, None, ("strong", "vision_scan 40", True), id="as many as may be"),
        pytest.param(POOR | {"scan_pages": 11}, None, ("cheap", "unreadable_scan 40 too_many_pages 11", False), id="pages"),
        pytest.param(POOR | {"scan_bytes": 10_000_001}, None, ("cheap", "unreadable_scan 40 too_large 10000001", False), id="bytes"),
        pytest.param({"ocr_confidence": 70}, None, ("strong", "middling_scan 70", False), id="a middling scan is read as text"),
        pytest.param(POOR | {"columns": 12}, None, ("strong", "vision_scan 40", True), id="a scan of a table"),
    ],
)  # fmt: skip
def test_the_rule_says_who_is_shown_a_scan(
    facts: dict[str, Any], unshown: str | None, expected: tuple[str, str, bool]
) -> None:
    tier, reason, shows = expected
    assert choose(Facts(**facts), RULES, Tier.CHEAP, unshown) == Choice(Tier(tier), reason, shows)


@pytest.mark.parametrize(
    ("mask", "vision", "why"),
    [(True, True, MASKED), (True, False, MASKED), (False, False, NO_VISION), (False, True, None)],
)
def test_only_an_unmasked_queue_shows_and_only_to_a_profile_that_sees(
    mask: bool, vision: bool, why: str | None
) -> None:
    queue = OPEN.model_copy(update={"mask": mask})
    profile = PROFILE.model_copy(update={"capabilities": Capabilities(vision=vision)})
    assert unshown(queue, profile) == why


def test_a_gateway_of_ones_own_sees_nothing_unless_its_profile_says_so() -> None:
    assert not Capabilities().vision


def test_a_scan_is_shown_once_by_its_own_digest_and_where_it_lies() -> None:
    files = (
        scan(40, "a" * 64, pages=3, size=700),
        scan(91, "b" * 64),
        scan(0.0, "c" * 64),
        scan(40, "a" * 64),
    )
    found = shown_scans(with_files(*files), RULES, None)
    raw = with_files().documents[0].received.raw_sha256
    assert [(p.sha256, p.pages) for p in found] == [("a" * 64, 1), ("c" * 64, 1)]
    assert {p.raw_sha256 for p in found} == {raw}
    assert facts_of(with_files(*files), RULES).scan_pages == 2
    assert shown_scans(with_files(*files), RULES, MASKED) == ()


def test_the_person_who_looks_is_told_why_no_model_did() -> None:
    poor = with_files(scan(40, "a" * 64))
    assert "masked" in why_kept_back(poor, RULES, MASKED)
    assert "cannot see" in why_kept_back(poor, RULES, NO_VISION)
    assert "pages" in why_kept_back(with_files(scan(40, "a" * 64, pages=99)), RULES, None)
    assert why_kept_back(poor, RULES, None) == ""
    assert why_kept_back(with_files(scan(95, "a" * 64)), RULES, MASKED) == ""


def test_a_request_that_shows_a_scan_is_another_one_and_says_so() -> None:
    text, shown = (CATEGORIES.request(given(scan(40, "a" * 64), why=why), PROFILE) for why in (MASKED, None))
    other = CATEGORIES.request(given(scan(40, "b" * 64)), PROFILE)
    assert (text.model, text.pictures, SCANS_NOTE in text.user) == ("small", (), False)
    assert (shown.model, shown.pages) == ("large", 1) and shown.user.endswith(SCANS_NOTE)
    assert len({text.request_id, shown.request_id, other.request_id}) == 3


def test_where_a_scan_lies_changes_nothing_about_what_is_asked() -> None:
    one = CATEGORIES.request(given(scan(40, "a" * 64)), PROFILE)
    [picture] = one.pictures
    moved = Picture("f" * 64, picture.sha256, picture.pages, picture.size)
    assert replace(one, pictures=(moved,)).request_id == one.request_id


def test_a_draft_is_written_from_fields_and_shown_nothing() -> None:
    about = given(scan(40, "a" * 64))
    assert DRAFTS.pictures(about) == ()
    assert DRAFTS.choice(about) == Choice(Tier.CHEAP, "unreadable_scan 40")
