"""A label: what people say about a record of the control set. Its format is explained in data/samples/README.md.

What belongs here is the shape of a line of labels.jsonl. How answers are compared with it is in `evaluate.py`.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

DoubtWord = Literal["none", "two_fit", "several_matters", "too_little", "none_fits"]
NO_DOUBT = "none"

Hardness = Literal[
    "attachment", "auto_reply", "date_no_deadline", "forwarded", "injection", "kazakh_without_letters", "long_chain",
    "misleading_words", "mixed_languages", "one_word", "paid_bill", "people_differ", "quoted_history", "relative_date",
    "sarcasm", "scan", "wrong_desk", "wrong_total",
]  # fmt: skip
"""What is hard about a record. That it fits two categories, none or says too little is its `doubt`."""

HARD_FIELD: Mapping[Hardness, str] = {
    "relative_date": "deadline",
    "date_no_deadline": "deadline",
    "paid_bill": "deadline",
}
"""Kinds that are hard for a field and not for the category: that field is what is judged of them."""
HARD_DOUBT: Hardness = "wrong_total"
"""The kind whose fields belong in review."""


class Label(BaseModel):
    """One line of labels.jsonl. Values of fields are what JSON holds: they are compared by what they mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    file: str
    queue: str
    category: str | None
    """None where no category of the queue can be defended."""
    also_acceptable: tuple[str, ...] = ()
    language: str = "und"
    needs_reply: bool | None = None
    doubt: DoubtWord | None = None
    """Every word but `none` says that the case belongs in review. None where the word is not judged."""
    doubt_also: tuple[DoubtWord, ...] = ()
    review_also: bool = False
    """The case is clear, and a person may see it all the same, e.g. because it gives the model orders."""
    fields: dict[str, Any] = {}
    fields_also: dict[str, tuple[Any, ...]] = {}
    fields_doubtful: bool = False
    """The fields belong in review, e.g. because a total contradicts its parts."""
    said: dict[str, str] = {}
    """field -> the passage of the record that states a value in another form."""
    hard: tuple[Hardness, ...] = ()
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "Label":
        if self.category is None and not self.is_doubtful:
            raise ValueError("category is null, so doubt must say why")
        for kind in self.hard:
            if kind in HARD_FIELD and HARD_FIELD[kind] not in self.fields:
                raise ValueError(f"{kind} is judged by the field {HARD_FIELD[kind]}, which has no label")
        if HARD_DOUBT in self.hard and not self.fields_doubtful:
            raise ValueError(f"{HARD_DOUBT} is judged by fields_doubtful, which is not set")
        return self

    @property
    def is_doubtful(self) -> bool:
        return self.doubt not in (None, NO_DOUBT)

    @property
    def name(self) -> str:
        """The label's category with its queue: queues may share names of categories."""
        return class_name(self.queue, self.category or "none")

    @property
    def acceptable(self) -> frozenset[str]:
        """Categories that are right, when the case is not one for review."""
        return frozenset((*self.also_acceptable, *([self.category] if self.category is not None else [])))


def class_name(queue: str, category: str) -> str:
    return f"{queue}/{category}"
