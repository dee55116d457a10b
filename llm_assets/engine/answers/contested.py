"""Contested: decisions about which people disagree. Pure."""

from collections.abc import Iterable

from llm_assets.engine.ports.review import UNDOES, Decision, DecisionKind

_ANSWERS = (DecisionKind.APPROVE, DecisionKind.CORRECT, DecisionKind.DEAD_LETTER)


def contested(decisions: Iterable[Decision]) -> set[tuple[str, str]]:
    """(case_id, step) of which one person has changed, undone or sent back what another one decided. Decisions are given in
    the order of storing."""
    found: set[tuple[str, str]] = set()
    earlier: dict[tuple[str, str], list[Decision]] = {}
    for decision in decisions:
        key = decision.case_id, decision.step
        before = earlier.setdefault(key, [])
        if any(_contradicts(decision, other) for other in before if other.decided_by != decision.decided_by):
            found.add(key)
        before.append(decision)
    return found


def sent_back(decisions: Iterable[Decision]) -> set[tuple[str, str]]:
    """(case_id, step) whose last decision sends the answer back."""
    last = {(d.case_id, d.step): d for d in decisions if d.kind in (*_ANSWERS, DecisionKind.SEND_BACK)}
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
