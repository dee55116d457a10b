"""A quick filter: which of the anchor strings may occur in a text, found in one pass over its words.

To search each of some two hundred strings in a mail costs more than all other rules together, and nearly all are
absent. Words already seen are remembered together with the anchors that contain them.
"""

from collections.abc import Iterable

MEMO_LIMIT = 200_000
PREFIX = 3


class Anchors:
    def __init__(self, anchors: Iterable[str]) -> None:
        self._by_start: dict[str, list[tuple[str, str]]] = {}
        for anchor in anchors:
            hint = max(anchor.split(), key=len)
            self._by_start.setdefault(hint[:PREFIX], []).append((hint, anchor))
        self._sizes = sorted({len(start) for start in self._by_start})
        self._memo: dict[str, tuple[str, ...]] = {}

    def possible(self, words: Iterable[str]) -> frozenset[str]:
        """The anchors whose longest word occurs in one of `words` (lower-case, split at white space)."""
        found: set[str] = set()
        memo = self._memo
        for word in words:
            hinted = memo.get(word)
            if hinted is None:
                hinted = self._look(word)
            if hinted:
                found.update(hinted)
        return frozenset(found)

    def _look(self, word: str) -> tuple[str, ...]:
        if len(self._memo) > MEMO_LIMIT:
            self._memo.clear()
        starts = {word[at : at + size] for size in self._sizes for at in range(len(word) - size + 1)}
        found = tuple(
            anchor for start in starts for hint, anchor in self._by_start.get(start, ()) if hint in word
        )
        self._memo[word] = found
        return found
