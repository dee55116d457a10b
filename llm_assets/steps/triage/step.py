"""Step `triage`: one cheap question about a new mail that no rule calls urgent: can it wait for its night?

It is asked where a queue says `triage: true`, as the mail lands, and is none of the steps of a night. What follows from its
answer is decided in `usecases/mail/triage.py`.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.step import Step
from llm_assets.steps.readable import unreadable

Reason = Literal["danger", "theft", "locked_out", "outage", "due_today", "can_wait"]


class Triaged(BaseModel):
    # The reason comes before the choice it leads to. No docstring: it would be in the schema, and paid for.
    model_config = ConfigDict(extra="forbid")
    reason: Reason
    urgent: bool


TRIAGE = Step(
    name="triage",
    description="Whether a mail that no rule calls urgent can wait for its night, and why not.",
    output=Triaged,
    prompt=Prompt.load(Path(__file__).with_name("prompt.md")),
    max_tokens=128,
    skip=unreadable,
)
