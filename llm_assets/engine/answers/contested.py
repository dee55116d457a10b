"""Contested: decisions about which people disagree. Pure."""

from collections.abc import Iterable

from pydantic import JsonValue

from llm_assets.engine.answers.decisions import in_force
from llm_assets.engine.ports.review import UNDOES, Decision, DecisionKind

_ANSWERS = (DecisionKind.APPROVE, DecisionKind.CORRECT, DecisionKind.DEAD_LETTER)


def contested(decisions: Iterable[Decision]) -> set[tuple[str, str]]:
    """(case_id, step) of which one person has changed, undone or sent back what another one decided. What somebody has taken
    back counts for nothing. Decisions are given in the order of storing."""
    found: set[tuple[str, str]] = set()
    earlier: dict[tuple[str, str], list[Decision]] = {}
    made = list(decisions)
    by: dict[tuple[str, str, JsonValue], str] = {(d.case_id, d.step, d.number): d.decided_by for d in made}
    undone = (
        (d.case_id, d.step, d.values.get(UNDOES), d.decided_by) for d in made if d.kind is DecisionKind.UNDO
    )
    taken_back = {
        (case, step, number) for case, step, number, who in undone if by.get((case, step, number)) == who
    }
    for decision in made:
        if (decision.case_id, decision.step, decision.number) in taken_back:
            continue
        key = decision.case_id, decision.step
        before = earlier.setdefault(key, [])
        if any(_contradicts(decision, other) for other in before if other.decided_by != decision.decided_by):
            found.add(key)
        before.append(decision)
    return found


def sent_back(decisions: Iterable[Decision]) -> set[tuple[str, str]]:
    """(case_id, step) whose last decision that is in force sends the answer back."""
    last = {(d.case_id, d.step): d for d in in_force(decisions)}
    return {key for key, decision in last.items() if decision.kind is DecisionKind.SEND_BACK}


def _contradicts(later: Decision, earlier: Decision) -> bool:
    if earlier.kind not in _ANSWERS:
        return False
    match later.kind:
        case DecisionKind.UNDO:
            return later.values.get(UNDOES) == earlier.number
        case DecisionKind.SEND_BACK:
            return True
        case DecisionKind.CORRECT if earlier.kind is DecisionKind.CORRECT:
            both = later.values.keys() & earlier.values.keys()
            return any(later.values[name] != earlier.values[name] for name in both)
        case DecisionKind.CORRECT | DecisionKind.DEAD_LETTER:
            return earlier.kind is not later.kind
        case DecisionKind.APPROVE:
            return earlier.kind is DecisionKind.DEAD_LETTER
        case DecisionKind.DRAFT_NOW | DecisionKind.RELEASE:
            return False
