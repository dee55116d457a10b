"""Rows: the state of a case in a step, as a row of the lake. Pure; the one place where a status is decided."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from pydantic import JsonValue, ValidationError

from llm_assets.domain.desk.merged import version_of
from llm_assets.domain.desk.step import Doubt, Step, StepInput
from llm_assets.domain.desk.tables import Row
from llm_assets.domain.mail.injection import INSTRUCTS, score, signals_in
from llm_assets.domain.requests.outcome import RequestState, Status
from llm_assets.engine.answers.decisions import holds_for, status_of
from llm_assets.engine.ports.review import Decision
from llm_assets.engine.ports.work import Standing

BY_MODEL, BY_RULE = "model", "rule"
GIVEN_UP = "given_up"
"""A person decided that nobody answers the case."""


def step_row(
    step: Step,
    given: StepInput,
    standing: Standing | None,
    decision: Decision | None,
    restore: Mapping[str, str] | None = None,
    earlier: Row | None = None,
) -> dict[str, object]:
    """The case's row in the step's table. `restore` maps masks to the values they replaced. `earlier` is its stored row where what
    was thought of the same answer is kept: it outranks what would be thought of it now.

    A person's decision outranks the model's answer, whatever that was; an approval only the answer that it is about.
    """
    row = _kept(step, given, standing, earlier) or _answered(step, given, standing, restore or {})
    asked = row.get("request_id")
    if decision is not None and holds_for(decision, str(asked or "")):
        values = {k: v for k, v in decision.values.items() if k in step.answer_columns}
        row |= {**(step.follows(given, values) if values else {}), **values}
        status = status_of(decision)
        row |= {"status": status, "decided_by": decision.decided_by}
        row |= {"doubt_reason": GIVEN_UP if status is Status.DEAD else None, "doubt_detail": None}
    case = given.case
    return {
        "day": case.day.isoformat(),
        "case_id": case.case_id,
        "record_id": case.record_id,
        "queue": case.queue,
        **row,
    }


def own_part(step: Step, standing: Standing) -> Standing:
    """The step's own answer and version, where its request answers other steps too."""
    if standing.asked_as in ("", step.name):
        return standing
    part = standing.output.get(step.name) if standing.output is not None else None
    version = version_of(step.name, standing.asked_as, standing.prompt_version)
    return replace(standing, output=part if isinstance(part, dict) else None, prompt_version=version)


def _kept(step: Step, given: StepInput, standing: Standing | None, earlier: Row | None) -> dict[str, object]:
    """What the stored row says beside the case, if it judged the answer that still holds; empty otherwise."""
    if earlier is None or standing is None or not is_judged(earlier):
        return {}
    same = standing.state is RequestState.DONE and standing.request_id == earlier["request_id"]
    skip = step.skip(given)
    if not same or (skip is not None and not skip.replaces_model):
        return {}
    return {
        name: value for name, value in earlier.items() if name not in ("day", "case_id", "record_id", "queue")
    }


def is_judged(row: Row) -> bool:
    """Whether it holds a model's answer and what was thought of it."""
    return row["decided_by"] == BY_MODEL and row["status"] in (Status.OK, Status.REVIEW)


def _answered(
    step: Step, given: StepInput, standing: Standing | None, restore: Mapping[str, str]
) -> dict[str, object]:
    skip = step.skip(given)
    if skip is not None:
        made = {**skip.made, "decided_by": BY_RULE} if skip.made is not None else {}
        return made | _standing_row(skip.status, skip.doubt)
    if standing is None:
        return _standing_row(Status.OPEN, Doubt("not_sent"))
    choice = step.choice(given)
    origin = {
        "model": standing.model,
        "tier": choice.tier,
        "tier_reason": choice.reason,
        "prompt_version": standing.prompt_version,
        "request_id": standing.request_id,
    }
    match standing.state:
        case RequestState.DUE:
            waits = "not_sent" if standing.attempts == 0 else "waiting_for_retry"
            return origin | _standing_row(Status.OPEN, Doubt(standing.held or waits, standing.detail))
        case RequestState.IN_FLIGHT:
            return origin | _standing_row(Status.OPEN, Doubt("waiting_for_provider"))
        case RequestState.REVIEW:
            return origin | _standing_row(Status.REVIEW, Doubt(standing.outcome, standing.detail))
        case RequestState.DEAD:
            return origin | _standing_row(Status.DEAD, Doubt(standing.outcome, standing.detail))
        case RequestState.DONE:
            return origin | _done(step, given, standing, restore)
        case _:
            assert_never(standing.state)


def _done(step: Step, given: StepInput, standing: Standing, restore: Mapping[str, str]) -> dict[str, object]:
    try:
        output = step.output.model_validate(restored(standing.output, restore))
    except ValidationError:
        return _standing_row(Status.REVIEW, Doubt("outdated_answer", "the step's schema has changed since"))
    doubt = _instructs(given) or step.doubt(given, output)
    status = Status.OK if doubt is None else Status.REVIEW
    return step.row(given, output) | {**_standing_row(status, doubt), "decided_by": BY_MODEL}


def _instructs(given: StepInput) -> Doubt | None:
    """What a case answers that talks to the model is for a person to read, however sure the answer sounds."""
    signals = signals_in(given.case)
    sure = score(signals)
    if sure <= given.queue.review_injection_above:
        return None
    return Doubt(INSTRUCTS, f"{sure:.2f}: {', '.join(signals)}")


def _standing_row(status: Status, doubt: Doubt | None) -> dict[str, object]:
    return {
        "status": status,
        "doubt_reason": doubt.reason if doubt is not None else None,
        "doubt_detail": doubt.detail or None if doubt is not None else None,
    }


def holds_masks(value: JsonValue) -> bool:
    """Whether there may be anything to restore: working out the originals of a case's masks takes a millisecond."""
    if isinstance(value, str):
        return "[" in value
    if isinstance(value, list):
        return any(holds_masks(item) for item in value)
    return isinstance(value, dict) and any(holds_masks(item) for item in value.values())


def restored(value: JsonValue, masks: Mapping[str, str]) -> JsonValue:
    """The value with every mask replaced by its original, in all strings however deep."""
    if not masks:
        return value
    if isinstance(value, str):
        for mask, original in masks.items():
            value = value.replace(mask, original)
        return value
    if isinstance(value, list):
        return [restored(item, masks) for item in value]
    if isinstance(value, dict):
        return {key: restored(item, masks) for key, item in value.items()}
    return value
