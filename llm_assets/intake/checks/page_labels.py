"""Page numbers that pages print on themselves, and the pages that are missing by them. Pure."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.words import ByLanguage, WordFile, load_words

MOST_PAGES = 2_000
"""A larger number is no page's."""
MOST_MISSING = 50
"""Named of one document; a file whose numbers leave more open has other numbers."""
_EDGE_LINES = 3
_LONGEST_EDGE = 120
_PLAIN_PAGES = 3
"""Pages with a number and no word beside it that a file needs before such numbers count."""
_PLAIN_GAP = 3
_FEW = 5


class _PageWords(WordFile):
    page: ByLanguage
    of: ByLanguage


_WORDS = load_words(Path(__file__).with_name("page_labels.yaml"), _PageWords)
_PAGE = rf"(?<!\w){_WORDS.page.pattern()}(?!\w)"
_OF = rf"(?:{_WORDS.of.pattern()}(?!\w)|[/\\])"
_N, _M = r"№?\s*(?P<n>\d{1,4})", r"(?P<m>\d{1,4})(?![\d.,/])"
_WITH_TOTAL = tuple(
    re.compile(form)
    for form in (
        rf"{_PAGE}\s*{_N}\s*{_OF}\s*{_M}",
        rf"(?<![\d./])(?P<n>\d{{1,4}})\s*-?\s*{_PAGE}\s*{_OF}\s*{_M}",
        rf"(?<![\d./])(?P<m>\d{{1,4}})\s*{_PAGE}\s*(?P<n>\d{{1,4}})\s*-?\s*{_PAGE}",
    )
)
_BARE_TOTAL = re.compile(rf"\W*(?P<n>\d{{1,4}})\s*{_OF}\s*(?P<m>\d{{1,4}})\W*")
_WITHOUT_TOTAL = tuple(
    re.compile(form) for form in (rf"\W*{_PAGE}\s*{_N}\W*", rf"\W*(?P<n>\d{{1,4}})\s*-\s*{_PAGE}\W*")
)
_PLAIN = re.compile(r"[-–—\s]*(?P<n>\d{1,3})[-–—\s.]*")


class Label(NamedTuple):
    """What a page says of its place."""

    number: int
    total: int | None = None
    plain: bool = False
    """A number alone, without a word for page."""


class Missing(NamedTuple):
    number: int
    total: int | None


class _At(NamedTuple):
    position: int
    label: Label


def label_of(text: str) -> Label | None:
    """By the first and last lines of a page."""
    lines = [line.strip().lower() for line in text.splitlines() if line.strip()]
    edges = [
        line for line in (*lines[-_EDGE_LINES:][::-1], *lines[:_EDGE_LINES]) if len(line) <= _LONGEST_EDGE
    ]
    for line in edges:
        found = _labelled(line)
        if found is not None:
            return found
    plain = [_PLAIN.fullmatch(line) for line in (lines[-1:] + lines[:1])]
    return next((Label(int(m["n"]), None, True) for m in plain if m is not None and int(m["n"]) > 0), None)


def without_label(text: str) -> str:
    """What a page says besides its number."""
    return "\n".join(
        line
        for line in text.splitlines()
        if _labelled(line.strip().lower()) is None and not _PLAIN.fullmatch(line)
    ).strip()


def missing_pages(labels: Sequence[Label | None]) -> list[Missing]:
    """By the labels of a file's pages in their order. A page without a label counts for one that is not there."""
    labelled = [_At(position, label) for position, label in enumerate(labels) if label is not None]
    if sum(at.label.plain for at in labelled) * 2 > len(labelled):
        return _gaps([at for at in labelled if at.label.plain], len(labels))
    runs = list(_runs(at for at in labelled if not at.label.plain))
    found: list[Missing] = []
    for place, run in enumerate(runs):
        begins = runs[place - 1][-1].position + 1 if place > 0 else 0
        ends = runs[place + 1][0].position if place + 1 < len(runs) else len(labels)
        found += _missing_of(run, before=run[0].position - begins, after=ends - run[-1].position - 1)
    return found


def _labelled(line: str) -> Label | None:
    whole = _BARE_TOTAL.fullmatch(line)
    for match in (whole, *(form.search(line) for form in _WITH_TOTAL)):
        if match is not None and 1 <= int(match["n"]) <= int(match["m"]) <= MOST_PAGES:
            return Label(int(match["n"]), int(match["m"]))
    for form in _WITHOUT_TOTAL:
        match = form.fullmatch(line)
        if match is not None and 1 <= int(match["n"]) <= MOST_PAGES:
            return Label(int(match["n"]))
    return None


def _runs(labelled: Iterable[_At]) -> Iterable[list[_At]]:
    """The documents that a file holds one after the other: each has its own total, and its own first page."""
    run: list[_At] = []
    for at in labelled:
        totals = {each.label.total for each in run} - {None}
        other = at.label.total is not None and bool(totals) and at.label.total not in totals
        again = at.label.number == 1 and any(each.label.number == 1 for each in run)
        if run and (other or again):
            yield run
            run = []
        run.append(at)
    if run:
        yield run


def _missing_of(run: Sequence[_At], *, before: int, after: int) -> list[Missing]:
    """`before` and `after` are pages without a label beside the run."""
    numbers = {at.label.number for at in run}
    total = next((at.label.total for at in run if at.label.total is not None), None)
    first, last = min(numbers), max(numbers)
    between = max(0, run[-1].position - run[0].position + 1 - len(run))
    lead = range(1, first) if total is not None or first <= _FEW else range(0)
    inner = [number for number in range(first, last) if number not in numbers]
    tail = range(last + 1, (total or last) + 1)
    found = [*lead[before:], *inner[between:], *tail[after:]]
    return [Missing(number, total) for number in found] if len(found) <= MOST_MISSING else []


def _gaps(plain: Sequence[_At], pages: int) -> list[Missing]:
    """Of numbers without a word for page only small gaps in a rising row that most pages are in."""
    numbers = [at.label.number for at in plain]
    steps = [after - before for before, after in pairwise(numbers)]
    if (
        len(plain) < _PLAIN_PAGES
        or len(plain) * 2 < pages
        or not all(0 < step <= _PLAIN_GAP for step in steps)
    ):
        return []
    found: list[Missing] = []
    for before, after in pairwise(plain):
        unlabelled = after.position - before.position - 1
        between = range(before.label.number + 1, after.label.number)
        found += [Missing(number, None) for number in between[unlabelled:]]
    return found
