"""How far the model's stated confidence can be trusted, by queue: fitted to what people decided about its answers.

Fitted are doubts of low confidence and confident cases that were drawn at random, of one queue and prompt. What the model
doubted in a word of its own goes to a person at any confidence, so it says nothing of answers like it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from llm_assets.domain.desk.merged import version_of
from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.step import Step
from llm_assets.engine.answers.agreement import LOW_CONFIDENCE, Judged
from llm_assets.engine.answers.isotonic import Block, isotonic
from llm_assets.engine.answers.thresholds import SHOWN, Threshold, chosen, hundredth, threshold
from llm_assets.usecases.agreement.judged import judged_on, sorting_step
from llm_assets.usecases.desk.assembly import Assembly

NEEDED = 50
"""Decisions before a fit says anything."""
DECIDED_DAYS = timedelta(days=60)
"""Decisions about older nights are not looked at."""
ANSWERED_DAYS = timedelta(days=7)
"""How confident answers are is taken from the nights of a week: Monday's mail is not Sunday's."""


@dataclass(frozen=True, slots=True)
class CategoryAgreement:
    category: str
    decided: int
    agreed: int


@dataclass(frozen=True, slots=True)
class QueueCalibration:
    queue: str
    prompt_version: str
    """Of the prompt in use; answers to another one say nothing of it."""
    decided: int
    """Decisions that a fit may use."""
    agreed: int
    sampled: int
    """Of the decided the confident cases drawn at random."""
    sampled_agreed: int
    categories: Sequence[CategoryAgreement]
    """Of all decisions about answers to this prompt, the category corrected most often first."""
    review_below: float
    """In force on the day."""
    wanted: float | None
    """`review_precision` of the queue."""
    nights: int
    """Nights whose answers are counted."""
    answers: int
    """In these nights, without those that the model doubted in a word."""
    doubted: int
    """In these nights, those that it did."""
    blocks: Sequence[Block]
    """The fitted curve; empty before there are enough decisions."""
    thresholds: Sequence[Threshold]
    """Empty without a fit; the counts are those of all nights together."""
    chosen: Threshold | None
    """What `wanted` asks for; None without a fit."""

    @property
    def is_reached(self) -> bool:
        return self.chosen is not None and (self.chosen.precision or 0.0) >= (self.wanted or 0.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    day: date
    queues: Sequence[QueueCalibration]

    @property
    def figures(self) -> dict[str, Any]:
        """As `report.json["quality"]["calibration"]` has it: the queues about which people have decided anything."""
        return {"queues": [_figures(queue) for queue in self.queues if queue.decided]}


def _figures(found: QueueCalibration) -> dict[str, Any]:
    nights = max(found.nights, 1)
    return {
        "queue": found.queue,
        "decided": found.decided,
        "agreed": found.agreed,
        "sampled": found.sampled,
        "sampled_agreed": found.sampled_agreed,
        "review_below": found.review_below,
        "review_precision": found.wanted,
        "thresholds": [
            {
                "review_below": t.review_below,
                "precision": round(t.precision, 4),
                "to_people": round(t.to_people / nights),
                "decided": t.decided,
            }
            for t in found.thresholds
            if t.precision is not None
        ],
    }


@dataclass(frozen=True, slots=True)
class _Answers:
    nights: int
    doubted: int
    by_confidence: Mapping[float, int]


def calibration(assembly: Assembly, day: date) -> Calibration:
    """As of a day: from decisions about it and the nights before it. Empty where no step states a confidence."""
    step = sorting_step(assembly)
    if step is None:
        return Calibration(day, [])
    made = _judged(assembly, day)
    answers = _answers(assembly, step, day)
    fixed = assembly.ledger.calibration.thresholds(day)
    return Calibration(
        day, [_of_queue(assembly, step, queue, made, answers, fixed) for queue in assembly.queues.queues]
    )


def fix_thresholds(assembly: Assembly, day: date) -> None:
    """Chooses below which confidence the day's cases go to people, for queues with `review_precision`. Once for each night, from
    decisions about earlier ones: a rerun judges as the first run did. A closed night stays as it was judged."""
    wanting = {q.name for q in assembly.queues.queues if q.review_precision is not None}
    if not wanting or assembly.clock() >= assembly.settings.calendar.deadline_of(day):
        return
    open_still = wanting - assembly.ledger.calibration.fixed(day).keys()
    if open_still:
        found = calibration(assembly, day - timedelta(days=1)).queues
        assembly.ledger.calibration.fix(
            day,
            {
                q.queue: q.chosen.review_below if q.chosen is not None else None
                for q in found
                if q.queue in open_still
            },
        )


def _judged(assembly: Assembly, day: date) -> list[Judged]:
    review = assembly.ledger.review
    days = [past for past in review.newest_decisions(day - DECIDED_DAYS) if day - DECIDED_DAYS < past <= day]
    return [each for past in days for each in judged_on(assembly, past, review.decisions(past))]


def _of_queue(
    assembly: Assembly,
    step: Step,
    queue: Queue,
    made: Sequence[Judged],
    answers: Mapping[tuple[str, str], _Answers],
    fixed: Mapping[str, float],
) -> QueueCalibration:
    asked = assembly.merging.asked(step, queue)
    version = version_of(step.name, asked.name, asked.prompt.version)
    own = [j for j in made if (j.queue, j.prompt_version) == (queue.name, version)]
    pairs = [(hundredth(j.confidence), j.agreed) for j in own if j.confidence is not None and j.is_unbiased]
    seen = answers.get((queue.name, version), _Answers(0, 0, {}))
    enough = len(pairs) >= NEEDED
    blocks = isotonic(pairs) if enough else []
    in_force = fixed.get(queue.name, queue.review_below)
    wanted = queue.review_precision
    best = chosen(pairs, blocks, seen.by_confidence, wanted) if enough and wanted is not None else None
    shown = {*SHOWN, in_force, *([best.review_below] if best is not None else [])}
    return QueueCalibration(
        queue=queue.name,
        prompt_version=version,
        decided=len(pairs),
        agreed=sum(agreed for _, agreed in pairs),
        sampled=sum(j.sampled for j in own if j.is_unbiased),
        sampled_agreed=sum(j.sampled and j.agreed for j in own if j.is_unbiased),
        categories=_categories(own),
        review_below=in_force,
        wanted=wanted,
        nights=seen.nights,
        answers=sum(seen.by_confidence.values()),
        doubted=seen.doubted,
        blocks=blocks,
        thresholds=[threshold(pairs, blocks, seen.by_confidence, low) for low in sorted(shown) if enough],
        chosen=best,
    )


def _categories(made: Sequence[Judged]) -> list[CategoryAgreement]:
    groups: dict[str, list[bool]] = {}
    for each in made:
        groups.setdefault(each.category, []).append(each.agreed)
    found = [CategoryAgreement(name, len(group), sum(group)) for name, group in groups.items()]
    return sorted(found, key=lambda c: (c.agreed - c.decided, c.category))


_SQL = """
SELECT s.queue, s.prompt_version, coalesce(d.named, false) AS doubted,
       floor(s.confidence * 100 + 1e-9) / 100 AS confidence, s.day, count(*) AS answers
