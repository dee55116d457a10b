"""Which model reads a case: clean text the cheap one, wide tables, long documents and middling scans the strong one. Pure.

The thresholds are `ReadingRules`, data of lanes.yaml. What a scan could not give at all goes to a person whatever reads
it; that is the steps' doubt `poor_scan`, not decided here.
"""

from typing import NamedTuple

from llm_assets.domain.document import Attachment, Case
from llm_assets.domain.profile import ReadingRules, Tier
from llm_assets.domain.prompt import CASE_CHARACTERS, MESSAGE_ATTACHMENTS

_ORDER = tuple(Tier)


class Facts(NamedTuple):
    """What a case asks of its reader."""

    ocr_confidence: float | None = None
    """Of its worst scan, 0 to 100; None without one."""
    cells: int = 0
    """Of its largest table."""
    columns: int = 0
    """Of its widest table."""
    pages: int = 0
    """Of its longest document."""


class Choice(NamedTuple):
    tier: Tier
    reason: str
    """A stable word, with the figure that decided where there is one."""


def facts_of(case: Case) -> Facts:
    """As far as a model sees the case: texts behind the cut ask nothing of it."""
    seen = [a for d in case.documents for a in d.message.attachments[:MESSAGE_ATTACHMENTS]]
    if not seen:
        return Facts()
    scans = [a.ocr_confidence for a in seen if a.ocr_confidence is not None]
    tables = [_table(a) for a in seen]
    return Facts(
        min(scans, default=None),
        max(cells for cells, _ in tables),
        max(columns for _, columns in tables),
        max(a.pages or 0 for a in seen),
    )


def choose(facts: Facts, rules: ReadingRules, base: Tier) -> Choice:
    """The tier for a case of these facts, never below the step's own; the first rule that holds is the reason."""
    scan = facts.ocr_confidence
    if scan is not None and scan < rules.scan_strong_from:
        return Choice(base, f"unreadable_scan {scan:.0f}")
    if scan is not None and scan < rules.scan_cheap_from:
        return Choice(_at_least_strong(base), f"middling_scan {scan:.0f}")
    if facts.columns >= rules.table_columns:
        return Choice(_at_least_strong(base), f"wide_table {facts.columns}")
    if facts.cells >= rules.table_cells:
        return Choice(_at_least_strong(base), f"large_table {facts.cells}")
    if facts.pages >= rules.pages:
        return Choice(_at_least_strong(base), f"long_document {facts.pages}")
    return Choice(base, "clean_text")


def _at_least_strong(base: Tier) -> Tier:
    return max(base, Tier.STRONG, key=_ORDER.index)


def _table(attachment: Attachment) -> tuple[int, int]:
    """Cells and columns of what stands in columns in a text; readers put a tab between cells."""
    text = attachment.text[:CASE_CHARACTERS]
    if "\t" not in text:
        return 0, 0
    widths = [line.count("\t") + 1 for line in text.split("\n") if line.count("\t") > 1]
    return sum(widths), max(widths, default=0)
