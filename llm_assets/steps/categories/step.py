"""Step `categories`: the model chooses one of the queue's categories. A doubtful choice goes to a person."""

from pathlib import Path
from typing import Any, Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field, model_validator

from llm_assets.domain.desk.closed_list import closed_list
from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.step import Doubt, Step, StepInput
from llm_assets.domain.desk.tables import Column, Row
from llm_assets.domain.requests.request import JsonSchema
from llm_assets.steps.readable import unreadable

DoubtWord = Literal["none", "two_fit", "several_matters", "too_little", "none_fits"]


class Categorised(BaseModel):
    # The reason comes before the choice it leads to. No docstring: it would be in the schema, and paid for.
    model_config = ConfigDict(extra="forbid")
    reason: str
    category: str
    confidence: float = Field(ge=0, le=1)
    runner_up: str | None
    doubt: DoubtWord

    @model_validator(mode="before")
    @classmethod
    def _in_former_words(
        cls, given: Any
    ) -> Any:  # what a provider or the ledger holds; the fields decide about it
        """Answers of closed nights have `ambiguous`, true or false, where `doubt` is now."""
        if not isinstance(given, dict) or "doubt" in given or not isinstance(given.get("ambiguous"), bool):
            return given
        kept = {name: value for name, value in given.items() if name != "ambiguous"}
        if not given["ambiguous"]:
            return {**kept, "doubt": "none"}
        return {**kept, "doubt": "two_fit" if kept.get("runner_up") is not None else "too_little"}


COLUMNS = (
    Column("category", "VARCHAR", "One of the queue's categories"),
    Column("confidence", "DOUBLE", "0 to 1, as the model states it"),
    Column("runner_up", "VARCHAR", "Second best category"),
    Column("needs_reply", "BOOLEAN", "Whether the category asks for a reply"),
    Column("reason", "VARCHAR", "Why, in one sentence without personal data"),
)


def _queue_variables(queue: Queue) -> dict[str, str]:
    return {"categories": "\n".join(f"- {c.name}: {c.description}" for c in queue.categories)}


def _narrow(schema: JsonSchema, queue: Queue) -> JsonSchema:
    return closed_list(schema, "Category", [c.name for c in queue.categories], "category", "runner_up")


def _row(given: StepInput, output: BaseModel) -> dict[str, Any]:
    assert isinstance(output, Categorised)
    category = given.queue.category(output.category)
    return {
        "category": output.category,
        "confidence": output.confidence,
        "runner_up": output.runner_up,
        "needs_reply": category.needs_reply if category is not None else None,
        "reason": output.reason,
    }


def _follows(given: StepInput, decided: Row) -> dict[str, Any]:
    category = given.queue.category(str(decided.get("category")))
    return {"needs_reply": category.needs_reply} if category is not None else {}


def _doubt(given: StepInput, output: BaseModel) -> Doubt | None:
    """The doubt that the model names goes to a person under its own word, however sure the answer is."""
    assert isinstance(output, Categorised)
    if given.queue.category(output.category) is None:
        return Doubt("unknown_category", "the answer names a category the queue does not have")
    readings = [output.category]
    if output.runner_up not in (None, output.category) and given.queue.category(str(output.runner_up)):
        readings.append(str(output.runner_up))
    match output.doubt:
        case "none":
            return _unsure(given.queue, output)
        case "two_fit":
            return Doubt(output.doubt, " or ".join(readings))
        case "several_matters":
            return Doubt(output.doubt, " and ".join(readings))
        case "too_little" | "none_fits":
            return Doubt(output.doubt, f"nearest: {' or '.join(readings)}")
        case _:
            assert_never(output.doubt)


def _unsure(queue: Queue, output: Categorised) -> Doubt | None:
    if output.confidence >= queue.review_below:
        return None
    return Doubt("low_confidence", f"{output.confidence:.2f} for {output.category}")


CATEGORIES = Step(
    name="categories",
    description="One of the queue's categories for each case, with confidence, runner-up and reason.",
    output=Categorised,
    prompt=Prompt.load(Path(__file__).with_name("prompt.md")),
    max_tokens=2048,
    sees=True,
    skip=unreadable,
    queue_variables=_queue_variables,
    narrow=_narrow,
    doubt=_doubt,
    row=_row,
    follows=_follows,
    columns=COLUMNS,
)
