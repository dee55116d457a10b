"""Step `night_summary`: the report's opening lines, written from its numbers alone. One small online request a night."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.step import strict_schema
from llm_assets.domain.effort import Effort, with_room_to_think
from llm_assets.domain.profile import Profile, Tier
from llm_assets.domain.requests.request import Request

NAME = "night_summary"
PROMPT = Prompt.load(Path(__file__).with_name("prompt.md"))


class NightSummary(BaseModel):
    model_config = ConfigDict(extra="forbid")
    summary: str


def summary_request(numbers_json: str, profile: Profile) -> Request:
    """`numbers_json` is the report's numbers without any text from mails."""
    system, user = PROMPT.render({}, {"numbers": numbers_json})
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
