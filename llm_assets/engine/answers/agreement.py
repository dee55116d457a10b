"""Agreement: which categories of the model people left as they were. Pure.

A case counts once, as people have decided it last. Confident cases are drawn at random by their ids: the same ones
whenever it is asked, and more of them, not others, when the share grows.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from llm_assets.domain.desk.queue import FormerNamesOf, Queues
from llm_assets.domain.desk.tables import Row
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.answers.decisions import in_force
from llm_assets.engine.answers.rows import BY_MODEL
from llm_assets.engine.ports.review import Decision, DecisionKind

CATEGORY, CONFIDENCE = "category", "confidence"
LOW_CONFIDENCE = "low_confidence"
_JUDGES = (DecisionKind.APPROVE, DecisionKind.CORRECT)


@dataclass(frozen=True, slots=True)
class Judged:
    """A category of the model about which people have decided."""

    queue: str
    category: str
    prompt_version: str
    confidence: float | None
    """None where the row holds another answer than the one that was decided."""
    agreed: bool
    sampled: bool
    """Whether the case was confident and drawn at random."""
    reason: str
    """Why it was in doubt; empty where it was not."""

    @property
    def is_unbiased(self) -> bool:
        """Whether it was decided because of its confidence, or by chance: others say nothing of answers like it."""
        return self.confidence is not None and (self.sampled or self.reason == LOW_CONFIDENCE)


def is_drawn(case_id: str, share: float) -> bool:
    """Whether a case is among the share of confident ones that people see."""
    number = int.from_bytes(hashlib.sha256(f"review sample {case_id}".encode()).digest()[:8])
    return number < share * 2**64


def sampled(rows: Iterable[Row], queues: Queues) -> Iterator[Row]:
    """The rows of confident answers that people see all the same."""
    for row in rows:
        if row["status"] == Status.OK and row["decided_by"] == BY_MODEL:
            queue = queues.named_or_default(row["queue"])
            if is_drawn(row["case_id"], queue.review_sample):
                yield row


def judged(
    rows: Iterable[Row],
    reasons: Mapping[str, str],
    decisions: Iterable[Decision],
    queues: Queues,
) -> Iterator[Judged]:
    """One for each case that people have approved or corrected. `rows` are those of the step, `reasons` why its cases were in
    doubt, and `decisions` those about it."""
    made: dict[str, list[Decision]] = {}
    for decision in decisions:
        made.setdefault(decision.case_id, []).append(decision)
    for row in rows:
        own = _about_the_answer(made.get(row["case_id"], []))
        holding = in_force(own)
        answered = _answered(row, own)
        if holding and answered is not None:
            yield _judged(row, answered, holding, reasons.get(row["case_id"], ""), queues)


def _about_the_answer(decisions: Sequence[Decision]) -> list[Decision]:
    """Those since the last one of another kind: it may have asked for another answer, or given the case up."""
    last = max((d.number for d in in_force(decisions) if d.kind not in _JUDGES), default=0)
    return [d for d in decisions if d.number > last]


def _answered(row: Row, decisions: Sequence[Decision]) -> str | None:
    """The category that the model chose: what the first who changed it saw."""
    seen = next((d.before[CATEGORY] for d in decisions if CATEGORY in d.before), row[CATEGORY])
    return str(seen) if seen is not None else None


def _judged(row: Row, answered: str, holding: Sequence[Decision], reason: str, queues: Queues) -> Judged:
    names = queues.former_names
    chosen = next((d.values[CATEGORY] for d in reversed(holding) if CATEGORY in d.values), answered)
    queue, category = _today(names, row["queue"], answered)
    version = holding[-1].prompt_version or str(row["prompt_version"] or "")
    share = queues.named_or_default(queue).review_sample
    return Judged(
        queue=queue,
        category=category,
        prompt_version=version,
        confidence=row[CONFIDENCE] if version == row["prompt_version"] else None,
        agreed=category == _today(names, row["queue"], str(chosen))[1],
        sampled=not reason and is_drawn(row["case_id"], share),
        reason=reason,
    )


def _today(names: FormerNamesOf, queue: str, category: str) -> tuple[str, str]:
    row = names.present({"queue": queue, CATEGORY: category})
    return str(row["queue"]), str(row[CATEGORY])


def agreement_rows(day: date, found: Iterable[Judged]) -> Iterator[dict[str, object]]:
    """Rows of the table `agreement`."""
    groups: dict[tuple[str, str, str], list[Judged]] = {}
    for each in found:
        groups.setdefault((each.queue, each.category, each.prompt_version), []).append(each)
    for (queue, category, version), members in sorted(groups.items()):
        drawn = [m for m in members if m.sampled]
        yield {
            "day": day.isoformat(),
            "queue": queue,
            "category": category,
            "prompt_version": version,
            "decided": len(members),
            "agreed": sum(m.agreed for m in members),
            "sampled": len(drawn),
            "sampled_agreed": sum(m.agreed for m in drawn),
        }
