"""Class limits: how well every single class of labelled records has to do, as the file limits.yaml beside them says.

Pure: decides which classes are below their limit. The limits over all records are in `usecases/control_set.py`.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from llm_assets.engine.answers.evaluate import Evaluation, worst
from llm_assets.engine.answers.scores import Score

Share = Annotated[float, Field(ge=0, le=1)]


class GroupLimits(BaseModel):
    """The limits of one way to divide the records."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    least: Share
    """Share of right ones among the judged that every class needs."""
    decided: Share = 0.34
    """Share of the records that must not be left to a person without need: nothing is wrong where nothing is decided."""
    of: dict[str, Share] = {}
    """Classes with a limit of their own."""

    def of_class(self, name: str) -> float:
        return self.of.get(name, self.least)


class ClassLimits(BaseModel):
    """The content of limits.yaml. A group that it leaves out has these limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    from_records: int = Field(default=3, ge=1)
    """A class with fewer judged records is shown, not judged: one mistake would be half of it."""
    categories: GroupLimits = GroupLimits(least=0.65)
    languages: GroupLimits = GroupLimits(least=0.8)
    hard: GroupLimits = GroupLimits(least=0.6)
    doubts: GroupLimits = GroupLimits(least=0.5)
    fields: GroupLimits = GroupLimits(least=0.7)

    def below(self, found: Evaluation) -> Mapping[str, tuple[str, ...]]:
        """By group, a sentence for each class below its limit, worst first."""
        groups = groups_of(found)
        limits: Mapping[str, GroupLimits] = {name: getattr(self, name) for name in groups}
        return {
            name: tuple(_below(scores, limits[name], self.from_records)) for name, scores in groups.items()
        }

    def unknown(self, found: Evaluation) -> Iterator[str]:
        """Classes that the limits name and no record has."""
        for group, scores in groups_of(found).items():
            yield from (f"{group}: {name}" for name in getattr(self, group).of if name not in scores)


def groups_of(found: Evaluation) -> Mapping[str, Mapping[str, Score]]:
    return {
        "categories": found.categories,
        "languages": found.languages,
        "hard": found.hard,
        "doubts": found.doubts,
        "fields": found.fields.by_field,
    }


def _below(scores: Mapping[str, Score], limits: GroupLimits, from_records: int) -> Iterator[str]:
    for name, score in worst(scores):
        least = limits.of_class(name)
        if score.judged >= from_records and score.accuracy is not None and score.accuracy < least:
            yield f"{name}: {score.right} of {score.judged} right, at least {least:.0%} expected"
        elif score.labelled >= from_records and score.judged < limits.decided * score.labelled:
            yield f"{name}: {score.judged} of {score.labelled} decided, at least {limits.decided:.0%} expected"
