"""Gemini's wire form: writes input lines and creates, reads batch states. Pure functions, no calls.

Sources: the reference of `models.batchGenerateContent` and the guide to the Batch API at ai.google.dev, the source of
google-genai 3.6.1, and answers that its users published. What a batch reports is the `metadata` of an operation.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple, assert_never

import orjson

from llm_assets.domain.dialect import PLAIN, AnswerFormat, Dialect, system_of
from llm_assets.domain.effort import Effort
from llm_assets.domain.errors import ContractError
from llm_assets.domain.profile import Lane
from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.batch import LOOKS, Batch, BatchView, Candidate, Look
from llm_assets.domain.requests.request import Request
from llm_assets.intake.scans import Shown
from resources.providers.bodies import base64_of, count, mapping
from resources.providers.errors import refusal_of, token
from resources.providers.gemini.refusals import rpc_name, understood
from resources.providers.listing import moment

INLINE_BYTES: Final = 20_000_000
"""The longest body with the requests inside; above it the API wants a file (guide to the Batch API)."""
_KEY: Final = b'{"key":"'
_REQUEST: Final = b'","request":'


class Status(StrEnum):
    """Every state that the API and its SDK name, without the prefix: the API writes `BATCH_STATE_`, the SDK `JOB_STATE_`."""

    QUEUED = "QUEUED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    UPDATING = "UPDATING"
    PAUSED = "PAUSED"
    CANCELLING = "CANCELLING"
    SUCCEEDED = "SUCCEEDED"
    PARTIALLY_SUCCEEDED = "PARTIALLY_SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


PREFIXES: Final = ("BATCH_STATE_", "JOB_STATE_")
PRIORITIES: Final = {Lane.URGENT: 100, Lane.NIGHTLY: 0, Lane.ARCHIVE: -100}
"""`batch.priority`: a batch with a higher one is processed before the others of the account."""


def request_of(request: Request, shown: Sequence[Shown] = (), dialect: Dialect = PLAIN) -> dict[str, Any]:
    """A GenerateContentRequest, for both endpoints. Pictures come before the text, as the guides to vision advise."""
    return {
        "model": f"models/{request.model}",
        "systemInstruction": {"parts": [{"text": system_of(request.system, request.schema, dialect)}]},
        "contents": [{"role": "user", "parts": [*map(_part, shown), {"text": request.user}]}],
        "generationConfig": {
            "maxOutputTokens": request.max_tokens,
            **_format(request, dialect.answer_format),
            **_thinking(request),
        },
    }


def _format(request: Request, wanted: AnswerFormat) -> dict[str, Any]:
    """What says how the answer looks; nothing where the prompt alone does. The protocol knows no `strict`."""
    match wanted:
        case AnswerFormat.STRICT_SCHEMA | AnswerFormat.SCHEMA:
            return {"responseMimeType": "application/json", "responseJsonSchema": request.schema}
        case AnswerFormat.JSON_OBJECT:
            return {"responseMimeType": "application/json"}
        case AnswerFormat.PROMPT:
            return {}
        case _:
            assert_never(wanted)


_BUDGETS: Final = {
    Effort.NONE: 0,
    Effort.MINIMAL: 512,
    Effort.LOW: 1024,
    Effort.MEDIUM: 4096,
    Effort.HIGH: -1,
}
"""Tokens of thinking for models that know no levels; 512 is the least of 2.5 Flash-Lite, -1 lets the model decide."""


def _thinking(request: Request) -> dict[str, Any]:
    """`thinkingConfig`: models before Gemini 3 take a budget, later ones a level, and no thinking is a budget of 0 at both."""
    if request.effort is None:
        return {}
    if request.effort is Effort.NONE or "gemini-2" in request.model:
        return {"thinkingConfig": {"thinkingBudget": _BUDGETS[request.effort]}}
    return {"thinkingConfig": {"thinkingLevel": request.effort.value}}


def _part(shown: Shown) -> dict[str, Any]:
    return {"inlineData": {"mimeType": shown.media_type, "data": base64_of(shown)}}


def line_of(request: Request, custom_id: str, shown: Sequence[Shown] = (), dialect: Dialect = PLAIN) -> bytes:
    """A line of an input file. `InlineBody` relies on the order of its keys."""
    line = {"key": custom_id, "request": request_of(request, shown, dialect)}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def batch_of(batch: Batch, source: Mapping[str, Any], dialect: Dialect = PLAIN) -> dict[str, Any]:
    """The body of a create. The display name is what proves later that the batch is ours."""
    priority = {"priority": str(PRIORITIES[batch.lane])} if dialect.priority else {}
    return {"batch": {"displayName": batch.batch_id, **priority, "inputConfig": dict(source)}}


class InlineBody:
    """The body of a create with the requests inside, streamed from the spooled lines.

    A line's key becomes the metadata of its request, which the response returns. It can be iterated again after a
    redirect.
    """

    def __init__(self, batch: Batch, spool: Path, dialect: Dialect = PLAIN) -> None:
        self._spool = spool
        whole = orjson.dumps(batch_of(batch, {"requests": {"requests": []}}, dialect))
        cut = whole.rindex(b"[") + 1
        self._open, self._close = whole[:cut], whole[cut:]
        moved = len(_inline(_KEY + _REQUEST + b"{}}")) - len(_KEY + _REQUEST + b"{}}")
        between = -1  # a comma for each newline but the last
        self.length = len(whole) + spool.stat().st_size + between + moved * batch.requests

    def __iter__(self) -> Iterator[bytes]:
        yield self._open
        with self._spool.open("rb") as source:
            for number, line in enumerate(source):
                yield (b"," if number else b"") + _inline(line.rstrip(b"\n"))
        yield self._close


def _inline(line: bytes) -> bytes:
    """`{"key":"x","request":…}` as `{"metadata":{"key":"x"},"request":…}`; a custom_id needs no escapes."""
    at = line.index(_REQUEST) + 1
    return b'{"metadata":' + line[:at] + b"}" + line[at:]


def is_inline(batch: Batch, spool: Path, dialect: Dialect = PLAIN) -> bool:
    """Whether the requests fit into the create itself."""
    return InlineBody(batch, spool, dialect).length <= INLINE_BYTES


def whole_number(value: object) -> int:
    """A count: JSON writes an int64 as text, and leaves out a zero."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else count(value)


