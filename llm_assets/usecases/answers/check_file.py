"""Check a file while it is uploaded: what is wrong with it, and which type of document it is.

Rules decide, and cost nothing. The model is asked for the type alone, by the step `extracted_fields`, where no rule can tell and the
key allows that step.
"""

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, get_args

from pydantic import JsonValue

from llm_assets.domain.callers.allowance import Allowance
from llm_assets.domain.callers.answer import Bill, Order
from llm_assets.domain.callers.caller import Caller
from llm_assets.domain.desk.prompt import CASE_CHARACTERS
from llm_assets.domain.errors import DeskError, LedgerDownError
from llm_assets.intake.checks.facts import FileFacts, PagesAsked
from llm_assets.intake.records.submission import Submission, SubmissionError, read_submission
from llm_assets.steps.extracted_fields.fields import DocumentType
from llm_assets.usecases.answers.door import Ask, Door, NotAllowedError
from llm_assets.usecases.answers.findings import checked_pages, findings_of, type_of
from llm_assets.usecases.answers.readers import BusyReadersError, Readers
from llm_assets.usecases.answers.told import Told, UnfitCaseError
from llm_assets.words.language import Language
from llm_assets.words.words import words_in

__all__ = ["CHECK", "SubmissionError", "read_submission"]

CHECK = "check"
"""As a key names it among its steps."""
TYPES: tuple[str, ...] = get_args(DocumentType)
BY_MODEL = "extracted_fields"
SECONDS = 9.0
"""For a file: pages left then are not checked, and `pages_checked` says so."""
FIRST_SECONDS = 6.0
"""Of these for the pages' own text and ink."""
PATIENCE = 2.0
"""Until a reader is free."""
MODEL_SECONDS = 15.0


class Upload(NamedTuple):
    content: bytes
    filename: str
    expected: str | None = None
    model: bool | None = None
    """Whether the model may be asked; None: where a type is expected."""

    @property
    def sha256(self) -> str:
        parts = (
            self.content,
            self.filename.encode("utf-8", "replace"),
            repr((self.expected, self.model)).encode(),
        )
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


class Check(NamedTuple):
    """An admitted check."""

    order: Order
    caller: Caller
    upload: Upload
    allowance: Allowance
    kept: Mapping[str, JsonValue] | None = None
    """What the same Idempotency-Key was answered before."""
    follows: bool = False
    """Another request works the same answer: this one waits for it."""


def upload_of(submission: Submission) -> Upload:
    """The one file of a posted form and what is said of it. Raises UnfitCaseError."""
    fields, files = submission.fields, submission.files
    unknown = fields.keys() - {"expect", "model"}
    if len(files) != 1 or unknown:
        raise UnfitCaseError(
            "Send one file as `file`, and besides it nothing but the fields `expect` and `model`."
        )
    expected, model = fields.get("expect") or None, fields.get("model") or None
    if expected is not None and expected not in TYPES:
        raise UnfitCaseError(f"`expect` is no type of document; the types are: {', '.join(TYPES)}.")
    if model not in (None, "true", "false"):
        raise UnfitCaseError("`model` is neither true nor false; send one of these, or leave it out.")
    content = base64.b64decode(files[0].content)
    return Upload(content, files[0].filename, expected, None if model is None else model == "true")


@dataclass(frozen=True)
class _Typed:
    """The type of a document and who said so."""

    kind: str | None
    decided_by: str
    """`rules`, `model`; `none` where nobody could tell, `unavailable` where the model would have been asked and cannot be."""


def admit_upload(door: Door, caller: Caller, upload: Upload, idempotency_key: str | None) -> Check:
    """Raises NotAllowedError, and what `Door.opened` raises."""
    if not caller.may_step(CHECK):
        raise NotAllowedError(f"This key does not allow {CHECK}; it allows {', '.join(caller.steps)}.")
    assembly = door.assembly
    day = assembly.settings.calendar.day_of(assembly.clock())
    order = Order(door.new_id(), CHECK, day, upload.sha256, idempotency_key)
    found = door.opened(caller, order, 0, Decimal(0))
    kept = door.content_of(found.kept) if found.is_answered else None
    return Check(found.kept.order, caller, upload, found.allowance, kept, found.follows)


def check_upload(
    door: Door, check: Check, language: Language, patience: float = 30
) -> Mapping[str, JsonValue]:
    """The answer's content. `patience`: seconds for which it is waited for where another request works it.

    Raises BusyReadersError, NotAnsweredError and StillOpenError.
    """
    if check.kept is not None:
        return check.kept
    order, owner = check.order, door.under_way.owner.name
    if check.follows:
        kept = door.under_way.followed(check.caller.key_id, order.answer_id, patience)
        if kept is not None:
            return door.content_of(kept)
    try:
        content = _checked(door, check, language)
        door.assembly.ledger.answers.answered(order.answer_id, owner, Bill(), "", content)
    except BaseException:
        door.under_way.fail(order.answer_id)
        raise
    return content


def _checked(door: Door, check: Check, language: Language) -> dict[str, JsonValue]:
    facts, words = facts_of(door.readers, check.upload), words_in(language)
    typed = _typed(door, check, facts)
    findings = findings_of(facts, typed.kind, check.upload.expected)
    return {
        "id": check.order.answer_id,
        "ok": not findings,
        "document_type": typed.kind,
        "decided_by": typed.decided_by,
        "pages": facts.total,
        "pages_checked": checked_pages(facts),
        "findings": [
            {"code": each.code, "page": each.page, "detail": words.sentence(each.detail)} for each in findings
        ],
    }


def facts_of(readers: Readers, upload: Upload) -> FileFacts:
    """Its pages as they are, then with what Tesseract reads on those that are pictures, by several readers side by side."""
    content, name, began = upload.content, upload.filename, time.monotonic()
    [facts] = readers.look(content, name, [PagesAsked(began + FIRST_SECONDS)], PATIENCE)
    waiting = [page.number for page in facts.pages if not page.is_read and not page.broken]
    until = began + SECONDS
    shares = [tuple(waiting[at :: readers.size]) for at in range(min(readers.size, len(waiting)))]
    asked = [PagesAsked(until, True, share) for share in shares]
    try:
        seen = readers.look(content, name, asked, until - time.monotonic()) if asked else []
    except BusyReadersError:  # those pages stay unread
        seen = []
    return facts.with_pages(page for each in seen for page in each.pages)


def _typed(door: Door, check: Check, facts: FileFacts) -> _Typed:
    kind, upload = type_of(facts), check.upload
    if kind is not None:
        return _Typed(kind, "rules")
    wanted = upload.model if upload.model is not None else upload.expected is not None
    text = "\n\n".join(page.text for page in facts.pages) or facts.text
    if not wanted or not text.strip() or not check.caller.may_step(BY_MODEL):
        return _Typed(None, "none")
    told = Told(text[:CASE_CHARACTERS])
    try:
        admitted = door.admit(check.caller, Ask(BY_MODEL, told, upload.sha256, wait=MODEL_SECONDS))
        output = door.work(admitted).content["output"]
    except LedgerDownError:
        raise
    except DeskError:  # limits, budget or provider: what the rules found is still worth an answer
        return _Typed(None, "unavailable")
    found = output.get("document_type") if isinstance(output, dict) else None
    return _Typed(str(found), "model") if found is not None else _Typed(None, "none")
