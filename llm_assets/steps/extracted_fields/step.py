"""Step `extracted_fields`: the facts that a case states, each with its place in the text. `fields.py` lists the facts."""

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.step import Step
from llm_assets.domain.requests.request import JsonSchema
from llm_assets.steps.extracted_fields.answer import answer_schema, columns, output_model, prompt_lines, row
from llm_assets.steps.extracted_fields.doubts import doubt
from llm_assets.steps.extracted_fields.fields import FIELDS, Field, closed_to
from llm_assets.steps.readable import unreadable


def fields_of(fields: Sequence[Field], queue: Queue) -> tuple[Field, ...]:
    """The fields as this queue asks them: a department is one of its own."""
    return closed_to(fields, _departments(queue))


def _departments(queue: Queue) -> tuple[str, ...]:
    return tuple(sorted({c.department for c in queue.categories if c.department}))


def _narrow(fields: tuple[Field, ...], _: JsonSchema, queue: Queue) -> JsonSchema:
    return _schema(fields, _departments(queue))


@lru_cache(maxsize=256)
def _schema(fields: tuple[Field, ...], departments: tuple[str, ...]) -> JsonSchema:
    """One per list of departments, not one per request: planning a night asks for it ten thousand times."""
    return answer_schema(closed_to(fields, departments))


def step_for(fields: Sequence[Field]) -> Step:
    """The step that extracts these fields."""
    return Step(
        name="extracted_fields",
        description="The facts each case states: numbers, dates, names, amounts, and where in the text they stand.",
        output=output_model(fields),
        prompt=Prompt.load(Path(__file__).with_name("prompt.md")).completed(fields=prompt_lines(fields)),
        max_tokens=4096,
        sees=True,
        skip=unreadable,
        narrow=partial(_narrow, tuple(fields)),
        doubt=partial(doubt, fields),
        row=partial(row, fields),
        columns=columns(fields),
    )


EXTRACTED_FIELDS = step_for(FIELDS)