def id_of(operation: Mapping[str, Any]) -> str:
    """The batch's id: its name without the collection. Empty where it has none."""
    name = operation.get("name")
    kind, _, found = name.partition("/") if isinstance(name, str) else ("", "", "")
    return token(found) if kind == "batches" else ""


def status_of(operation: Mapping[str, Any]) -> Status:
    """Raises ContractError for a state that the contract does not name."""
    word = mapping(operation.get("metadata")).get("state")
    for prefix in PREFIXES:
        if isinstance(word, str) and word.startswith(prefix):
            name = word.removeprefix(prefix)
            if name in Status.__members__:
                return Status(name)
    raise ContractError(f"Batch {id_of(operation)} has the unknown status {token(word)!r}: look at it.")


class Counts(NamedTuple):
    """The counts of a batch as it reports them."""

    total: int
    succeeded: int
    failed: int


def counts_of(operation: Mapping[str, Any]) -> Counts:
    stats = mapping(mapping(operation.get("metadata")).get("batchStats"))
    names = ("requestCount", "successfulRequestCount", "failedRequestCount")
    return Counts(*(whole_number(stats.get(name)) for name in names))


class Output(NamedTuple):
    """Where the answers of a batch are: in a file, or in the operation itself. Which one, the API decides."""

    file: str | None
    inlined: list[Any] | None


def output_of(operation: Mapping[str, Any]) -> Output:
    """The answers are in `response` of the operation, and in `output` of the batch as well."""
    places = (mapping(operation.get("response")), mapping(mapping(operation.get("metadata")).get("output")))
    for place in places:
        file = place.get("responsesFile")
        if isinstance(file, str) and file:
            return Output(file, None)
        inlined = mapping(place.get("inlinedResponses")).get("inlinedResponses")
        if isinstance(inlined, list):
            return Output(None, inlined)
    return Output(None, None)


