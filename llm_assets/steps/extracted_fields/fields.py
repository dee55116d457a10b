"""The extracted fields: one row each. Prompt, output model, columns, evidence and doubts are derived from `FIELDS`.

What belongs here is what differs between fields; how fields are used is in `answer.py`, `evidence.py` and `doubts.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Literal, get_args


class Kind(StrEnum):
    """The kind of a value, which decides the type of its column."""

    TEXT = "text"
    DATE = "date"
    AMOUNT = "amount"


class Proof(StrEnum):
    """How the case must state a value."""

    WORD_FOR_WORD = "word_for_word"
    """The value itself, or a quote that contains it."""
    NAME = "name"
    """The same, but words may be inflected: the beginning of each is enough."""
    AMOUNT = "amount"
    """A quote that states the same number, in digits or words and with any separators."""
    PAST_DATE = "past_date"
    """A quote that states the same day, which is over."""
    DEADLINE = "deadline"
    """A quote that can mean the same day for a message of its date: `by Friday`, `within 30 days`."""
    CURRENCY = "currency"
    """A quote with the currency's sign, word or code, or one near it."""
    ONE_OF = "one_of"
    """A quote that shows it and names no other of the list."""
    OWN_TERMS = "own_terms"
    """A quote that shows it; the model chooses the words, so the quote need not hold them."""


DocumentType = Literal[
    "invoice", "act", "reconciliation", "contract", "waybill", "receipt", "statement", "letter"
]
PROBLEM_TYPES = (
    "delay",
    "not_working",
    "wrong_charge",
    "missing_item",
    "missing_document",
    "access",
    "information",
    "complaint",
    "other",
)


@dataclass(frozen=True, slots=True)
class Field:
    """One extracted field. `name` is also the name of its column and its key in labels.jsonl."""

    name: str
    prompt: str
    """Its explanation in the prompt. Neighbouring fields with the same text share one line."""
    form: str = ""
    """How a value is written; shown in brackets after the name when fields share a line."""
    kind: Kind = Kind.TEXT
    proof: Proof = Proof.OWN_TERMS
    choices: tuple[str, ...] | None = None
    """The closed list that its value is one of, which stands in the schema and not in the prompt; None for any text. An
    empty list means that nothing can be answered, so that the field is not asked."""
    of_queue: bool = False
    """Whether the queue has its closed list: `closed_to` fills it."""
    personal: bool = True
    """May hold personal data or words of the mail."""
    mandatory_for: tuple[DocumentType, ...] = ()
    """Types of business documents that go to a person when this field is missing."""
    in_reply: bool = False
    """Whether step `drafts` reads it: a changed value makes the draft due again."""
    description: str = ""
    """Description of its column; when empty, the name is used."""

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
        """The value as its column stores it; None when it is not the date or amount that it should be."""
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
        "what kind of problem it is; quote the passage that shows it.",
        personal=False,
        choices=PROBLEM_TYPES,
        proof=Proof.ONE_OF,
    ),
    Field(
        "deadline",
        "the date by which the customer or the law wants an answer or action, as YYYY-MM-DD. Count a relative one"
        ' ("tomorrow", "by Friday", "within 30 days") from the `date` of the message that states it: the next such'
        " weekday, working days without weekends, the end of a week is its Friday. The day on which somebody returns and"
        " the due date of something already paid are none. Quote the words, not the date you computed.",
        kind=Kind.DATE,
        in_reply=True,
        personal=False,
        proof=Proof.DEADLINE,
    ),
    Field(
        "department",
        "the department that should act, only if the mail makes it plain.",
        of_queue=True,
        personal=False,
        proof=Proof.ONE_OF,
    ),
    Field(
        "document_type",
        "what kind of business document is in the text or an attachment; left out for a mail without one.",
        personal=False,
        choices=get_args(DocumentType),
        proof=Proof.ONE_OF,
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
        proof=Proof.PAST_DATE,
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
        proof=Proof.CURRENCY,
    ),
)


def closed_to(fields: Sequence[Field], choices: Sequence[str]) -> tuple[Field, ...]:
    """The fields as one queue asks them: those whose closed list is the queue's take one of these."""
    return tuple(replace(f, choices=tuple(choices)) if f.of_queue else f for f in fields)
