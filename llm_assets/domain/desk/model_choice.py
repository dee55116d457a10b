"""Which model reads a case, and which scans it is shown. Pure.

The cheap model reads clean text; the strong one reads wide tables, long documents and scans of middling quality. A scan
that OCR could not read is shown to the strong model as a picture, where that is allowed. The thresholds are
`ReadingRules`, from lanes.yaml. A case with a scan that no model was shown goes to a person: that is the steps' doubt
`poor_scan` and not decided here.
"""

from collections.abc import Iterator
from typing import NamedTuple

from llm_assets.domain.desk.prompt import CASE_CHARACTERS
from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.mail.document import MESSAGE_ATTACHMENTS, Attachment, Case, Document
from llm_assets.domain.profile import Profile, Tier
from llm_assets.domain.requests.request import Picture
from llm_assets.domain.traffic.lanes import ReadingRules

NO_VISION, MASKED, NOT_SHOWN = "no_vision", "masked", "not_shown"
"""Why scans are not shown: the profile's model sees no pictures, the queue's mail is masked, or the answer was given
without them."""
_TOO_MANY_PAGES, _TOO_LARGE = "too_many_pages", "too_large"
_EXPLAINED = {
    NO_VISION: "the profile's model cannot see pictures",
    MASKED: "the queue's mail is masked, and a picture cannot be",
    NOT_SHOWN: "the answer was given without the scan",
    _TOO_MANY_PAGES: "too many pages to show a model",
    _TOO_LARGE: "too many bytes to show a model",
}
_ORDER = tuple(Tier)


class Facts(NamedTuple):
    """The measures of a case by which a model is chosen."""

    ocr_confidence: float | None = None
    """OCR confidence of its worst scan, 0 to 100; None without a scan."""
    cells: int = 0
    """Cells of its largest table."""
    columns: int = 0
    """Columns of its widest table."""
    pages: int = 0
    """Pages of its longest document."""
    scan_pages: int = 0
    """Pages of all scans that OCR could not read."""
    scan_bytes: int = 0
    """Bytes of these scans."""


class Choice(NamedTuple):
    tier: Tier
    reason: str
    """A stable word, with the figure that decided, if any. For an unreadable scan the reason follows why no model is
    shown it."""
    shows: bool = False
    """Whether the model is shown the scans that OCR could not read."""


def facts_of(case: Case, rules: ReadingRules) -> Facts:
    """The measures of the part of a case that a model sees; text beyond the cut does not count."""
    seen = [a for _, a in _seen(case)]
    if not seen:
        return Facts()
    scans = [a.ocr_confidence for a in seen if a.ocr_confidence is not None]
    tables = [_table(a) for a in seen]
    unread = _unread(case, rules) if scans else ()
    return Facts(
        min(scans, default=None),
        max(cells for cells, _ in tables),
        max(columns for _, columns in tables),
        max(a.pages or 0 for a in seen),
        sum(p.pages for p in unread),
        sum(p.size for p in unread),
    )


def choose(facts: Facts, rules: ReadingRules, base: Tier, unshown: str | None = "") -> Choice:
    """The tier for a case of these facts, never below the step's own; the first rule that holds is the reason.

    `unshown` is why no scan may be shown: one of the words above, empty for a step that uses no scans, None when scans
    may be shown.
    """
    scan = facts.ocr_confidence
    if scan is not None and scan < rules.scan_strong_from:
        kept_back = _kept_back(facts, rules, unshown)
        if kept_back is None:
            return Choice(_at_least_strong(base), f"vision_scan {scan:.0f}", shows=True)
        return Choice(base, f"unreadable_scan {scan:.0f} {kept_back}".rstrip())
    if scan is not None and scan < rules.scan_cheap_from:
        return Choice(_at_least_strong(base), f"middling_scan {scan:.0f}")
    if facts.columns >= rules.table_columns:
        return Choice(_at_least_strong(base), f"wide_table {facts.columns}")
    if facts.cells >= rules.table_cells:
        return Choice(_at_least_strong(base), f"large_table {facts.cells}")
    if facts.pages >= rules.pages:
        return Choice(_at_least_strong(base), f"long_document {facts.pages}")
    return Choice(base, "clean_text")


def unshown(queue: Queue, profile: Profile) -> str | None:
    """Why scans of a queue may not be shown to a profile's model; None when they may. A masked queue shows none."""
    if queue.mask:
        return MASKED
    return None if profile.capabilities.vision else NO_VISION


def shown_scans(case: Case, rules: ReadingRules, unshown: str | None) -> tuple[Picture, ...]:
    """The scans that a model is shown: all that OCR could not read, each once; or none."""
    shows = unshown is None and choose(facts_of(case, rules), rules, Tier.CHEAP, unshown).shows
    return _unread(case, rules) if shows else ()


def ocr_failed(attachment: Attachment, rules: ReadingRules) -> bool:
    """Whether it is a scan whose text holds too few of its words to be relied on."""
    return attachment.ocr_confidence is not None and attachment.ocr_confidence < rules.scan_strong_from


def why_kept_back(case: Case, rules: ReadingRules, unshown: str | None) -> str:
    """Why no model was shown the scans, for a reviewer; empty when one was shown them, or there are none."""
    facts = facts_of(case, rules)
    if not facts.scan_pages:
        return ""
    word = (_kept_back(facts, rules, unshown) or "").partition(" ")[0]
    return _EXPLAINED.get(word, "")


def _kept_back(facts: Facts, rules: ReadingRules, unshown: str | None) -> str | None:
    if unshown is not None:
        return unshown
    if facts.scan_pages > rules.vision_pages:
        return f"{_TOO_MANY_PAGES} {facts.scan_pages}"
    return f"{_TOO_LARGE} {facts.scan_bytes}" if facts.scan_bytes > rules.vision_bytes else None


def _unread(case: Case, rules: ReadingRules) -> tuple[Picture, ...]:
    """The scans that OCR could not read; a file that was attached twice counts once."""
    found = {
        a.sha256: Picture(d.received.raw_sha256, a.sha256, max(1, a.pages or 0), a.size)
        for d, a in _seen(case)
        if ocr_failed(a, rules)
    }
    return tuple(found.values())


def _seen(case: Case) -> Iterator[tuple[Document, Attachment]]:
    for document in case.documents:
        for attachment in document.message.attachments[:MESSAGE_ATTACHMENTS]:
            yield document, attachment


def _at_least_strong(base: Tier) -> Tier:
    return max(base, Tier.STRONG, key=_ORDER.index)


def _table(attachment: Attachment) -> tuple[int, int]:
    """Cells and columns of the tables in an attachment's text; our readers put a tab between cells."""
    text = attachment.text[:CASE_CHARACTERS]
    if "\t" not in text:
        return 0, 0
    widths = [line.count("\t") + 1 for line in text.split("\n") if line.count("\t") > 1]
    return sum(widths), max(widths, default=0)
