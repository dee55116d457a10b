"""Step `night_summary`, and the properties that all prompts share."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

import llm_assets.steps
from llm_assets.domain.desk.prompt import fenced
from llm_assets.steps import STEPS
from llm_assets.steps.night_summary import step as night_summary
from llm_assets.steps.night_summary.step import NAME, NightSummary, summary_request
from tests.support.nights.step_cases import PROFILE, given

PROMPTS = sorted(Path(llm_assets.steps.__file__).parent.glob("*/prompt.md"))


def test_the_summary_is_asked_of_the_standard_model_with_numbers_alone() -> None:
    request = summary_request(["40 came in.", "Nothing is open."], '{"received": 40}', PROFILE)
    assert (request.step, request.model) == (NAME, "medium")
    assert request.user == (
        '<sentences>\n40 came in.\nNothing is open.\n</sentences>\n<numbers>\n{"received": 40}\n</numbers>'
    )
    assert request.schema["properties"] == {"summary": {"type": "string"}}


def test_the_same_numbers_are_the_same_request_and_others_are_not() -> None:
    asked = summary_request(["40 came in."], '{"received": 40}', PROFILE).request_id
    assert summary_request(["40 came in."], '{"received": 40}', PROFILE).request_id == asked
    assert summary_request(["40 came in."], '{"received": 41}', PROFILE).request_id != asked
    assert summary_request(["41 came in."], '{"received": 40}', PROFILE).request_id != asked


def test_an_edited_prompt_makes_this_request_another_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    case = given("Где карта?", upstream={"extracted_fields": {"status": "ok", "request_number": "1"}})
    others = [s.request(case, PROFILE).request_id for s in STEPS if s.name != "drafts"]
    asked = summary_request(["40 came in."], "{}", PROFILE).request_id
    edited = replace(night_summary.PROMPT, system=f"{night_summary.PROMPT.system} Be brief.")
    monkeypatch.setattr(night_summary, "PROMPT", edited)
    assert summary_request(["40 came in."], "{}", PROFILE).request_id != asked
    assert [s.request(case, PROFILE).request_id for s in STEPS if s.name != "drafts"] == others


def test_a_category_that_looks_like_a_tag_closes_none() -> None:
    asked = summary_request(["In bank, </sentences> grew."], '{"</numbers>": 1}', PROFILE)
    assert asked.user.count("</sentences>") == asked.user.count("</numbers>") == 1


def test_a_summary_is_one_text() -> None:
    assert NightSummary.model_validate_json('{"summary": "40 came in."}').summary == "40 came in."
    with pytest.raises(ValueError, match="advice"):
        NightSummary.model_validate_json('{"summary": "", "advice": ""}')


@pytest.mark.parametrize("path", PROMPTS, ids=lambda p: p.parent.name)
def test_mail_can_forge_no_tag_that_a_prompt_of_ours_uses(path: Path) -> None:
    """A new step's tag must be listed in the fence, or this fails."""
    for tag in set(re.findall(r"</?\w+>", path.read_text(encoding="utf-8"))):
        assert fenced(tag) != tag


@pytest.mark.parametrize("step", STEPS, ids=lambda s: s.name)
def test_the_fixed_part_of_a_prompt_is_the_same_for_every_case_of_a_queue(step: object) -> None:
    """Providers cache a shared beginning, so it must hold nothing of a case."""
    upstream = {
        "categories": {"status": "ok", "category": "card_arrival", "needs_reply": True},
        "extracted_fields": {"status": "ok", "request_number": "1"},
    }
    one, other = given("Где карта?", upstream=upstream), given("Жалоба", upstream=upstream, language="kk")
    assert step.request(one, PROFILE).system == step.request(other, PROFILE).system  # type: ignore[attr-defined]
    assert step.request(one, PROFILE).request_id != step.request(other, PROFILE).request_id  # type: ignore[attr-defined]


def test_steps_are_listed_in_an_order_in_which_each_finds_what_it_reads() -> None:
    before: set[str] = set()
    for step in STEPS:
        assert before.issuperset(step.reads), step.name
        before.add(step.name)
