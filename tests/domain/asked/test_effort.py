"""Effort: what a step needs, what a model offers, and which requests become other requests when either changes."""

from dataclasses import replace

import pytest
from pydantic import BaseModel, ValidationError

from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.step import Step, StepInput
from llm_assets.domain.dialect import Dialect
from llm_assets.domain.effort import Effort, with_room_to_think
from llm_assets.domain.profile import Efforts, Limits, Profile, Tier
from llm_assets.steps import STEPS
from llm_assets.steps.night_summary.step import summary_request
from resources.settings.environment import Settings, load_profile
from tests.support.mail.invented_documents import attachment, case, document


class Topic(BaseModel):
    topic: str


QUEUE = Queue(name="bank", categories=(Category(name="other"),))
STEP = Step("topics", Topic, Prompt("topics", "Go.", "$case"), max_tokens=1000)
PLAIN = Profile(
    protocol="openai",
    models={Tier.CHEAP: "small", Tier.STRONG: "large"},
    limits=Limits(batch_requests=10, batch_bytes=1000),
)
EASY = StepInput(case(document(1, "Where is my card?")), QUEUE, {})
HARD = StepInput(
    case(document(1, attachments=(attachment("words", text_source="ocr", ocr_confidence=75.0),))), QUEUE, {}
)


def profile(least: dict[Tier, Effort] | None = None, **changes: object) -> Profile:
    offered = {Tier.CHEAP: Effort.NONE, Tier.STRONG: Effort.LOW} if least is None else least
    return PLAIN.model_copy(update={"least_effort": offered, **changes})


def asked(step: Step, at: Profile) -> tuple[str, str]:
    """The ids of the easy case's request, which the cheap model reads, and of the hard case's."""
    return step.request(EASY, at).request_id, step.request(HARD, at).request_id


def test_a_profile_that_offers_nothing_has_the_requests_it_always_had() -> None:
    request = STEP.request(EASY, PLAIN)
    assert (request.effort, request.max_tokens) == (None, 1000)
    assert request.request_id == replace(request, effort=None).request_id
    assert asked(STEP, profile(dialect=Dialect(effort=False))) == asked(STEP, PLAIN)
    assert asked(replace(STEP, effort=Effort.HIGH), PLAIN) == asked(STEP, PLAIN)


@pytest.mark.parametrize(
    ("own", "changed", "cheap", "strong"),
    [
        (Effort.NONE, {}, "none", "low"),
        (Effort.MEDIUM, {}, "medium", "medium"),
        ({Tier.STRONG: Effort.HIGH}, {}, "none", "high"),
        (Effort.LOW, {"topics": Effort.NONE}, "none", "low"),
        (Effort.LOW, {"topics": {Tier.STRONG: Effort.HIGH}}, "low", "high"),
        (Effort.LOW, {"drafts": Effort.HIGH}, "low", "low"),
    ],
    ids=[
        "no less than the model offers",
        "as the step says",
        "a tier the step leaves out",
        "the profile's instead",
        "for one tier",
        "another step's",
    ],
)
def test_a_request_asks_for_the_least_that_step_and_model_allow(
    own: Efforts, changed: dict[str, Efforts], cheap: str, strong: str
) -> None:
    step, at = replace(STEP, effort=own), profile(effort=changed)
    assert (step.request(EASY, at).effort, step.request(HARD, at).effort) == (cheap, strong)


def test_a_changed_effort_of_a_tier_makes_its_requests_due_and_no_others() -> None:
    before = profile()
    after = profile(effort={"topics": {Tier.STRONG: Effort.MEDIUM}})
    (easy, hard), (same, other) = asked(STEP, before), asked(STEP, after)
    assert easy == same and hard != other
    assert STEP.wording(QUEUE, before) != STEP.wording(QUEUE, after), "its cases are looked at again"
    elsewhere = replace(STEP, name="others")
    assert asked(elsewhere, before) == asked(elsewhere, after)
    assert elsewhere.wording(QUEUE, before) == elsewhere.wording(QUEUE, after)


def test_a_step_that_needs_more_has_another_code_version() -> None:
    versions = {replace(STEP, effort=effort).code_version for effort in Effort}
    assert len(versions) == len(Effort)


def test_the_room_to_think_is_added_to_the_room_of_the_answer() -> None:
    assert [with_room_to_think(1000, effort, 16_384) for effort in (None, *Effort)] == [
        1000,
        1000,
        1512,
        3048,
        9192,
        16_384,
    ]
    assert with_room_to_think(20_000, Effort.HIGH, 16_384) == 20_000


@pytest.mark.parametrize("given", [{"cheap": "little"}, {"tiny": "low"}, {"cheap": None}])
def test_an_effort_or_tier_that_nobody_knows_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Profile.model_validate({**PLAIN.model_dump(mode="json"), "least_effort": given})


def test_no_shipped_step_thinks_more_than_a_little_at_the_large_providers() -> None:
    for name in ("openai", "anthropic", "gemini", "emulator"):
        at = load_profile(Settings(provider=name))
        told = {
            (step.name, tier): at.effort_of(step.name, step.effort, tier) for step in STEPS for tier in Tier
        }
        assert {told["categories", Tier.CHEAP], told["extracted_fields", Tier.CHEAP]} <= {"none", "minimal"}
        assert {told[step.name, Tier.STRONG] for step in STEPS} == {"low"}
        assert summary_request(["Nothing came in."], "{}", at).effort in ("none", "low")
