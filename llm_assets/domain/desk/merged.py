"""Merged steps: steps that read the same case and are asked in one request, in a queue with `merge_steps`. Pure.

The request has a step name of its own, made of the names of its members, and an answer with one object for each. Everything
else stays with the members: their tables, doubts, decisions and rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.step import Step, strict_schema
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.requests.request import JsonSchema

_JOINT = "-"
"""Between the names of the members; the name of a step has none."""
_VERSIONS = "+"
_TASKS = "Do these {count} tasks for the same case. Answer each in the object that has its name."


def members_of(step: str) -> tuple[str, ...]:
    """The steps that a request of this step answers."""
    return tuple(step.split(_JOINT))


def version_of(member: str, step: str, prompt_version: str) -> str:
    """The version of a member's own prompt, of an answer to a request of this step."""
    members, versions = members_of(step), prompt_version.split(_VERSIONS)
    return versions[members.index(member)] if len(members) == len(versions) > 1 else prompt_version


@dataclass(frozen=True)
class _MergedPrompt(Prompt):
    versions: tuple[str, ...] = ()

    @cached_property
    def version(self) -> str:
        return _VERSIONS.join(self.versions)


def merged(steps: Sequence[Step]) -> Step:
    """The step that asks for the answers of all these. They read documents only and share tier and prompt of the case.

    Raises ConfigurationError for steps that cannot be asked together.
    """
    first, names = steps[0], ", ".join(s.name for s in steps)
    if any(s.reads or s.tier is not first.tier or s.prompt.user != first.prompt.user for s in steps):
        raise ConfigurationError(f"steps {names} cannot be merged: they read or ask in different ways")
    outputs: dict[str, Any] = {s.name: (s.output, ...) for s in steps}  # pydantic's own notation
    output: type[BaseModel] = create_model("Merged", __config__=ConfigDict(extra="forbid"), **outputs)

    def variables(queue: Queue) -> dict[str, str]:
        return {key: value for s in steps for key, value in s.queue_variables(queue).items()}

    def narrowed(_: JsonSchema, queue: Queue) -> JsonSchema:
        return _schema_of({s.name: s.narrow(strict_schema(s.output), queue) for s in steps})

    return Step(
        name=_JOINT.join(s.name for s in steps),
        output=output,
        prompt=_prompt_of(steps),
        tier=first.tier,
        max_tokens=sum(s.max_tokens for s in steps),
        sees=any(s.sees for s in steps),
        skip=first.skip,
        parts=tuple(steps),
        queue_variables=variables,
        narrow=narrowed,
    )


def _prompt_of(steps: Sequence[Step]) -> Prompt:
    """The system parts under the names of their steps; a paragraph that an earlier part has too is written once."""
    said: set[str] = set()
    parts = [_TASKS.format(count=len(steps))]
    for step in steps:
        own = [p for p in step.prompt.system.split("\n\n") if p not in said]
        said.update(own)
        parts.append("\n\n".join([f"# {step.name}", *own]))
    versions = tuple(s.prompt.version for s in steps)
    return _MergedPrompt(
        _JOINT.join(s.name for s in steps), "\n\n".join(parts), steps[0].prompt.user, versions
    )


def _schema_of(parts: Mapping[str, JsonSchema]) -> JsonSchema:
    """One closed object with the parts as its properties, and their definitions at the top, where references look.

    Raises ConfigurationError for a name that two parts define in different ways.
    """
    shared: JsonSchema = {}
    for step, schema in parts.items():
        for name, definition in schema.get("$defs", {}).items():
            if shared.setdefault(name, definition) != definition:
                raise ConfigurationError(
                    f"step {step}: {name} is defined otherwise in a step it is merged with"
                )
    whole: JsonSchema = {
        "type": "object",
        "properties": {n: {k: v for k, v in s.items() if k != "$defs"} for n, s in parts.items()},
        "required": list(parts),
        "additionalProperties": False,
    }
    return {"$defs": shared, **whole} if shared else whole


@dataclass(frozen=True)
class Merging:
    """Which steps a queue with `merge_steps` asks together."""

    steps: tuple[Step, ...] = ()

    @cached_property
    def step(self) -> Step | None:
        return merged(self.steps) if len(self.steps) > 1 else None

    def asked(self, step: Step, queue: Queue) -> Step:
        """The step whose request answers this one in a queue."""
        together = self.step if queue.merge_steps else None
        return together if together is not None and step.name in members_of(together.name) else step
