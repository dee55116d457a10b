"""Step `extracted_fields`: the facts a case states, each with where in the text it stands."""

import re
from collections.abc import Collection
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.reading import shown_scans, why_kept_back
from llm_assets.domain.desk.step import Doubt, Step, StepInput
from llm_assets.domain.desk.tables import Column
from llm_assets.domain.mail.document import Case
from llm_assets.steps.readable import unreadable


class Found(BaseModel):
    """A value and the passage that states it."""

    model_config = ConfigDict(extra="forbid")
    value: str | None
    quote: str | None


class ExtractedFields(BaseModel):
    model_config = ConfigDict(extra="forbid")
    request_number: Found
    topic: Found
    customer_name: Found
    problem_type: Found
    deadline: Found
    department: Found
    document_type: Found
    document_number: Found
    document_date: Found
    amount: Found
    currency: Found


FIELDS = tuple(ExtractedFields.model_fields)
_DATES = ("deadline", "document_date")
_STATED = ("request_number", "customer_name", "document_number", "amount")
"""Fields that must be found word for word; the others may be put in our own terms."""
_MANDATORY = {
    "invoice": ("document_number", "document_date", "amount"),
    "act": ("document_number", "document_date"),
}


def _queue_variables(queue: Queue) -> dict[str, str]:
    departments = sorted({c.department for c in queue.categories if c.department})
    return {"departments": "\n".join(f"- {name}" for name in departments) or "- (none)"}


def _values(output: BaseModel) -> dict[str, str | None]:
    return {name: getattr(output, name).value or None for name in FIELDS}


def typed(name: str, value: str | None) -> str | None:
    """The value as its column holds it, or None when it is not a date or an amount after all."""
    if value is None:
        return None
    try:
        if name in _DATES:
            return date.fromisoformat(value).isoformat()
        if name == "amount":
            amount = Decimal(value)
            return str(amount) if amount.is_finite() and abs(amount) < 10**15 else None
    except (ValueError, InvalidOperation):
        return None
    return value


def locate(case: Case, quote: str | None) -> dict[str, Any] | None:
    """Where a quote stands: record, part (`subject`, `text`, an attachment's position or `sender`), start and end.

    White space is compared loosely because a mail's line breaks mean nothing. None when it stands nowhere.
    """
    words = quote.split() if quote else []
    if not words:
        return None
    for document in case.documents:
        message = document.message
        parts = [("subject", message.subject), ("text", message.new_text or message.text)]
        parts += [(f"attachment:{i}", a.text) for i, a in enumerate(message.attachments)]
        if message.sender is not None:
            parts.append(("sender", message.sender.name))
        for part, text in parts:
            span = _find(text, words)
            if span is not None:
                return {"record_id": message.record_id, "part": part, "start": span[0], "end": span[1]}
    return None


def _find(text: str, words: list[str]) -> tuple[int, int] | None:
    start = text.find(words[0])
    while start >= 0:
        at = start + len(words[0])
        for word in words[1:]:
            gap = at
            while gap < len(text) and text[gap].isspace():
                gap += 1
            if gap == at or not text.startswith(word, gap):
                break
            at = gap + len(word)
        else:
            return start, at
        start = text.find(words[0], start + 1)
    return None


def _is_stated(case: Case, name: str, found: Found, *, scans_shown: bool) -> bool:
    """Whether the value stands in the case as it is, or its passage does and states it in another form. A passage that
    stands nowhere may be one of a scan that only the model has read."""
    assert found.value is not None
    if locate(case, found.value) is not None and (name != "amount" or not found.quote):
        return True
    if not found.quote or (locate(case, found.quote) is None and not scans_shown):
        return False
    if name == "amount":
        return abs(Decimal(found.value)) in _amounts(found.quote)
    passage = "".join(found.quote.split()).casefold()
    words = found.value.casefold().split()
    if name == "customer_name":  # names are inflected: the beginning of each word is enough
        return all(word[: max(3, len(word) - 2)] in passage for word in words)
    return "".join(words).lstrip("№#") in passage


_GROUP = re.compile(r"\d+")
_GAP = re.compile(r"[ \u00a0\u202f.,']")


def _amounts(passage: str) -> set[Decimal]:
    """Every number that the digit groups of a passage may mean; one or two digits after a dot or comma are a fraction."""
    groups = list(_GROUP.finditer(passage))
    found: set[Decimal] = set()
    for first, start in enumerate(groups):
        whole, end = "", start.start()
        for group in groups[first:]:
            gap = passage[end : group.start()]
            if whole and not _GAP.fullmatch(gap):
                break
            if gap in (".", ",") and len(group[0]) <= 2:
                found.add(Decimal(f"{whole}.{group[0]}"))
            whole, end = whole + group[0], group.end()
            found.add(Decimal(whole))
    return found


def _row(given: StepInput, output: BaseModel) -> dict[str, Any]:
    evidence = {}
    for name in FIELDS:
        found: Found = getattr(output, name)
        if found.value:
            place = locate(given.case, found.quote) or locate(given.case, found.value)
            evidence[name] = place
    values = {name: typed(name, value) for name, value in _values(output).items()}
    return {**values, "evidence": evidence}


def _doubt(given: StepInput, output: BaseModel) -> Doubt | None:
    values = _values(output)
    for name in FIELDS:
        if values[name] is not None and typed(name, values[name]) is None:
            return Doubt("unreadable_value", name)
    scans = {p.sha256 for p in shown_scans(given.case, given.reading, given.unshown)}
    made_up = [
        name
        for name in _STATED
        if values[name] and not _is_stated(given.case, name, getattr(output, name), scans_shown=bool(scans))
    ]
    if made_up:
        return Doubt("not_in_text", ", ".join(made_up))
    missing = [n for n in _MANDATORY.get(values["document_type"] or "", ()) if values[n] is None]
    if missing:
        return Doubt("missing_fields", ", ".join(missing))
    return _poor_scan(given, scans)


def _poor_scan(given: StepInput, shown: Collection[str]) -> Doubt | None:
    """A scan that OCR could not read, and that no model has read either."""
    if "poor_scan" not in given.case.flags:
        return None
    files = [a for d in given.case.documents for a in d.message.attachments if "poor_scan" in a.flags]
    if files and all(a.sha256 in shown for a in files):
        return None
    return Doubt("poor_scan", why_kept_back(given.case, given.reading, given.unshown))


_PERSONAL = ("request_number", "topic", "customer_name", "document_number", "amount")
_TYPES = {"deadline": "DATE", "document_date": "DATE", "amount": "DECIMAL(18,2)"}
COLUMNS = (
    *(
        Column(
            name, _TYPES.get(name, "VARCHAR"), name.replace("_", " ").capitalize(), personal=name in _PERSONAL
        )
        for name in FIELDS
    ),
    Column(
        "evidence",
        "JSON",
        "Per field: record, part, start and end of the passage; null where it is in a picture",
    ),
)

EXTRACTED_FIELDS = Step(
    name="extracted_fields",
    description="The facts each case states: numbers, dates, names, amounts, and where in the text they stand.",
    output=ExtractedFields,
    prompt=Prompt.load(Path(__file__).with_name("prompt.md")),
    max_tokens=4096,
    sees=True,
    skip=unreadable,
    queue_variables=_queue_variables,
    doubt=_doubt,
    row=_row,
    columns=COLUMNS,
)
