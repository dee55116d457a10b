"""The lake's tables: one declaration from which files, views, checks and the UI's column schema are made.

Types are DuckDB's. `analytics.duckdb` shows these columns to analysts, so adding a column is compatible and renaming one
is not. Reading and writing tables belongs in `resources/lake`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

Row = Mapping[str, Any]
"""A row of a table, by the names of its columns."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    description: str
    nullable: bool = True
    personal: bool = False
    """May hold personal data or mail text."""
    shown: bool = False
    """Whether Dagster may keep its values: only what the platform itself writes, of a few fixed words or digits, and what
    names no record. Set in this file alone; what a step declares is never shown, whatever it is called."""


@dataclass(frozen=True, slots=True)
class Table:
    """One Parquet file a night. `key` is unique within a night."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def shown_columns(self) -> tuple[str, ...]:
        """Columns whose values may be kept outside the lake."""
        return tuple(c.name for c in self.columns if c.shown)

    @property
    def column_types(self) -> dict[str, str]:
        return {c.name: c.type for c in self.columns}


def _c(
    name: str,
    type_: str,
    description: str,
    *,
    nullable: bool = True,
    personal: bool = False,
    shown: bool = False,
) -> Column:
    return Column(name, type_, description, nullable, personal, shown)


_DAY = _c("day", "DATE", "Business day", nullable=False)
_CASE = (
    _DAY,
    _c("case_id", "VARCHAR", "The case", nullable=False),
    _c("record_id", "VARCHAR", "First record of the case", nullable=False),
    _c("queue", "VARCHAR", "Queue the case is in", nullable=False, shown=True),
)
STEP_TAIL = (
    _c("status", "VARCHAR", "ok, review, dead, not_needed, corrected or open", nullable=False, shown=True),
    _c("doubt_reason", "VARCHAR", "Why a person should look"),
    _c("doubt_detail", "VARCHAR", "What exactly is doubtful"),
    _c("decided_by", "VARCHAR", "Who decided: the model, a rule, or a reviewer's name"),
    _c("model", "VARCHAR", "Model that answered"),
    _c("tier", "VARCHAR", "How strong a model the case asks for: cheap, standard or strong", shown=True),
    _c("tier_reason", "VARCHAR", "Why, with the figure that decided"),
    _c("prompt_version", "VARCHAR", "Digest of the prompt it answered to", shown=True),
    _c("request_id", "VARCHAR", "The request in the ledger"),
)

DOCUMENTS = Table(
    "documents",
    ("source", "place"),
    (
        _DAY,
        _c("record_id", "VARCHAR", "Stable identity of the record", nullable=False),
        _c("case_id", "VARCHAR", "The case it belongs to", nullable=False),
        _c("message_id", "VARCHAR", "Message-ID without brackets", personal=True),
        _c("queue", "VARCHAR", "Queue, by mailbox", nullable=False, shown=True),
        _c("priority", "VARCHAR", "low, normal or urgent", nullable=False, shown=True),
        _c("received_at", "TIMESTAMPTZ", "When it arrived", nullable=False),
        _c("sender", "VARCHAR", "Sender's address", personal=True),
        _c("reply_to", "VARCHAR", "The customer's address, where Reply-To names another", personal=True),
        _c("subject", "VARCHAR", "Decoded subject", personal=True),
        _c(
            "language",
            "VARCHAR",
            "en, ru, kk, another ISO 639-1 code, mul or und",
            nullable=False,
            shown=True,
        ),
        _c("new_text", "VARCHAR", "What this sender newly wrote", personal=True),
        _c("flags", "VARCHAR[]", "What is odd about it", nullable=False),
        _c("content_hash", "VARCHAR", "Hash of what the model would see", nullable=False),
        _c("duplicate_of", "VARCHAR", "record_id of the original"),
        _c("supersedes", "VARCHAR", "record_id of the message it updates"),
        _c("role", "VARCHAR", "first, update or duplicate", nullable=False, shown=True),
        _c("ok", "BOOLEAN", "False when nothing of it could be read", shown=True),
        _c("kind", "VARCHAR", "mail, crm, form or document", nullable=False, shown=True),
        _c("source", "VARCHAR", "Which source yielded it", nullable=False),
        _c("place", "VARCHAR", "Where in the source", nullable=False, personal=True),
        _c("raw_sha256", "VARCHAR", "Name of its raw file", nullable=False),
        _c("reader_version", "VARCHAR", "Version of the reading rules", nullable=False),
        _c("message", "JSON", "The message as read, attachments and their text included", nullable=False),
        _c("message_digest", "VARCHAR", "Digest of `message`; changes with anything in it"),
    ),
)

REVIEW_QUEUE = Table(
    "review_queue",
    ("case_id", "step", "reason"),
    (
        *_CASE,
        _c("step", "VARCHAR", "Step that is in doubt", nullable=False, shown=True),
        _c("reason", "VARCHAR", "Why a person should look", nullable=False),
        _c("detail", "VARCHAR", "What exactly is doubtful"),
        _c("reviewers", "VARCHAR[]", "Who settles it; empty means everybody", nullable=False),
        _c("opened_at", "TIMESTAMPTZ", "When it was first seen", nullable=False),
        _c("decided_at", "TIMESTAMPTZ", "When a person decided"),
        _c("decision", "VARCHAR", "What they decided (JSON)"),
    ),
)

DECISIONS = Table(
    "decisions",
    ("case_id", "step", "number"),
    (
        *_CASE,
        _c("step", "VARCHAR", "Step that was decided", nullable=False, shown=True),
        _c("number", "BIGINT", "Counts a case's decisions in this step from 1", nullable=False),
        _c("at", "TIMESTAMPTZ", "When", nullable=False),
        _c("by", "VARCHAR", "Who", nullable=False),
        _c(
            "kind",
            "VARCHAR",
            "approve, correct, undo, send_back, dead_letter, draft_now or release",
            nullable=False,
            shown=True,
        ),
        _c("before", "JSON", "What the person saw in the columns that were changed", personal=True),
        _c("after", "JSON", "What the person decided", personal=True),
        _c("prompt_version", "VARCHAR", "Digest of the prompt of the answer that was seen", shown=True),
    ),
)

AGREEMENT = Table(
    "agreement",
    ("queue", "category", "prompt_version"),
    (
        _DAY,
        _c("queue", "VARCHAR", "Queue of the cases", nullable=False, shown=True),
        _c("category", "VARCHAR", "Category as the model answered it", nullable=False),
        _c("prompt_version", "VARCHAR", "Digest of the prompt that was answered", nullable=False, shown=True),
        _c("decided", "BIGINT", "Cases whose category people approved or corrected", nullable=False),
        _c("agreed", "BIGINT", "Of these those whose category they left", nullable=False),
        _c(
            "sampled",
            "BIGINT",
            "Of those decided the confident ones that were drawn at random",
            nullable=False,
        ),
        _c("sampled_agreed", "BIGINT", "Of the sampled those whose category they left", nullable=False),
    ),
)

LLM_USAGE = Table(
    "llm_usage",
    ("step", "lane", "provider", "model", "prompt_version", "mode", "route_why", "outcome"),
    (
        _DAY,
        _c("step", "VARCHAR", "Step", nullable=False),
        _c("lane", "VARCHAR", "urgent, nightly or archive", nullable=False),
        _c("provider", "VARCHAR", "Provider profile", nullable=False),
        _c("model", "VARCHAR", "Model", nullable=False),
        _c("prompt_version", "VARCHAR", "Digest of the prompt", nullable=False),
        _c("mode", "VARCHAR", "Route: batch, window, flex, online or fast", nullable=False),
        _c("route_why", "VARCHAR", "Why by this route, as a short sentence"),
        _c(
            "outcome",
            "VARCHAR",
            "answered; unreadable; doubled, unknown_id or unreadable_line for result lines that answer no request",
            nullable=False,
        ),
        _c("requests", "BIGINT", "Requests answered or failed, every attempt counted", nullable=False),
        _c("succeeded", "BIGINT", "Of these usable", nullable=False),
        _c("retried", "BIGINT", "Of these second or later attempts", nullable=False),
        _c("failed", "BIGINT", "Of these not usable", nullable=False),
        _c("estimated", "BIGINT", "Requests and lines without a usage, whose cost is estimated"),
        _c("surplus", "BIGINT", "Result lines that answer no request"),
        _c("input_tokens", "BIGINT", "Input tokens, cached ones included", nullable=False),
        _c("cached_tokens", "BIGINT", "Of these read from the provider's cache", nullable=False),
        _c("output_tokens", "BIGINT", "Output tokens, thinking included", nullable=False),
        _c("cost_usd", "DECIMAL(18,12)", "Price of these, USD", nullable=False),
    ),
)

MORNING_REPORT = Table(
    "morning_report",
    ("revision",),
    (
        _DAY,
        _c("revision", "BIGINT", "Counts from 1", nullable=False),
        _c("generated_at", "TIMESTAMPTZ", "When it was written", nullable=False),
        _c("path", "VARCHAR", "Its report.html", nullable=False),
        _c("totals", "JSON", "The totals of report.json", nullable=False),
    ),
)


AFTER_STEPS = (REVIEW_QUEUE, DECISIONS, AGREEMENT, LLM_USAGE, MORNING_REPORT)
"""The tables that are written when the steps have been."""


def step_table(name: str, output_columns: tuple[Column, ...]) -> Table:
    """The table of a step: a row per case."""
    return Table(name, ("case_id",), (*_CASE, *output_columns, *STEP_TAIL))


def columns_of(model: type[BaseModel]) -> tuple[Column, ...]:
    """One column per field of an output model; a field that is not a plain value becomes JSON.

    Free text counts as personal, because a model may quote the mail in it.
    """
    return tuple(_columns(model))


_TYPES: dict[object, str] = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN"}


def _columns(model: type[BaseModel]) -> Iterator[Column]:
    for name, field in model.model_fields.items():
        kind: object = field.annotation
        if get_origin(kind) in (Union, UnionType):
            plain = [t for t in get_args(kind) if t is not NoneType]
            kind = plain[0] if len(plain) == 1 else kind
        is_choice = get_origin(kind) is Literal
        if is_choice:
            kind = type(get_args(kind)[0])
        description = field.description or name.replace("_", " ")
        free_text = kind not in (int, float, bool) and not is_choice
        yield Column(name, _TYPES.get(kind, "JSON"), description, personal=free_text)
