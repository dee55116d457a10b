"""Isotonic regression: which share of answers is right at a stated confidence, fitted to what people decided. Pure.

Ayer et al., An Empirical Distribution Function for Sampling with Incomplete Information (1955): neighbours whose shares
fall are pooled until they rise.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A range of confidences with one fitted share. It reaches to where the next one begins."""

    low: float
    """Its smallest confidence among the decided."""
    decided: int
    agreed: int

    @property
    def share(self) -> float:
        return self.agreed / self.decided


def isotonic(judged: Iterable[tuple[float, bool]]) -> list[Block]:
    """Blocks by rising confidence and share. `judged` is a confidence and whether the answer was right."""
    decided: Counter[float] = Counter()
    agreed: Counter[float] = Counter()
    for confidence, right in judged:
        decided[confidence] += 1
        agreed[confidence] += right
    blocks: list[Block] = []
    for confidence in sorted(decided):
        block = Block(confidence, decided[confidence], agreed[confidence])
        while blocks and blocks[-1].share >= block.share:
            below = blocks.pop()
            block = Block(below.low, below.decided + block.decided, below.agreed + block.agreed)
        blocks.append(block)
    return blocks


def share_at(blocks: Sequence[Block], confidence: float) -> float:
    """The fitted share; below the lowest decided confidence that of the first block. Raises ValueError without blocks."""
    if not blocks:
        raise ValueError("nothing was fitted")
    return next((b.share for b in reversed(blocks) if b.low <= confidence), blocks[0].share)


def precision_from(blocks: Sequence[Block], answers: Mapping[float, int], threshold: float) -> float | None:
    """The share of right ones among the answers that are at least so confident; None when there are none. `answers` is how
    many have each confidence."""
    kept = {confidence: count for confidence, count in answers.items() if confidence >= threshold}
    total = sum(kept.values())
    if not total:
        return None
    return sum(count * share_at(blocks, confidence) for confidence, count in kept.items()) / total
