"""The doubts about an answer: a value of the wrong type, two values of one field, a value that the case does not state, a missing value, a scan
that neither OCR nor a model has read."""

from collections.abc import Collection, Sequence

from pydantic import BaseModel

from llm_assets.domain.desk.model_choice import ocr_failed, shown_scans, why_kept_back
from llm_assets.domain.desk.step import Doubt, StepInput
from llm_assets.steps.extracted_fields.answer import given_twice, stated_in
from llm_assets.steps.extracted_fields.evidence import is_stated
from llm_assets.steps.extracted_fields.fields import Field


def doubt(fields: Sequence[Field], given: StepInput, output: BaseModel) -> Doubt | None:
    """The first reason to doubt the answer. Its detail holds names of fields, never values."""
    if twice := given_twice(fields, output):
        return Doubt("two_values", ", ".join(twice))
    stated = stated_in(fields, output)
    for field, (value, _) in stated.items():
        if field.typed(value) is None:
            return Doubt("unreadable_value", field.name)
    scans = {p.sha256 for p in shown_scans(given.case, given.reading, given.unshown)}
    made_up = [
        f.name
        for f, (value, quote) in stated.items()
        if not is_stated(given.case, f.proof, value, quote, scans_shown=bool(scans))
    ]
    if made_up:
        return Doubt("not_in_text", ", ".join(made_up))
    document_type = next((value for f, (value, _) in stated.items() if f.name == "document_type"), None)
    missing = [f.name for f in fields if document_type in f.mandatory_for and f not in stated]
    if missing:
        return Doubt("missing_fields", ", ".join(missing))
    return _poor_scan(given, scans)


def _poor_scan(given: StepInput, shown: Collection[str]) -> Doubt | None:
    """The doubt about a scan that neither OCR nor a model has read; None without such a scan."""
    attached = [a for d in given.case.documents for a in d.message.attachments]
    files = [a for a in attached if "poor_scan" in a.flags or ocr_failed(a, given.reading)]
    if not files and "poor_scan" not in given.case.flags:
        return None
    if files and all(a.sha256 in shown for a in files):
        return None
    return Doubt("poor_scan", why_kept_back(given.case, given.reading, given.unshown))