FROM {table} AS s
LEFT JOIN (SELECT day, case_id, bool_or(reason <> $low) AS named FROM review_queue WHERE step = $step GROUP BY ALL) AS d
  ON d.day = s.day AND d.case_id = s.case_id
WHERE s.day > $after AND s.day <= $day AND s.confidence IS NOT NULL
GROUP BY ALL
"""


def _answers(assembly: Assembly, step: Step, day: date) -> dict[tuple[str, str], _Answers]:
    """(queue, prompt version) -> how confident the answers of a week were."""
    rows = assembly.lake.query(
        _SQL.format(table=step.table.name),
        {"low": LOW_CONFIDENCE, "step": step.name, "after": day - ANSWERED_DAYS, "day": day},
    )
    nights: dict[tuple[str, str], set[date]] = {}
    counts: dict[tuple[str, str], dict[float, int]] = {}
    doubted: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (str(row["queue"]), str(row["prompt_version"]))
        nights.setdefault(key, set()).add(row["day"])
        if row["doubted"]:
            doubted[key] = doubted.get(key, 0) + int(row["answers"])
        else:
            of_queue = counts.setdefault(key, {})
            of_queue[row["confidence"]] = of_queue.get(row["confidence"], 0) + int(row["answers"])
    return {
        key: _Answers(len(days), doubted.get(key, 0), counts.get(key, {})) for key, days in nights.items()
    }
