"""Everything that happened to a record: what was read, what left the house, what came back, what was doubted and decided,
and what it cost, by step.

Prompts are not stored. Each is made again and compared with the id under which it was sent, which is a digest of all of it:
where the ids agree, the text shown is the text that left.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import JsonValue

from llm_assets.domain.audit import PLAIN, pictures_in
from llm_assets.domain.desk.model_choice import unshown
from llm_assets.domain.desk.step import Step, StepInput
from llm_assets.domain.desk.tables import DOCUMENTS, Row
from llm_assets.domain.dialect import system_of
from llm_assets.domain.errors import ConfigurationError, DeskError
from llm_assets.domain.mail.document import Case, Document, cases_of
from llm_assets.domain.mail.document_rows import DOCUMENT_COLUMNS, document_of
from llm_assets.domain.people import Person
from llm_assets.domain.profile import Profile
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.night.rendered import rendered
from llm_assets.engine.ports.review import Decision
from llm_assets.steps.triage.step import TRIAGE
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.words.sentence import Sentence
from resources.ledger.queries.tracing import KnownRequest, Try
from resources.ledger.transactions.tracing import CaseRequests

_PLACES = """
SELECT DISTINCT day, case_id FROM documents
WHERE record_id = $name OR case_id = $name OR message_id = $name OR raw_sha256 = $name
ORDER BY day DESC, case_id
"""
_PLACES_OF_DAY = f"SELECT * FROM ({_PLACES}) WHERE day = $day"  # noqa: S608 - both are ours
_OF_ROW = ("day", "case_id", "record_id", "queue", "status", "doubt_reason", "doubt_detail", "decided_by")
_OF_MODEL = ("model", "tier", "tier_reason", "prompt_version", "request_id")


class NotTracedError(ConfigurationError):
    """No table has the record, or this person may not see it."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    filename: str
    content_type: str
    text_source: str
    pages: int | None
    ocr_confidence: float | None
    characters: int
    flags: Sequence[str]


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """A message of the case, as it was read."""

    record_id: str
    role: str
    source: str
    place: str
    arrived_at: datetime
    raw_sha256: str
    sender: str
    subject: str
    language: str
    flags: Sequence[str]
    text: str
    """What a model is shown of its body."""
    files: Sequence[ReadFile]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request as it leaves the house."""

    system: str
    user: str
    schema: JsonValue
    pictures: int
    same: bool
    """Whether it is the one that was sent, to the letter."""


@dataclass(frozen=True, slots=True)
class StepTrace:
    step: str
    status: str
    doubt_reason: str
    doubt_detail: str
    decided_by: str
    asked: Mapping[str, str]
    """Model, tier and why, prompt version and request; empty values are left out."""
    prompt: Prompt | None
    no_prompt: str
    """Why there is none."""
    masks: str
    """How the text was masked when it left, in words; empty when that is not recorded."""
    cases: int
    """Cases that have their answer from the same request."""
    tries: Sequence[Try]
    answer: JsonValue
    """As it came back, masks included."""
    values: Mapping[str, Any]
    """What the table says now."""
    decisions: Sequence[Decision]
    cost_usd: Decimal
    """Of all its tries."""
    shares_with: str
    """The step that the request's cost is counted for, where one request answers two; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Traced:
    day: date
    case_id: str
    record_id: str
    queue: str
    other_days: Sequence[date]
    """Further days that have a record of this name, newest first."""
    messages: Sequence[ReadMessage]
    steps: Sequence[StepTrace]
    earlier: Sequence[Try]
    """Requests that no longer answer the case, because it, a prompt or a model has changed since."""

    @property
    def cost_usd(self) -> Decimal:
        return sum((s.cost_usd for s in self.steps), Decimal(0)) + sum(
            (t.cost_usd for t in self.earlier), Decimal(0)
        )

    def as_json(self) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str, ensure_ascii=False))
        return values | {"cost_usd": str(self.cost_usd)}


def trace(assembly: Assembly, record: str, day: date | None = None, person: Person | None = None) -> Traced:
    """`record` is a record_id, case_id, Message-ID or digest of a raw file; without a day the newest that has it.

    Raises NotTracedError where no day has it, it was deleted, or `person` may not see its queue.
    """
    found = _places(assembly, record, day)
    if not found:
        raise NotTracedError(_why_not(assembly, record, day))
    shown, case_id = found[0]["day"], str(found[0]["case_id"])
    rows = list(assembly.lake.read(DOCUMENTS, shown, DOCUMENT_COLUMNS, [case_id]))
    documents = [document_of(row) for row in rows]
    case = cases_of(documents)[0]
    if person is not None and not (person.sees_cases and person.sees(case.queue)):
        raise NotTracedError(Sentence("%(day)s has no such case in your queues", day=str(shown)))
    requests = assembly.ledger.tracing.of_case(shown, case_id)
    made = assembly.ledger.review.decisions(shown, case_id)
    current = set(requests.answering.values())
    return Traced(
        day=shown,
        case_id=case_id,
        record_id=case.record_id,
        queue=case.queue,
        other_days=list(dict.fromkeys(p["day"] for p in found[1:] if p["day"] != shown)),
        messages=[_read(d) for d in documents],
        steps=_steps(assembly, case, requests, made),
        earlier=[t for t in requests.tries if t.request_id not in current],
    )


def _places(assembly: Assembly, record: str, day: date | None) -> Sequence[Row]:
    if day is None:
        return assembly.lake.query(_PLACES, {"name": record})
    return assembly.lake.query(_PLACES_OF_DAY, {"name": record, "day": day.isoformat()})


