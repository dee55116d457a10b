"""How the fields are asked and stored: their lines in the prompt, the output model, the columns and the row.

The fields themselves are in `fields.py`, the checks of their values in `evidence.py` and `doubts.py`.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, create_model

from llm_assets.domain.desk.step import StepInput
from llm_assets.domain.desk.tables import Column
from llm_assets.steps.extracted_fields.evidence import locate
from llm_assets.steps.extracted_fields.fields import Field

EVIDENCE = Column(
    "evidence", "JSON", "Per field: record, part, start and end of the passage; null where it is in a picture"
)


class Found(BaseModel):
    """A value and the passage that states it."""  # part of the schema: a changed word makes every case due again

    model_config = ConfigDict(extra="forbid")
    value: str | None
    quote: str | None


class Stated(NamedTuple):
    """A value that the model gave, and the passage it quoted."""

    value: str
    quote: str | None


def prompt_lines(fields: Sequence[Field]) -> str:
    """The list of fields for the prompt: one line per field, or one for neighbouring fields that share their text."""
    return "\n".join(
        f"- {', '.join(map(_named, shared))}: {text}"
        for text, shared in groupby(fields, key=lambda f: f.prompt)
    )


def _named(field: Field) -> str:
    return f"{field.name} ({field.form})" if field.form else field.name


def output_model(fields: Sequence[Field]) -> type[BaseModel]:
    """The output model: one `Found` per field."""
    parts: dict[str, Any] = {f.name: (Found, ...) for f in fields}  # pydantic's own notation
    return create_model(
        "ExtractedFields", __config__=ConfigDict(extra="forbid"), __module__=__name__, **parts
    )


def columns(fields: Sequence[Field]) -> tuple[Column, ...]:
    return (
        *(Column(f.name, f.column_type, f.column_description, personal=f.personal) for f in fields),
        EVIDENCE,
    )


def stated_in(fields: Sequence[Field], output: BaseModel) -> Mapping[Field, Stated]:
    """The fields for which the answer gives a value."""
    answers: dict[Field, Found] = {f: getattr(output, f.name) for f in fields}
    return {f: Stated(found.value, found.quote) for f, found in answers.items() if found.value}


def row(fields: Sequence[Field], given: StepInput, output: BaseModel) -> dict[str, Any]:
    """The answer as values of the columns that `columns` declares."""
    stated = stated_in(fields, output)
    values = {f.name: f.typed(stated[f].value) if f in stated else None for f in fields}
    places = {
        f.name: locate(given.case, quote) or locate(given.case, value) for f, (value, quote) in stated.items()
    }
    return {**values, EVIDENCE.name: places}
