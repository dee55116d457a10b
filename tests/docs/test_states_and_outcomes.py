"""The pictures and tables of states and outcomes name exactly what the code does."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from llm_assets.domain import refusals
from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.step import Doubt, Skip, Step, StepInput
from llm_assets.domain.mail.document import Case, Priority
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import TRANSITIONS, BatchState
from llm_assets.domain.requests.outcome import MAX_ATTEMPTS, Outcome, RequestState, Status, next_after
from llm_assets.engine.answers.rows import step_row
from llm_assets.engine.ports.review import Decision, DecisionKind
from llm_assets.engine.ports.work import Standing
from llm_assets.report.cases import state_of
from llm_assets.report.reasons import WORDS
from llm_assets.steps.categories.step import DoubtWord
from resources.ledger.queries.settling import _STATE_AFTER
from resources.providers import errors as provider_errors
from resources.providers.anthropic import wire as anthropic_wire
from resources.providers.gemini.answers import Finish
from resources.providers.gemini.refusals import RPC_CODES
from resources.providers.openai import wire as openai_wire
from tests.support.pages import Edge, coded, edges, rows, section, text_of

STATES, OUTCOMES = text_of("docs/reference/states.md"), text_of("docs/reference/outcomes.md")
DAY = date(2026, 11, 20)
TABLE = {coded(row[0])[0]: row for row in rows(OUTCOMES) if len(row) == 7}


class Answer(BaseModel):
    word: str


def _step(doubt: Doubt | None = None, skip: Skip | None = None) -> Step:
    return Step("s", Answer, Prompt("s", "", ""), doubt=lambda *_: doubt, skip=lambda _: skip)


_KINDS = {
    "corrected": DecisionKind.CORRECT,
    "approved": DecisionKind.APPROVE,
    "gave": DecisionKind.DEAD_LETTER,
}


def _status(step: Step, state: RequestState | None, kind: DecisionKind | None = None) -> Status:
    case = Case("c", "r", DAY, "office", Priority.NORMAL, ())
    given = StepInput(case, Queue(name="office", categories=(Category(name="any"),)), {})
    output = {"word": "yes"} if state is RequestState.DONE else None
    standing = Standing("c", "q", state, output, "m", "v", "", "", 1) if state is not None else None
    at = datetime(2026, 11, 21, tzinfo=UTC)
    values = {"word": "no"} if kind is DecisionKind.CORRECT else {}
    decision = Decision("c", "s", values, "amina", at, kind) if kind is not None else None
    return Status(step_row(step, given, standing, decision)["status"])


def test_the_picture_of_a_batch_has_exactly_its_transitions() -> None:
    drawn = edges(section(STATES, "## A batch"))
    assert drawn == {Edge(before, after) for before, found in TRANSITIONS.items() for after in found}


def test_the_table_of_a_batch_says_each_state_once_and_which_are_final() -> None:
    described = {coded(row[0])[0]: row[1] for row in rows(section(STATES, "## A batch"))}
    assert set(described) == set(BatchState)
    assert {name for name, crash in described.items() if crash == "–"} == {
        state for state, following in TRANSITIONS.items() if not following
    }


def test_the_picture_of_a_request_has_its_states_and_what_each_outcome_leads_to() -> None:
    drawn = edges(section(STATES, "## A request"))
    assert {state for edge in drawn for state in edge} == set(RequestState)
    reached = {_STATE_AFTER[next_after(o, attempt)] for o in Outcome for attempt in (1, MAX_ATTEMPTS)}
    assert {edge.after for edge in drawn if edge.before == RequestState.IN_FLIGHT} == reached


@pytest.mark.parametrize("row", rows(section(STATES, "## A case in a step")), ids=lambda row: row[0])
def test_a_case_in_a_step_has_the_status_the_table_says(row: list[str]) -> None:
    how, status = row
    doubt = Doubt("poor_scan") if "has a doubt" in how else None
    skip = Skip(Status.NOT_NEEDED) if "does not apply" in how else None
    named = coded(how)
    state = RequestState(named[0]) if named else None
    kind = next((k for word, k in _KINDS.items() if f"a person {word}" in how), None)
    assert _status(_step(doubt, skip), state, kind) == coded(status)[0]


def test_the_status_table_leaves_no_state_and_no_status_out() -> None:
    table = rows(section(STATES, "## A case in a step"))
    assert {name for row in table for name in coded(row[0])} == set(RequestState)
    assert {name for row in table for name in coded(row[1])} == set(Status)


def test_a_case_is_as_its_worst_step_in_the_order_of_the_table() -> None:
    table = [(coded(row[0]), row[1]) for row in rows(section(STATES, "## A case in the report"))]
    assert {name for names, _ in table for name in names} == set(Status)
    for position, (names, state) in enumerate(table):
        at_most = [Status(name) for following, _ in table[position:] for name in following]
        for name in names:
            assert state_of([Status(name), *at_most]) == state


def test_every_outcome_is_in_the_table_once() -> None:
    assert list(TABLE) == [outcome.value for outcome in Outcome]


@pytest.mark.parametrize("outcome", Outcome)
def test_the_table_says_what_follows_an_outcome(outcome: Outcome) -> None:
    *_, then, at_last, case = TABLE[outcome]
    assert then == next_after(outcome, 1)
    assert at_last == next_after(outcome, MAX_ATTEMPTS)
    ends = _status(_step(), _STATE_AFTER[next_after(outcome, MAX_ATTEMPTS)])
    assert coded(case)[0] == ends


@pytest.mark.parametrize(
    ("column", "module"), [(2, openai_wire), (3, anthropic_wire)], ids=["openai", "anthropic"]
)
def test_what_the_table_quotes_of_a_provider_stands_in_its_wire_form(column: int, module: object) -> None:
    read = (module, refusals, provider_errors)
    source = "".join(Path(str(getattr(m, "__file__", ""))).read_text(encoding="utf-8") for m in read)
    quoted = {word for row in TABLE.values() for word in coded(row[column])}
    assert [word for word in sorted(quoted) if f'"{word}"' not in source] == []


def test_what_the_table_quotes_of_gemini_stands_in_its_answers_and_refusals() -> None:
    table = [row for row in rows(section(OUTCOMES, "## The same at Gemini")) if len(row) == 2]
    assert [coded(name) for name, _ in table] == [[outcome.value] for outcome in Outcome]
    known = {*Finish, *RPC_CODES.values(), *Outcome}
    assert [word for _, said in table for word in coded(said) if word not in known] == []


def test_every_reason_for_a_failed_attempt_is_listed() -> None:
    listed = coded(section(OUTCOMES, "## Why an attempt failed"))
    assert [word for word in listed if word in set(Reason)] == [reason.value for reason in Reason]


def test_every_reason_to_wait_for_a_person_is_listed_once_with_the_words_of_the_page() -> None:
    table = rows(section(STATES, "## Why a case waits for a person"))
    listed = [coded(reason)[0] for reason, _, _ in table]
    assert len(set(listed)) == len(listed)
    phrases = {coded(reason)[0]: words for reason, words, _ in table}
    assert {reason: phrases.get(reason) for reason in WORDS} == WORDS
    assert set(get_args(DoubtWord)[1:]) <= WORDS.keys()
    ends = {outcome.value for outcome in Outcome if next_after(outcome, MAX_ATTEMPTS) == "review"}
    assert ends <= WORDS.keys()
