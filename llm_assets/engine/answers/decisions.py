"""Decisions in force: what people decided about each case of a step, undone decisions left out. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from pydantic import JsonValue

from llm_assets.domain.desk.tables import Row
from llm_assets.domain.digest import digest
from llm_assets.domain.mail.document import Role
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.ports.review import REMARK, REQUEST, UNDOES, Decision, DecisionKind

NO_ANSWER = frozenset({DecisionKind.UNDO, DecisionKind.DRAFT_NOW, DecisionKind.RELEASE})
"""Kinds that say nothing about an answer."""


def in_force(decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions about answers that nobody has undone, in the order given. One that undoes another, only asks for a draft or
    releases one is none of them."""
    given = list(decisions)
    undone = _undone(given)
    return [d for d in given if d.kind not in NO_ANSWER and (d.case_id, d.step, d.number) not in undone]


def releases(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """case_id -> the last release of its draft, unless it was taken back. It holds for the text that it names."""
    given = list(decisions)
    undone = _undone(given)
    last = {d.case_id: d for d in given if d.kind is DecisionKind.RELEASE}
    return {case_id: d for case_id, d in last.items() if (case_id, d.step, d.number) not in undone}


def words_released(subject: str, body: str) -> str:
    """Names the words of a draft, as a release does in TEXT."""
    return digest([subject, body])


def _undone(decisions: Iterable[Decision]) -> set[tuple[str, str, JsonValue]]:
    return {(d.case_id, d.step, d.values.get(UNDOES)) for d in decisions if d.kind is DecisionKind.UNDO}


def decided(decisions: Iterable[Decision], step: str) -> dict[str, Decision]:
    """case_id -> what holds of its decisions in a step: the last one, with all corrected values. A later correction replaces
    the columns it names; of a case that was sent back, what was decided before no longer holds."""
    found: dict[str, Decision] = {}
    for decision in in_force(d for d in decisions if d.step == step):
        if decision.kind is DecisionKind.SEND_BACK:
            found.pop(decision.case_id, None)
            continue
        earlier = found.get(decision.case_id)
        values = earlier.values if earlier is not None else {}
        found[decision.case_id] = replace(decision, values={**values, **decision.values})
    return found


def holds_for(decision: Decision, request_id: str | None) -> bool:
    """Whether what `decided` returns is about the answer of this request: an approval is about the answer that was seen, and
    a later one has been seen by nobody. Corrected values hold whatever the model answers."""
    if decision.kind is not DecisionKind.APPROVE or decision.values or REQUEST not in decision.before:
        return True
    return decision.before[REQUEST] == (request_id or "")


def settles(decision: Decision | None, opened_at: datetime) -> bool:
    """Whether a doubt was decided. One that was opened after an answer was approved or sent back is about another answer."""
    if decision is None:
        return False
    is_bound = decision.kind in (DecisionKind.SEND_BACK, DecisionKind.APPROVE) and REQUEST in decision.before
    return not is_bound or opened_at <= decision.decided_at


def remarks(decisions: Iterable[Decision], step: str) -> dict[str, tuple[str, ...]]:
    """case_id -> what was remarked each time it was sent back in a step."""
    found: dict[str, tuple[str, ...]] = {}
    for decision in in_force(d for d in decisions if d.step == step):
        if decision.kind is DecisionKind.SEND_BACK:
            said = str(decision.values.get(REMARK) or "")
            found[decision.case_id] = (*found.get(decision.case_id, ()), said)
    return found


def status_of(decision: Decision) -> Status:
    """The status of a row that people have decided, from the decision that `decided` returns."""
    if decision.kind is DecisionKind.DEAD_LETTER:
        return Status.DEAD
    return Status.CORRECTED if decision.values else Status.OK


def newest_numbers(decisions: Iterable[Decision]) -> Counter[tuple[str, str]]:
    """(case_id, step) -> the number of the newest decision about them, undone ones included; 0 before there is one."""
    found: Counter[tuple[str, str]] = Counter()
    for decision in decisions:
        key = (decision.case_id, decision.step)
        found[key] = max(found[key], decision.number)
    return found


def decision_rows(
    day: date, decisions: Iterable[Decision], heads: Iterable[Row]
) -> Iterator[dict[str, object]]:
    """Rows of the table `decisions`, oldest first; none of a case that the day no longer has. `heads` are rows of
    `documents`."""
    first = {row["case_id"]: row for row in heads if row["role"] == Role.FIRST}
    for decision in decisions:
        head = first.get(decision.case_id)
        if head is not None:
            yield {
                "day": day.isoformat(),
                "case_id": decision.case_id,
                "record_id": head["record_id"],
                "queue": head["queue"],
                "step": decision.step,
                "number": decision.number,
                "at": decision.decided_at.isoformat(),
                "by": decision.decided_by,
                "kind": decision.kind,
                "before": dict(decision.before),
                "after": dict(decision.values),
                "prompt_version": decision.prompt_version,
            }
