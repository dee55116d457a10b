"""Lines of a text that a rule cut or kept in doubt, as notes for whoever asks why. Decides nothing: `quotes` does."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from llm_assets.intake.trace import TEXT, Note, Trace


class Place(NamedTuple):
    """Where a text is from, for the notes about it."""

    trace: Trace
    part: str = TEXT
    line: int = 1
    """Of the part, at which the text begins."""


class Span(NamedTuple):
    """Lines and what became of them."""

    rule: str
    what: str
    start: int
    end: int
    doubtful: bool = False
    """They were kept, and may be an earlier mail or a signature."""
    cut: bool = False

    def moved(self, lines: int) -> "Span":
        return self._replace(start=self.start + lines, end=self.end + lines)


def notes_of(place: Place, lines: Sequence[str], spans: Sequence[Span], *, whole: bool) -> Iterator[Note]:
    """One note for each span that holds words. `whole`: no cut counted, because no words would have remained."""
    if whole:
        yield Note("nothing left", "kept whole: no words would remain", place.part)
        return
    for span in spans:
        if span.end == span.start:
            yield Note(span.rule, span.what, place.part)
        elif any(line.strip() for line in lines[span.start : span.end]):
            flag = "kept_in_doubt" if span.doubtful else ""
            first, last = place.line + span.start, place.line + span.end - 1
            yield Note(span.rule, span.what, place.part, first, last, flag)
