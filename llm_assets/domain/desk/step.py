"""A step: one LLM task as a value, and the request it makes for a case. The tasks themselves are in `steps/`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from llm_assets.domain.desk.live_text import LiveText
from llm_assets.domain.desk.model_choice import Choice, choose, facts_of, shown_scans
from llm_assets.domain.desk.prompt import SCANS_NOTE, Prompt, render_case, render_remarks
from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.tables import Column, Row, Table, columns_of, step_table
from llm_assets.domain.digest import digest
from llm_assets.domain.effort import Effort, most, with_room_to_think
from llm_assets.domain.mail.document import Case
from llm_assets.domain.profile import Efforts, Profile, Tier
from llm_assets.domain.requests.outcome import Status
from llm_assets.domain.requests.request import JsonSchema, Picture, Request
from llm_assets.domain.traffic.lanes import ReadingRules


@dataclass(frozen=True)
class StepInput:
    """What a step may use: the case, its queue, and the case's rows from the steps it reads."""

    case: Case
    queue: Queue
    upstream: Mapping[str, Row]
    reading: ReadingRules = field(default_factory=ReadingRules)
    unshown: str | None = ""
    """Why no model may be shown the scans that OCR could not read; None when one may."""
    remarks: tuple[str, ...] = ()
    """What people said who sent this step's earlier answers back, oldest first."""

    @property
    def rendered_remarks(self) -> str:
        """The remarks as they follow the case's text in a request."""
        return render_remarks(self.remarks)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a person should look. `reason` is for counting, `detail` for reading; neither holds personal data."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a step sends nothing for a case: the status of its row, and the doubt if there is one.

    `made` is what a rule answers in place of a model, by column of the step; most rules answer nothing.
    """

    status: Status
    doubt: Doubt | None = None
    made: Mapping[str, Any] | None = None

    @property
    def replaces_model(self) -> bool:
        """Whether a rule answers or doubts in place of a model, rather than another step having left nothing to do."""
        return self.made is not None or self.doubt is not None


def _always(_: StepInput) -> Skip | None:
    return None


def _unchanged(schema: JsonSchema, _: Queue) -> JsonSchema:
    return schema


def _nothing(_: StepInput) -> dict[str, str]:
    return {}


def _queue_nothing(_: Queue) -> dict[str, str]:
    return {}


def _certain(_: StepInput, __: BaseModel) -> Doubt | None:
    return None


def _nothing_follows(_: StepInput, __: Row) -> dict[str, Any]:
    return {}


def _fields(_: StepInput, output: BaseModel) -> dict[str, Any]:
    return output.model_dump(mode="json")


@dataclass(frozen=True)
class Step:
    """One LLM task. Only `name`, `output` and `prompt` are required; the other defaults fit most tasks."""

    name: str
    output: type[BaseModel]
    prompt: Prompt
    description: str = ""
    reads: tuple[str, ...] = ()
    """Steps whose rows it needs, besides the documents."""
    tier: Tier = Tier.CHEAP
    """The model for clean text; a hard case may be read by a stronger one."""
    effort: Efforts = Effort.NONE
    """How hard the model thinks: the least that the task needs. A profile may change it."""
    max_tokens: int = 2048
    """Of the answer; a request's limit also leaves room for thinking."""
    sees: bool = False
    """Whether its model is shown the scans that OCR could not read, if queue and profile allow that."""
    skip: Callable[[StepInput], Skip | None] = _always
    """Returns a Skip when the step does not apply to the case, and None when it does."""
    queue_variables: Callable[[Queue], dict[str, str]] = _queue_nothing
    how_asked: tuple[str, ...] = ()
    """Case variables with words of the queue's file: an edit of them is no change of the case."""
    once_input: tuple[str, ...] = ()
    """Those of them that input hashes held in former versions."""
    case_variables: Callable[[StepInput], dict[str, str]] = _nothing
    narrow: Callable[[JsonSchema, Queue], JsonSchema] = _unchanged
    """Limits the schema to what a queue allows, e.g. to its categories as an enum."""
    doubt: Callable[[StepInput, BaseModel], Doubt | None] = _certain
    row: Callable[[StepInput, BaseModel], dict[str, Any]] = _fields
    """The answer as columns of the step's table; the default is one column per field."""
    follows: Callable[[StepInput, Row], dict[str, Any]] = _nothing_follows
    """Columns that are derived from values a person has decided, e.g. from a category whether it needs a reply."""
    columns: tuple[Column, ...] | None = None
    """The columns `row` fills; None means one per field of the output model."""
    live: Callable[[StepInput], LiveText] | None = None
    """The text of its answer that a caller may read while it is written; None where the answer counts only as a whole."""
    parts: tuple["Step", ...] = ()
    """The steps that it asks for in one request; none for a step of its own."""

    @property
    def table(self) -> Table:
        return step_table(self.name, self._own_columns)

    @property
    def answer_columns(self) -> tuple[str, ...]:
        """The names of the columns that `row` fills."""
        return tuple(c.name for c in self._own_columns)

    @property
    def _own_columns(self) -> tuple[Column, ...]:
        return self.columns if self.columns is not None else columns_of(self.output)

    @property
    def code_version(self) -> str:
        """Digest of prompt, schema, model tier and effort; when it changes, existing answers are out of date."""
        efforts = [] if self.effort == Effort.NONE else [self.effort]
        asked = [self.prompt.version, strict_schema(self.output), self.max_tokens, self.tier, *efforts]
        return digest(asked)[:12]

    def input_hash(self, given: StepInput) -> str:
        """Digest of the case, of the rows the step reads from other steps and of what people remarked on earlier answers, but
        not of how it is asked.

        Where former versions took more for input, the digest that they made follows after a slash, so that a night which
        they closed is known again: `Work.has_input_of`.
        """
        variables = self.case_variables(given)
        own = {name: text for name, text in variables.items() if name not in self.how_asked}
        once = own | {name: variables[name] for name in self.once_input}
        said = [list(given.remarks)] if given.remarks else []
        hashes = [digest([self.name, given.case.content_hash, each, *said]) for each in (own, once)]
        return "/".join(hashes if self.once_input else hashes[:1])

    def wording(self, queue: Queue, profile: Profile) -> str:
        """Digest of everything in a request for this queue except the case."""
        return digest(
            [
                self.name,
                sorted(profile.models.items()),
                self.max_tokens,
                self.prompt.system,
                self.prompt.user,
                self.queue_variables(queue),
                self.narrow(strict_schema(self.output), queue),
                [self.effort_at(profile, tier) for tier in Tier],
            ]
        )

    def choice(self, given: StepInput) -> Choice:
        """Which model reads this case, and why."""
        unshown = given.unshown if self.sees else ""
        return choose(facts_of(given.case, given.reading), given.reading, self.tier, unshown)

    def effort_at(self, profile: Profile, tier: Tier) -> Effort | None:
        """How hard the tier's model thinks about it; None where requests do not say it."""
        if self.parts:
            return most(part.effort_at(profile, tier) for part in self.parts)
        return profile.effort_of(self.name, self.effort, tier)

    def pictures(self, given: StepInput) -> tuple[Picture, ...]:
        """The scans of this case that the model is shown."""
        return shown_scans(given.case, given.reading, given.unshown) if self.sees else ()

    def request(
        self,
        given: StepInput,
        profile: Profile,
        case_text: str | None = None,
        hide: Callable[[str], str] = str,
    ) -> Request:
        """The step rendered for one case.

        `case_text` replaces the plain text and what follows it by their masked form; `hide` masks the same values in the rows of earlier steps.
        """
        variables = {name: hide(value) for name, value in self.case_variables(given).items()}
        system, user = self.prompt.render(
            self.queue_variables(given.queue),
            {"case": case_text or render_case(given.case) + given.rendered_remarks, **variables},
        )
        tier, pictures = self.choice(given).tier, self.pictures(given)
        tier = tier if tier in profile.models else self.tier
        effort = self.effort_at(profile, tier)
        return Request(
            step=self.name,
            model=profile.models[tier],
            tier=tier,
            system=system,
            user=f"{user}\n\n{SCANS_NOTE}" if pictures else user,
            schema=self.narrow(strict_schema(self.output), given.queue),
            max_tokens=with_room_to_think(self.max_tokens, effort, profile.limits.output_tokens),
            prompt_version=self.prompt.version,
            pictures=pictures,
            effort=effort,
        )


@lru_cache(maxsize=256)
def strict_schema(model: type[BaseModel]) -> JsonSchema:
    """The model's JSON schema in the form of strict structured output: closed objects, every property required.

    Bounds and defaults are dropped (providers refuse some of them); the pydantic model checks them afterwards. The result
    is cached, because building it takes 0.3 ms: copy it before changing it.
    """
    schema: JsonSchema = _strict(model.model_json_schema())
    return schema


_DROPPED = {
    "title",
    "default",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
}


def _strict(node: Any) -> Any:  # a JSON schema node: object, list or scalar
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "properties" not in node:
        return {k: _strict(v) for k, v in node.items() if k not in _DROPPED}
    kept = {k: _strict(v) for k, v in node.items() if k not in _DROPPED | {"properties"}}
    properties = {name: _strict(spec) for name, spec in node["properties"].items()}
    return {**kept, "properties": properties, "required": list(properties), "additionalProperties": False}