def _why_not(assembly: Assembly, record: str, day: date | None) -> str:
    deleted = assembly.ledger.deletions.of_record(record)
    if deleted:
        asked = deleted[-1]
        return f"record {record[:80]} was deleted on {asked.asked_at:%Y-%m-%d} for {asked.asked_by}: `audit export --record` tells what is left"
    where = f"{day} has" if day is not None else "there is"
    return (
        f"{where} no record {record[:80]}: name a record_id, case_id, Message-ID or raw_sha256 of `documents`; what has come "
        "and is not read yet is in no table"
    )


def _read(document: Document) -> ReadMessage:
    message, received = document.message, document.received
    files = [
        ReadFile(a.filename, a.content_type, a.text_source, a.pages, a.ocr_confidence, len(a.text), a.flags)
        for a in message.attachments
    ]
    return ReadMessage(
        record_id=message.record_id,
        role=document.role,
        source=received.source,
        place=received.place,
        arrived_at=received.arrived_at,
        raw_sha256=received.raw_sha256,
        sender=message.customer_address,
        subject=message.subject,
        language=message.language,
        flags=message.flags,
        text=message.new_text or message.text,
        files=files,
    )


def _steps(
    assembly: Assembly, case: Case, requests: CaseRequests, made: Sequence[Decision]
) -> list[StepTrace]:
    rows: dict[str, Row] = {}
    for step in assembly.steps:
        rows[step.name] = next(iter(assembly.lake.read(step.table, case.day, cases=[case.case_id])), {})
    profile, why = _profile(assembly)
    masked = {i.request_id: i.masked for i in requests.intents if i.masked != "?"}
    booked: dict[str, str] = {}
    traced = []
    answering = requests.requests.get(requests.answering.get(TRIAGE.name, ""))
    triaged = (TRIAGE,) if answering is not None else ()
    rows[TRIAGE.name] = (
        {"status": Status.OK} if answering is not None and answering.answer is not None else {}
    )
    for step in (*triaged, *assembly.steps):
        row, request_id = rows[step.name], requests.answering.get(step.name, "")
        request = requests.requests.get(request_id)
        prompt, no_prompt = None, why
        if request is None:
            no_prompt = "No request was made for this step."
        elif profile is not None:
            prompt = _prompt(assembly, step, case, rows, profile, request)
        first = booked.setdefault(request_id, step.name) if request_id else step.name
        tries = [t for t in requests.tries if t.request_id == request_id]
        traced.append(
            StepTrace(
                step=step.name,
                status=str(row.get("status") or "open"),
                doubt_reason=str(row.get("doubt_reason") or ""),
                doubt_detail=str(row.get("doubt_detail") or ""),
                decided_by=str(row.get("decided_by") or ""),
                asked=_asked(row, request),
                prompt=prompt,
                no_prompt=no_prompt if prompt is None else "",
                masks=_in_words(masked.get(request_id, "")),
                cases=request.cases if request is not None else 0,
                tries=tries,
                answer=_own_answer(step, request),
                values={k: v for k, v in row.items() if k not in (*_OF_ROW, *_OF_MODEL)},
                decisions=[d for d in made if d.step == step.name],
                cost_usd=sum((t.cost_usd for t in tries), Decimal(0)) if first == step.name else Decimal(0),
                shares_with=first if first != step.name else "",
            )
        )
    return traced


def _profile(assembly: Assembly) -> tuple[Profile | None, str]:
    """Nothing is started for it; why there is none, in a sentence."""
    try:
        return assembly.configured_profile, ""
    except DeskError as err:
        return None, Sentence("The prompt cannot be made again: %(why)s", why=str(err))


def _prompt(
    assembly: Assembly,
    step: Step,
    case: Case,
    rows: Mapping[str, Row],
    profile: Profile,
    request: KnownRequest,
) -> Prompt:
    queue = assembly.queues_of(case.day).named_or_default(case.queue)
    upstream = {name: rows[name] for name in step.reads if rows[name]}
    given = StepInput(case, queue, upstream, assembly.lanes.reading, unshown(queue, profile))
    made = rendered(assembly.merging.asked(step, queue), given, profile, assembly.mask).request
    return Prompt(
        system=system_of(made.system, made.schema, profile.dialect),
        user=made.user,
        schema=made.schema,
        pictures=len(made.pictures),
        same=made.request_id == request.request_id,
    )


def _asked(row: Row, request: KnownRequest | None) -> dict[str, str]:
    asked = {name: str(row[name]) for name in _OF_MODEL if row.get(name)}
    if request is not None:
        known = {
            "model": request.model,
            "prompt_version": request.prompt_version,
            "request_id": request.request_id,
        }
        state = {
            "state": request.state,
            "outcome": request.outcome,
            "detail": request.detail,
            "held": request.held,
        }
        asked = {**known, **asked, **{name: value for name, value in state.items() if value}}
    return asked


def _own_answer(step: Step, request: KnownRequest | None) -> JsonValue:
    """The step's own part, where the request answers others too."""
    if request is None or request.answer is None or request.step == step.name:
        return request.answer if request is not None else None
    return request.answer.get(step.name) if isinstance(request.answer, dict) else None


def _in_words(masked: str) -> str:
    if not masked:
        return ""
    pictures = pictures_in(masked)
    text = masked.partition("+")[0]
    count, _, version = text.partition("@")
    said = Sentence("sent without masking")
    if text != PLAIN:
        said = Sentence(
            "%(num)s value masked by rules %(version)s",
            "%(num)s values masked by rules %(version)s",
            int(count),
            version=version,
        )
    if not pictures:
        return said
    scans = Sentence("%(num)s scan as it is", "%(num)s scans as they are", pictures)
    return Sentence("%(said)s, with %(scans)s", said=said, scans=scans)
