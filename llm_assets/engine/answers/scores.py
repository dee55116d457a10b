"""Scores: the counts that an evaluation of labelled records consists of, and the shares that follow from them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

BANDS = (0.0, 0.7, 0.85, 0.95, 1.01)
"""Lower ends of the bands of stated confidence; review begins under 0.7 where a queue says nothing else."""


@dataclass
class Score:
    """Counts of some records."""

    labelled: int = 0
    right: int = 0
    """Decided as labelled, or left to a person where that is right."""
    wrong: int = 0
    to_review: int = 0
    """Clear cases that were sent to a person instead of being decided; neither right nor wrong."""

    def count(self, verdict: bool | None) -> None:
        """None is a clear case that was sent to a person."""
        self.labelled += 1
        self.right += verdict is True
        self.wrong += verdict is False
        self.to_review += verdict is None

    @property
    def judged(self) -> int:
        return self.right + self.wrong

    @property
    def accuracy(self) -> float | None:
        """Share of right ones among the judged; None when there is none."""
        return self.right / self.judged if self.judged else None


@dataclass
class Band:
    """Answers whose stated confidence lies in one band."""

    answers: int = 0
    right: int = 0
    stated: float = 0.0
    """Sum of the stated confidences."""


@dataclass
class FieldScore:
    labelled: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    """Labelled, but the answer left it empty."""
    wrong: Counter[str] = field(default_factory=Counter)
    """Answered with something else, or with something where the label says there is nothing."""
    compared: Counter[str] = field(default_factory=Counter)
    """Empty labels included."""
    doubtful: int = 0
    """Records whose fields belong in review."""
    doubted: int = 0
    """Those of them that are there."""

    @property
    def missing_share(self) -> float:
        """Of the labelled values."""
        return share(self.missing.total(), self.labelled.total())

    @property
    def wrong_share(self) -> float:
        """Of all fields compared, empty labels included."""
        return share(self.wrong.total(), self.compared.total())

    @property
    def by_field(self) -> Mapping[str, Score]:
        """Every field compared: what is missing is not right either."""
        failed = self.missing + self.wrong
        return {
            name: Score(labelled=count, right=count - failed[name], wrong=failed[name])
            for name, count in self.compared.items()
        }


def share(part: int, whole: int) -> float:
    """0.0 of nothing."""
    return part / whole if whole else 0.0


def band_of(confidence: float) -> str:
    """The name of the band that holds a confidence."""
    low, high = next((a, b) for a, b in pairwise(BANDS) if confidence < b)
    if low == BANDS[0]:
        return f"under {high:.2f}"
    return f"{low:.2f} and over" if high == BANDS[-1] else f"{low:.2f} to {high:.2f}"
