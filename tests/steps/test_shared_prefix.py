"""The part that requests of a step and queue share is the same to the byte, or no provider's cache would serve it."""

import os
import subprocess
import sys
from typing import Any

import orjson
import pytest
import yaml

from llm_assets.domain.desk.queue import Queue, Queues
from llm_assets.domain.desk.step import Step
from llm_assets.domain.profile import Profile
from llm_assets.steps import STEPS
from resources.providers import provider_for
from tests.support.nights.step_cases import PROFILE, given
from tests.support.repository import CONFIG

QUEUES = Queues.model_validate(yaml.safe_load((CONFIG / "queues.yaml").read_text(encoding="utf-8"))).queues
UPSTREAM = {
    "categories": {"category": "thanks", "status": "ok", "needs_reply": True},
    "extracted_fields": {"topic": "card", "status": "ok", "language": "ru"},
}
MAILS = (
    ("Where is my card?", "It has not come."),
    ("Менің картам қайда?" * 30,),
    ("Спасибо!", "Всё решено.", "И ещё вопрос."),
)


@pytest.fixture(params=["openai", "anthropic", "gemini"])
def profile(request: pytest.FixtureRequest) -> Profile:
    return PROFILE.model_copy(update={"protocol": request.param, "name": request.param})


def shared(step: Step, queue: Queue, profile: Profile, mail: tuple[str, ...]) -> Any:
    """A request's line without its id and without its case."""
    asked = step.request(given(*mail, queue=queue, upstream=UPSTREAM), profile)
    line = provider_for(profile, timeout_seconds=1).line(asked, "id-1", cached=True)
    case = orjson.dumps(asked.user)
    assert line.count(case) == 1
    before, _, after = line.partition(case)
    return before, after


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_cases_of_a_queue_share_everything_but_the_case(step: Step, queue: Queue, profile: Profile) -> None:
    assert len({shared(step, queue, profile, mail) for mail in MAILS}) == 1


def test_queues_have_their_own_categories_in_prompt_and_schema(profile: Profile) -> None:
    [categories] = [step for step in STEPS if step.name == "categories"]
    assert len({shared(categories, queue, profile, MAILS[0]) for queue in QUEUES}) == len(QUEUES)


@pytest.mark.sampled(every=3)
def test_no_environment_or_set_order_gets_into_a_prefix(profile: Profile) -> None:
    """Two processes with different hash seeds render the same bytes."""
    script = (
        "from hashlib import sha256\n"
        "from tests.steps.test_shared_prefix import MAILS, PROFILE, QUEUES, STEPS, shared\n"
        f"profile = PROFILE.model_copy(update={{'protocol': '{profile.protocol}'}})\n"
        "found = [shared(s, q, profile, MAILS[0]) for s in STEPS for q in QUEUES]\n"
        "print(sha256(repr(found).encode()).hexdigest())\n"
    )

    def digest(seed: str) -> str:
        command = [sys.executable, "-c", script]
        environment = os.environ | {"PYTHONHASHSEED": seed}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    assert digest("1") == digest("2") != ""
