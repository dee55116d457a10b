"""How the fields are asked and stored: their lines in the prompt, the schema, the output model, the columns and the row.

The fields themselves are in `fields.py`, the checks of their values in `evidence.py` and `doubts.py`.

A model answers a list of what the case states; a field that it does not state costs nothing. Stored is one `Found` per
field, the same as before there was a list.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, create_model, model_validator
from pydantic_core import CoreSchema

from llm_assets.domain.desk.closed_list import one_of
from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.step import StepInput
from llm_assets.domain.desk.tables import Column
from llm_assets.domain.requests.request import JsonSchema
from llm_assets.steps.extracted_fields.evidence import locate
from llm_assets.steps.extracted_fields.fields import Field, closed_to

EVIDENCE = Column(
    "evidence", "JSON", "Per field: record, part, start and end of the passage; null where it is in a picture"
)
STATED = "stated"
"""The one property of an answer: the list of what the case states."""
TEXT: JsonSchema = {"type": "string"}


class Found(BaseModel):
    """A value and the passage that states it."""

    model_config = ConfigDict(extra="forbid")
    value: str | None
    quote: str | None
    other: str | None = None
    """Another value that the same answer gives for the field."""


class Stated(NamedTuple):
    """A value that the model gave, and the passage it quoted."""

    value: str
    quote: str | None


class Answer(BaseModel):
    """Reads an answer: the list that is asked for now, or an object per field, as answers were before and are stored."""

    model_config = ConfigDict(extra="forbid")
    asked: ClassVar[tuple[Field, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, given: Any) -> Any:  # an answer that nobody has checked yet
        if not isinstance(given, dict) or given.keys() != {STATED} or not isinstance(given[STATED], list):
            return given
        found: dict[str, Found] = {}
        for name, value, quote in map(_item, given[STATED]):
            before = found.get(name)
            if before is None:
                found[name] = Found(value=value, quote=quote)
            elif before.value != value:
                found[name] = before.model_copy(update={"other": value})
        return found

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        return answer_schema(cls.asked)


class _Item(NamedTuple):
    field: str
    value: str | None
    quote: str | None


def _item(item: Any) -> _Item:  # an item of a list that nobody has checked yet
    """Raises ValueError for anything else than one field with its value and quote. Both may be null where a server does
    not hold the model to the schema."""
    if isinstance(item, dict) and all(text is None or isinstance(text, str) for text in item.values()):
        if item.keys() == {"field", "value", "quote"} and item["field"] is not None:
            return _Item(item["field"], item["value"], item["quote"])
        if len(item) == 2 and "quote" in item:
            [name] = item.keys() - {"quote"}
            return _Item(name, item[name], item["quote"])
    raise ValueError("an item of the list is not a field with its value and quote")


def answer_schema(fields: Sequence[Field]) -> JsonSchema:
    """The schema of the list. Fields with any text share one shape of an item; each closed list has one of its own.

    Shapes differ in the name of their first property, because OpenAI refuses alternatives that begin alike.
    """
    open_fields = [f.name for f in fields if f.choices is None]
    closed = {f.name: one_of(f.choices) for f in fields if f.choices}
    shapes = [_closed({"field": one_of(open_fields), "value": TEXT, "quote": TEXT})] if open_fields else []
    shapes += [_closed({name: choices, "quote": TEXT}) for name, choices in closed.items()]
    items = {"anyOf": shapes} if len(shapes) > 1 else shapes[0]
    return _closed({STATED: {"type": "array", "items": items}})


def departments(queue: Queue) -> tuple[str, ...]:
    """The closed list of the fields that are `of_queue`."""
    return tuple(sorted({c.department for c in queue.categories if c.department}))


def narrowed(fields: tuple[Field, ...], _: JsonSchema, queue: Queue) -> JsonSchema:
    """The schema as this queue asks it."""
    return _queue_schema(fields, departments(queue))


@lru_cache(maxsize=256)
def _queue_schema(fields: tuple[Field, ...], choices: tuple[str, ...]) -> JsonSchema:
    """One per list of departments, not one per request: planning a night asks for it ten thousand times."""
    return answer_schema(closed_to(fields, choices))


def _closed(properties: dict[str, JsonSchema]) -> JsonSchema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def prompt_lines(fields: Sequence[Field]) -> str:
    """The list of fields for the prompt: one line per field, or one for neighbouring fields that share their text."""
    return "\n".join(
        f"- {', '.join(map(_named, shared))}: {text}"
        for text, shared in groupby(fields, key=lambda f: f.prompt)
    )


def _named(field: Field) -> str:
    return f"{field.name} ({field.form})" if field.form else field.name


def output_model(fields: Sequence[Field]) -> type[BaseModel]:
    """The output model: one `Found` per field, None for a field that the case does not state."""
    parts: dict[str, Any] = {f.name: (Found | None, None) for f in fields}  # pydantic's own notation
    model = create_model("ExtractedFields", __base__=Answer, __module__=__name__, **parts)
    model.asked = tuple(fields)
    return model


def columns(fields: Sequence[Field]) -> tuple[Column, ...]:
    return (
        *(Column(f.name, f.column_type, f.column_description, personal=f.personal) for f in fields),
        EVIDENCE,
    )


def stated_in(fields: Sequence[Field], output: BaseModel) -> Mapping[Field, Stated]:
    """The fields for which the answer gives a value."""
    answers: dict[Field, Found | None] = {f: getattr(output, f.name) for f in fields}
    return {
        f: Stated(found.value, found.quote or None)
        for f, found in answers.items()
        if found is not None and found.value
    }


def given_twice(fields: Sequence[Field], output: BaseModel) -> list[str]:
    """The names of the fields for which the answer gives two values."""
    answers: dict[str, Found | None] = {f.name: getattr(output, f.name) for f in fields}
    return [name for name, found in answers.items() if found is not None and found.other is not None]


def row(fields: Sequence[Field], given: StepInput, output: BaseModel) -> dict[str, Any]:
    """The answer as values of the columns that `columns` declares."""
    stated = stated_in(fields, output)
    values = {f.name: f.typed(stated[f].value) if f in stated else None for f in fields}
    places = {
        f.name: locate(given.case, quote) or locate(given.case, value) for f, (value, quote) in stated.items()
    }
    return {**values, EVIDENCE.name: places}
