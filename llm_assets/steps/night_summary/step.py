"""Step `night_summary`: the report's opening lines, smoothed from sentences made by rule. One small online request a night."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from llm_assets.domain.desk.prompt import Prompt, fenced
from llm_assets.domain.desk.step import strict_schema
from llm_assets.domain.effort import Effort, with_room_to_think
from llm_assets.domain.profile import Profile, Tier
from llm_assets.domain.requests.request import Request

NAME = "night_summary"
PROMPT = Prompt.load(Path(__file__).with_name("prompt.md"))


class NightSummary(BaseModel):
    model_config = ConfigDict(extra="forbid")
    summary: str


def summary_request(sentences: Sequence[str], numbers_json: str, profile: Profile) -> Request:
    """`sentences` are the opening lines made by rule and `numbers_json` their numbers; both without text from mails."""
    system, user = PROMPT.render(
        {}, {"sentences": fenced("\n".join(sentences)), "numbers": fenced(numbers_json)}
    )
    effort = profile.effort_of(NAME, Effort.NONE, Tier.STANDARD)
    return Request(
        step=NAME,
        model=profile.models[Tier.STANDARD],
        tier=Tier.STANDARD,
        system=system,
        user=user,
        schema=strict_schema(NightSummary),
        max_tokens=with_room_to_think(4096, effort, profile.limits.output_tokens),
        prompt_version=PROMPT.version,
        effort=effort,
    )
