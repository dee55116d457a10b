"""Schemas that the configured provider would refuse: refused by name before anything is read or sent."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import BaseModel

from llm_assets.definitions import build_defs
from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.desk.step import Step
from llm_assets.domain.errors import ConfigurationError
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.step_schemas import check_at_load, check_schemas
from resources.settings.environment import Settings, load_profile


class Prices(BaseModel):
    by_name: dict[str, float]


BROKEN: tuple[Step, ...] = (*STEPS, replace(STEPS[0], name="prices", output=Prices, columns=None))


def settings(home: Path, provider: str | None) -> Settings:
    return Settings(home=home, provider=provider)


def many(categories: int) -> Queues:
    listed = [{"name": f"category-{n}"} for n in range(categories)]
    return Queues.model_validate({"queues": [{"name": "bank", "default": True, "categories": listed}]})


MOST = 995
"""Each category is listed once, and so are the five words for a doubt: the 1,000 values that OpenAI takes."""


def test_a_queue_with_too_many_categories_is_named(tmp_path: Path) -> None:
    openai, anthropic = (load_profile(settings(tmp_path, name)) for name in ("openai", "anthropic"))
    check_schemas(STEPS, many(MOST), openai)
    check_schemas(STEPS, many(MOST + 1), anthropic)
    with pytest.raises(
        ConfigurationError, match="step categories for queue bank: profile openai .* fewer categories"
    ):
        check_schemas(STEPS, many(MOST + 1), openai)


@pytest.mark.parametrize("provider", ["openai", "anthropic", "emulator"])
def test_definitions_with_a_step_that_would_be_refused_do_not_load(tmp_path: Path, provider: str) -> None:
    found = settings(tmp_path, provider)
    words = f"step prices: profile {provider} would refuse its output schema: by_name: names of fields are left open"
    with pytest.raises(ConfigurationError, match=words):
        build_defs(desk=Desk(found, BROKEN), steps=BROKEN)


@pytest.mark.parametrize("provider", [None, "nobody"])
def test_without_a_profile_the_definitions_load_and_a_run_reports_it(
    tmp_path: Path, provider: str | None
) -> None:
    check_at_load(BROKEN, settings(tmp_path, provider))
