"""Thresholds: below which confidence a case goes to a person, what share of the others is then right, and how many people see.
Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor

from llm_assets.engine.answers.isotonic import Block, precision_from

SHOWN = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Those that a table lists."""
NEEDED_ABOVE = 20
"""Decisions at and above a threshold before it may be chosen: fewer can all be right by luck. Of 20 answers of which 90 % are
right, all are right once in eight times."""


@dataclass(frozen=True, slots=True)
class Threshold:
    review_below: float
    precision: float | None
    """Share of right ones among the answers that no person sees; None where there are none."""
    to_people: int
    """Answers whose confidence is lower."""
    decided: int
    """Decisions at and above it, from which the share was fitted."""


def hundredth(confidence: float) -> float:
    """Confidences are counted by hundredths, decided ones and all others alike: a finer one would be fitted in one place and looked
    up in another."""
    return floor(confidence * 100 + 1e-9) / 100


def threshold(
    judged: Sequence[tuple[float, bool]],
    blocks: Sequence[Block],
    answers: Mapping[float, int],
    review_below: float,
) -> Threshold:
    return Threshold(
        review_below,
        precision_from(blocks, answers, review_below),
        sum(count for confidence, count in answers.items() if confidence < review_below),
        sum(confidence >= review_below for confidence, _ in judged),
    )


def chosen(
    judged: Sequence[tuple[float, bool]],
    blocks: Sequence[Block],
    answers: Mapping[float, int],
    wanted: float,
) -> Threshold | None:
    """The lowest threshold that reaches the wanted precision, so that people see the fewest; the best one where none reaches it.
    None where no threshold has enough decisions above it."""
    tried = (threshold(judged, blocks, answers, hundredth / 100) for hundredth in range(101))
    known = [t for t in tried if t.precision is not None and t.decided >= NEEDED_ABOVE]
    reaching = [t for t in known if t.precision is not None and t.precision >= wanted]
    if reaching:
        return reaching[0]
    return max(known, key=lambda t: (t.precision or 0.0, -t.review_below), default=None)
