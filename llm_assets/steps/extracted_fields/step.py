"""Step `extracted_fields`: the facts that a case states, each with its place in the text. `fields.py` lists the facts."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.step import Step
from llm_assets.domain.effort import Effort
from llm_assets.domain.profile import Tier
from llm_assets.steps.extracted_fields.answer import columns, narrowed, output_model, prompt_lines, row
from llm_assets.steps.extracted_fields.doubts import doubt
from llm_assets.steps.extracted_fields.fields import FIELDS, Field
from llm_assets.steps.readable import unreadable


def step_for(fields: Sequence[Field]) -> Step:
    """The step that extracts these fields."""
    return Step(
        name="extracted_fields",
        description="The facts each case states: numbers, dates, names, amounts, and where in the text they stand.",
        output=output_model(fields),
        prompt=Prompt.load(Path(__file__).with_name("prompt.md")).completed(fields=prompt_lines(fields)),
        effort={Tier.CHEAP: Effort.NONE, Tier.STANDARD: Effort.NONE, Tier.STRONG: Effort.LOW},
        max_tokens=4096,
        sees=True,
        skip=unreadable,
        narrow=partial(narrowed, tuple(fields)),
        doubt=partial(doubt, fields),
        row=partial(row, fields),
        columns=columns(fields),
    )


EXTRACTED_FIELDS = step_for(FIELDS)
