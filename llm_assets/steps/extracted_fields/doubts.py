"""The doubts about an answer: a value of the wrong type, two values of one field, a value that the case does not state or that
cannot be, a missing value, a scan that neither OCR nor a model has read."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from pydantic import BaseModel

from llm_assets.domain.desk.model_choice import ocr_failed, shown_scans, why_kept_back
from llm_assets.domain.desk.prompt import CASE_CHARACTERS
from llm_assets.domain.desk.step import Doubt, StepInput
from llm_assets.domain.mail.document import Case
from llm_assets.steps.extracted_fields import deadline
from llm_assets.steps.extracted_fields.answer import Stated, given_twice, stated_in
from llm_assets.steps.extracted_fields.claims import Claim, claim, follows
from llm_assets.steps.extracted_fields.evidence import written_on
from llm_assets.steps.extracted_fields.fields import Field, Kind, Proof
from llm_assets.steps.extracted_fields.money import ISO_4217
from llm_assets.steps.extracted_fields.number_words import folded
from llm_assets.steps.extracted_fields.registered import wrong_digits
from llm_assets.steps.extracted_fields.totals import Parts

UNREADABLE, NOT_IN_TEXT, NOT_IN_QUOTE = "unreadable_value", "not_in_text", "value_not_in_quote"
IMPOSSIBLE_DATE, NOT_A_DEADLINE = "impossible_date", "not_a_deadline"
BAD_CHECK_DIGIT, SUM_MISMATCH = "bad_check_digit", "sum_mismatch"
_ORDER = (
    UNREADABLE,
    NOT_IN_TEXT,
    NOT_IN_QUOTE,
    IMPOSSIBLE_DATE,
    NOT_A_DEADLINE,
    BAD_CHECK_DIGIT,
    SUM_MISMATCH,
)

EARLIEST_DOCUMENT = date(1990, 1, 1)
_SLACK = timedelta(days=1)
_FURTHEST_DEADLINE = timedelta(days=5 * 366)
_TOTALLED = frozenset({"invoice", "act", "receipt", "waybill"})
"""Types of document with one total; a reconciliation or a statement has many."""


def doubt(fields: Sequence[Field], given: StepInput, output: BaseModel) -> Doubt | None:
    """The first reason to doubt the answer, with every field it is about. Its detail holds names of fields, never values."""
    if twice := given_twice(fields, output):
        return Doubt("two_values", ", ".join(twice))
    stated = stated_in(fields, output)
    scans = {p.sha256 for p in shown_scans(given.case, given.reading, given.unshown)}
    document_type = next((value for f, (value, _) in stated.items() if f.name == "document_type"), None)
    found: dict[str, list[str]] = {}
    for field, said in stated.items():
        for reason in _reasons(given, field, said, document_type, scans_shown=bool(scans)):
            found.setdefault(reason, []).append(field.name)
    for reason in _ORDER:
        if reason in found:
            return Doubt(reason, ", ".join(found[reason]))
    missing = [f.name for f in fields if document_type in f.mandatory_for and f not in stated]
    if missing:
        return Doubt("missing_fields", ", ".join(missing))
    return _poor_scan(given, scans)


def _reasons(
    given: StepInput, field: Field, said: Stated, document_type: str | None, *, scans_shown: bool
) -> Iterator[str]:
    if field.typed(said.value) is None or not _listed(given, field, said.value):
        yield UNREADABLE
        return
    about = claim(given.case, field, said.value, said.quote, scans_shown=scans_shown)
    if about is None:
        yield NOT_IN_TEXT
    elif not follows(given.case, about):
        yield NOT_IN_QUOTE
    elif field.kind is Kind.DATE:
        yield from _date_reasons(given.case, about)
    elif field.proof is Proof.AMOUNT:
        if document_type in _TOTALLED and _wrong_total(about):
            yield SUM_MISMATCH
    elif any(wrong_digits(text, folded(text)) for text in _named(about)):
        yield BAD_CHECK_DIGIT


def _named(about: Claim) -> tuple[str, ...]:
    """The texts in which what is given may be a registered number: a long number has its label before it."""
    match about.field.proof:
        case Proof.WORD_FOR_WORD:
            long = sum(c.isdigit() for c in about.value) >= 11
            return (about.value, *(place.labelled if long else place.passage for place in about.places))
        case Proof.NAME:
            return about.passages
        case _:
            return ()


def _listed(given: StepInput, field: Field, value: str) -> bool:
    """Whether a value is one of its closed list, if it has one."""
    if field.proof is Proof.CURRENCY:
        return value.upper() in ISO_4217
    if field.name == "department":
        return value in {c.department for c in given.queue.categories}
    return field.choices is None or value in field.choices


def _date_reasons(case: Case, about: Claim) -> Iterator[str]:
    day = date.fromisoformat(about.value)
    for place in about.places or (None,):
        written = written_on(case, place)
        if about.field.proof is Proof.PAST_DATE:
            wrong = not EARLIEST_DOCUMENT <= day <= max(written) + _SLACK
        elif about.field.proof is Proof.DEADLINE:
            wrong = not min(written) - _SLACK <= day <= max(written) + _FURTHEST_DEADLINE
        else:
            wrong = False
        if not wrong:
            break
    else:
        yield IMPOSSIBLE_DATE
        return
    if about.field.proof is Proof.DEADLINE and any(
        deadline.is_none(folded(place.clause), folded(place.text[:CASE_CHARACTERS]))
        or deadline.is_dated(folded(place.passage), folded(place.before))
        for place in about.places
    ):
        yield NOT_A_DEADLINE


def _wrong_total(about: Claim) -> bool:
    total = abs(Decimal(about.value))
    for place in about.places[:1]:
        parts = Parts(place.text[:CASE_CHARACTERS])
        return parts.contradicts(total) or parts.knows_another(total)
    return False


def _poor_scan(given: StepInput, shown: Collection[str]) -> Doubt | None:
    """The doubt about a scan that neither OCR nor a model has read; None without such a scan."""
    attached = [a for d in given.case.documents for a in d.message.attachments]
    files = [a for a in attached if "poor_scan" in a.flags or ocr_failed(a, given.reading)]
    if not files and "poor_scan" not in given.case.flags:
        return None
    if files and all(a.sha256 in shown for a in files):
        return None
    return Doubt("poor_scan", why_kept_back(given.case, given.reading, given.unshown))
