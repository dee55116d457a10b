"""The extracted fields: one row each. Prompt, output model, columns, evidence and doubts are derived from `FIELDS`.

What belongs here is what differs between fields; what a field is used for is in `answer.py`, `evidence.py` and
`doubts.py`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Literal, get_args


class Kind(StrEnum):
    """What a value is; decides the type of its column."""

    TEXT = "text"
    DATE = "date"
    AMOUNT = "amount"


class Proof(StrEnum):
    """How the case must state a value."""

    WORD_FOR_WORD = "word_for_word"
    """The value itself, or a quote that contains it."""
    NAME = "name"
    """The same, and each word may be inflected: its beginning is enough."""
    AMOUNT = "amount"
    """A quote with the same number, with any separators."""
    OWN_TERMS = "own_terms"
    """Not at all: the model may choose the words or the form, so no quote can prove it."""


DocumentType = Literal[
    "invoice", "act", "reconciliation", "contract", "waybill", "receipt", "statement", "letter"
]


@dataclass(frozen=True, slots=True)
class Field:
    """One extracted field. `name` is also the name of its column and its key in labels.jsonl."""

    name: str
    prompt: str
    """What the model reads about it. Neighbours with the same text share one line of the prompt."""
    form: str = ""
    """How a value is written; in brackets behind the name, for fields that share a line."""
    kind: Kind = Kind.TEXT
    proof: Proof = Proof.OWN_TERMS
    personal: bool = True
    """May hold personal data or words of the mail: never in metadata, logs or previews."""
    mandatory_for: tuple[DocumentType, ...] = ()
    """Business documents that go to a person without it."""
    in_reply: bool = False
    """Whether step `drafts` reads it: a changed value makes the draft due again."""
    description: str = ""
    """Of its column; the name when empty."""

    def __post_init__(self) -> None:
        if self.proof is Proof.AMOUNT and self.kind is not Kind.AMOUNT:
            raise ValueError(
                f"field {self.name} is proven as an amount, so its kind must be amount, not {self.kind}"
            )

    @property
    def column_type(self) -> str:
        return {Kind.TEXT: "VARCHAR", Kind.DATE: "DATE", Kind.AMOUNT: "DECIMAL(18,2)"}[self.kind]

    @property
    def column_description(self) -> str:
        return self.description or self.name.replace("_", " ").capitalize()

    def typed(self, value: str | None) -> str | None:
        """The value as its column stores it, or None when it is not a date or an amount after all."""
        if value is None or self.kind is Kind.TEXT:
            return value
        try:
            if self.kind is Kind.DATE:
                return date.fromisoformat(value).isoformat()
            amount = Decimal(value)
        except (ValueError, InvalidOperation):
            return None
        return str(amount) if amount.is_finite() and abs(amount) < 10**15 else None


_OF_THE_DOCUMENT = (
    "of that business document; for a mail without one, amount and currency are those the customer disputes or asks"
    " about."
)

FIELDS = (
    Field(
        "request_number",
        "the number of the customer's request, order, application or contract, as written.",
        proof=Proof.WORD_FOR_WORD,
        in_reply=True,
    ),
    Field(
        "topic",
        "what the mail is about, in at most eight words of the mail's own language; quote the passage that shows it.",
    ),
    Field(
        "customer_name",
        "the person or company that asks, as written.",
        proof=Proof.NAME,
    ),
    Field(
        "problem_type",
        "one of delay, not_working, wrong_charge, missing_item, missing_document, access, information, complaint,"
        " other; quote the passage that shows it.",
        personal=False,
    ),
    Field(
        "deadline",
        "the date by which the customer or the law wants an answer or action, as YYYY-MM-DD.",
        kind=Kind.DATE,
        in_reply=True,
        personal=False,
    ),
    Field(
        "department",
        "the one of the departments below that should act, only if the mail makes it plain.",
        personal=False,
    ),
    Field(
        "document_type",
        "for a business document in the text or an attachment, one of"
        f" {', '.join(get_args(DocumentType))}; otherwise null.",
        personal=False,
    ),
    Field(
        "document_number",
        _OF_THE_DOCUMENT,
        proof=Proof.WORD_FOR_WORD,
        mandatory_for=("invoice", "act"),
        in_reply=True,
    ),
    Field(
        "document_date",
        _OF_THE_DOCUMENT,
        form="YYYY-MM-DD",
        kind=Kind.DATE,
        mandatory_for=("invoice", "act"),
        in_reply=True,
        personal=False,
    ),
    Field(
        "amount",
        _OF_THE_DOCUMENT,
        form="the total, digits and a decimal point only",
        kind=Kind.AMOUNT,
        proof=Proof.AMOUNT,
        mandatory_for=("invoice",),
        in_reply=True,
    ),
    Field(
        "currency",
        _OF_THE_DOCUMENT,
        form="ISO 4217 code",
        in_reply=True,
        personal=False,
    ),
)
