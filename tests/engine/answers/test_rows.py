"""Rows: how a case stands in a step, whatever became of its request and whoever decided."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.step import Doubt, Skip, Step, StepInput
from llm_assets.domain.mail.document import Case, Document, Message, Priority, Received, Role, cases_of
from llm_assets.domain.requests.outcome import RequestState, Status
from llm_assets.engine.answers.rows import restored, step_row
from llm_assets.engine.ports.review import Decision, DecisionKind
from llm_assets.engine.ports.work import Standing

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 7, tzinfo=UTC)


class Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    mood: str
    sure: bool = True


def doubt(_: StepInput, output: BaseModel) -> Doubt | None:
    assert isinstance(output, Verdict)
    return None if output.sure else Doubt("unsure", "it says so")


def follows(_: StepInput, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"sure": True} if "mood" in values else {}


STEP = Step("moods", Verdict, Prompt("moods", "", "$case"), doubt=doubt, follows=follows)
SKIPPED = Step("moods", Verdict, STEP.prompt, skip=lambda _: Skip(Status.NOT_NEEDED))
UNREADABLE = Step(
    "moods", Verdict, STEP.prompt, skip=lambda _: Skip(Status.REVIEW, Doubt("no_text", "empty"))
)


def a_case() -> Case:
    message = Message(
        "1.eml",
        0,
        "mail",
        True,
        None,
        "record-1",
        "h",
        None,
        None,
        (),
        "",
        None,
        (),
        (),
        (),
        None,
        "Hi",
        "Hi",
        "en",
    )
    received = Received("inbox", "1.eml", DAY, "0" * 64, "mail", NOON)
    [case] = cases_of([Document(received, message, "bank", Priority.NORMAL, "case-1", Role.FIRST)])
    return case


GIVEN = StepInput(a_case(), Queue(name="bank", categories=(Category(name="other"),)), {})


def standing(
    state: RequestState, *, attempts: int = 1, output: Any = None, outcome: str = "", detail: str = ""
) -> Standing:
    return Standing("case-1", "r1", state, output, "small", "v1", outcome, detail, attempts)


GOOD = standing(RequestState.DONE, output={"mood": "glad"}, outcome="succeeded")


def instructed(*signals: str, above: float = 0.5) -> StepInput:
    [document] = a_case().documents
    message = replace(document.message, instructions=signals)
    [case] = cases_of([replace(document, message=message)])
    return StepInput(case, GIVEN.queue.model_copy(update={"review_injection_above": above}), {})


def test_the_answer_to_a_case_that_instructs_the_model_goes_to_a_person_with_what_was_found() -> None:
    row = step_row(STEP, instructed("overrides_rules", "dictates_answer"), GOOD, None)
    assert (row["status"], row["doubt_reason"]) == ("review", "instructs_model")
    assert row["doubt_detail"] == "0.84: overrides_rules, dictates_answer"
    assert row["mood"] == "glad"


def test_a_queue_says_how_sure_it_must_be_that_a_case_instructs_the_model() -> None:
    strict = step_row(STEP, instructed("dictates_answer", above=0.3), GOOD, None)
    lenient = step_row(STEP, instructed("overrides_rules", "dictates_answer", above=1), GOOD, None)
    assert (strict["doubt_reason"], lenient["status"]) == ("instructs_model", "ok")


def test_a_person_settles_a_case_that_instructs_the_model() -> None:
    settled = Decision("case-1", "moods", {"mood": "sad"}, "amina", NOON)
    row = step_row(STEP, instructed("overrides_rules"), GOOD, settled)
    assert (row["status"], row["mood"], row["doubt_reason"]) == ("corrected", "sad", None)


STATES = [
    pytest.param(STEP, None, "open", "not_sent", None, id="never planned"),
    pytest.param(
        STEP, standing(RequestState.DUE, attempts=0), "open", "not_sent", None, id="planned, not sent"
    ),
    pytest.param(
        STEP,
        standing(RequestState.DUE, detail="expired"),
        "open",
        "waiting_for_retry",
        "expired",
        id="to be tried again",
    ),
    pytest.param(
        STEP, standing(RequestState.IN_FLIGHT), "open", "waiting_for_provider", None, id="under way"
    ),
    pytest.param(STEP, GOOD, "ok", None, None, id="answered"),
    pytest.param(
        STEP,
        standing(RequestState.DONE, output={"mood": "glad", "sure": False}),
        "review",
        "unsure",
        "it says so",
        id="answered in doubt",
    ),
    pytest.param(
        STEP,
        standing(RequestState.REVIEW, outcome="refused", detail="policy"),
        "review",
        "refused",
        "policy",
        id="refused",
    ),
    pytest.param(
        STEP,
        standing(RequestState.DEAD, outcome="missing", detail="no result line"),
        "dead",
        "missing",
        "no result line",
        id="dead",
    ),
    pytest.param(
        STEP,
        standing(RequestState.DONE, output={"feeling": "glad"}),
        "review",
        "outdated_answer",
        "the step's schema has changed since",
        id="an answer to another schema",
    ),
    pytest.param(SKIPPED, GOOD, "not_needed", None, None, id="does not apply, whatever was answered once"),
    pytest.param(UNREADABLE, None, "review", "no_text", "empty", id="nothing to ask about"),
]
"""Of a case in a step: what the row says of it."""


@pytest.mark.parametrize(("step", "stands", "status", "reason", "detail"), STATES)
def test_how_a_case_stands(
    step: Step, stands: Standing | None, status: str, reason: str | None, detail: str | None
) -> None:
    row = step_row(step, GIVEN, stands, None)
    assert (row["status"], row["doubt_reason"], row["doubt_detail"]) == (status, reason, detail)
    assert (row["day"], row["case_id"], row["record_id"], row["queue"]) == (
        "2026-11-20",
        "case-1",
        "record-1",
        "bank",
    )
    assert set(row) <= set(step.table.column_types)


def test_an_answer_says_who_gave_it_and_to_what() -> None:
    row = step_row(STEP, GIVEN, GOOD, None)
    assert (row["mood"], row["decided_by"], row["model"], row["prompt_version"], row["request_id"]) == (
        "glad",
        "model",
        "small",
        "v1",
        "r1",
    )


def test_only_an_answer_is_decided_by_the_model() -> None:
    assert (
        step_row(STEP, GIVEN, standing(RequestState.DEAD, outcome="missing"), None).get("decided_by") is None
    )


def decision(values: dict[str, Any], by: str = "amina") -> Decision:
    return Decision("case-1", "moods", values, by, NOON)


@pytest.mark.parametrize(
    "stands", [None, GOOD, standing(RequestState.DEAD, outcome="missing"), standing(RequestState.REVIEW)]
)
def test_a_person_outranks_the_model_whatever_it_said(stands: Standing | None) -> None:
    row = step_row(STEP, GIVEN, stands, decision({"mood": "angry"}))
    assert (row["status"], row["mood"], row["decided_by"]) == ("corrected", "angry", "amina")
    assert (row["doubt_reason"], row["doubt_detail"]) == (None, None)


def test_a_decision_keeps_the_columns_it_does_not_name() -> None:
    row = step_row(STEP, GIVEN, GOOD, decision({"sure": False}))
    assert (row["mood"], row["sure"]) == ("glad", False)


def test_what_follows_from_a_decision_is_filled_in_unless_it_is_decided_too() -> None:
    unsure = standing(RequestState.DONE, output={"mood": "glad", "sure": False})
    assert step_row(STEP, GIVEN, unsure, decision({"mood": "sad"}))["sure"] is True
    assert step_row(STEP, GIVEN, unsure, decision({"mood": "sad", "sure": False}))["sure"] is False


def test_an_approved_answer_is_ok_and_a_given_up_case_is_dead() -> None:
    unsure = standing(RequestState.DONE, output={"mood": "glad", "sure": False})
    approved = replace(decision({}), kind=DecisionKind.APPROVE)
    row = step_row(STEP, GIVEN, unsure, approved)
    assert (row["status"], row["mood"], row["sure"], row["decided_by"]) == ("ok", "glad", False, "amina")
    row = step_row(STEP, GIVEN, unsure, replace(decision({}), kind=DecisionKind.DEAD_LETTER))
    assert (row["status"], row["doubt_reason"], row["decided_by"]) == ("dead", "given_up", "amina")


def test_a_decision_changes_answers_and_nothing_else() -> None:
    forged = {"case_id": "case-2", "status": "ok", "decided_by": "model", "request_id": "x", "no_column": 1}
    row = step_row(STEP, GIVEN, GOOD, decision(forged))
    assert (row["case_id"], row["status"], row["decided_by"], row["request_id"]) == (
        "case-1",
        "corrected",
        "amina",
        "r1",
    )
    assert "no_column" not in row


def test_masks_are_given_back_in_every_string_however_deep() -> None:
    masks = {"[NAME_1]": "Айгерім", "[IBAN_1]": "KZ86125KZT5004100100"}
    masked = {"a": "[NAME_1] and [NAME_1]", "b": [{"c": "[IBAN_1]"}], "d": 1, "e": None}
    assert restored(masked, masks) == {
        "a": "Айгерім and Айгерім",
        "b": [{"c": "KZ86125KZT5004100100"}],
        "d": 1,
        "e": None,
    }
    assert (
        step_row(STEP, GIVEN, standing(RequestState.DONE, output={"mood": "[NAME_1]"}), None, masks)["mood"]
        == "Айгерім"
    )