def expected_lines(operation: Mapping[str, Any], requests: int) -> int:
    """How many answers an ended batch must have. One that expired has none to retrieve, whatever it counts."""
    counts = counts_of(operation)
    match status_of(operation):
        case Status.SUCCEEDED | Status.PARTIALLY_SUCCEEDED:
            return max(requests, counts.succeeded + counts.failed)
        case Status.EXPIRED:
            return 0
        case _:
            return counts.succeeded + counts.failed


def view_of(operation: Mapping[str, Any]) -> BatchView:
    status = status_of(operation)
    total = counts_of(operation).total or None
    match status:
        case Status.QUEUED | Status.PENDING | Status.RUNNING | Status.UPDATING | Status.PAUSED:
            return BatchView(Look.RUNNING, status.value, total)
        case Status.CANCELLING:
            return BatchView(Look.RUNNING, status.value, total, cancelling=True)
        case Status.SUCCEEDED | Status.PARTIALLY_SUCCEEDED | Status.CANCELLED | Status.EXPIRED:
            return BatchView(Look.ENDED, status.value, total)
        case Status.FAILED:
            look, means, detail = _why(operation)
            return BatchView(look, status.value, total, detail, kind=means)
        case _:
            assert_never(status)


_BROKE: Final = frozenset(
    {"INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "UNKNOWN", "DATA_LOSS", "CANCELLED"}
)
"""The service failed: each request has used up a try."""


def _why(operation: Mapping[str, Any]) -> tuple[Look, Refused | None, str]:
    """What a failed batch leads to. One with answers is read: they are paid."""
    counts, output = counts_of(operation), output_of(operation)
    error = mapping(operation.get("error"))
    name = rpc_name(error) or "unnamed"
    if counts.succeeded or output.file is not None or output.inlined or name in _BROKE:
        return Look.ENDED, None, name
    refusal = refusal_of(400, {}, understood(400, {"error": error}).body)
    if refusal.refused is not None:
        return Look.BLOCKED, Refused.CONFIGURATION, refusal.refused.detail
    return LOOKS[refusal.means], refusal.means, refusal.code or name


def listed(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """An entry of a list with its id and time where `listing.py` looks for them."""
    if not entry:
        return entry
    made = mapping(entry.get("metadata")).get("createTime", entry.get("createTime"))
    return {**entry, "id": id_of(entry) or entry.get("name"), "created_at": made}


def candidate_of(operation: Mapping[str, Any], batch: Batch) -> Candidate | None:
    """A listed batch as a candidate; None when it belongs to another one, or failed and so never ran.

    Our id in the display name proves it ours, whenever it was made; so does our input file, which no other batch has.
    Where a gateway drops the name, time and count are left.
    """
    found = mapping(operation.get("metadata"))
    failed = str(found.get("state")).removeprefix(PREFIXES[0]).removeprefix(PREFIXES[1]) == Status.FAILED
    if not id_of(operation) or (failed and _why(operation)[0] is not Look.ENDED):
        return None
    owner, total = found.get("displayName"), counts_of(operation).total or None
    file = mapping(found.get("inputConfig")).get("fileName")
    by_file = bool(batch.provider_file_id) and file == batch.provider_file_id
    created = moment(found.get("createTime"))
    if owner == batch.batch_id or (not owner and by_file):
        return Candidate(id_of(operation), created, total, proven=True)
    other_file = bool(file) or bool(batch.provider_file_id)
    if owner or other_file or total not in (None, batch.requests):
        return None
    return Candidate(id_of(operation), created, total, proven=False)


def file_of(listed: Mapping[str, Any], name: str, size: int) -> str | None:
    """The name under which the Files API keeps this upload; None when it is another one, or no longer usable. The display
    name holds our batch id, so that it needs no time to prove whose it is."""
    same = listed.get("displayName") == name and whole_number(listed.get("sizeBytes")) == size
    usable = listed.get("state") in ("ACTIVE", "PROCESSING", None)
    found = listed.get("name")
    return found if same and usable and isinstance(found, str) else None
