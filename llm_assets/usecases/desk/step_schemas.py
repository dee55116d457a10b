"""Step schemas: those that the configured provider would refuse are refused before any mail is read."""

from collections.abc import Sequence
from contextlib import suppress

from llm_assets.domain.desk.merged import Merging
from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.desk.schema_rules import schema_problem
from llm_assets.domain.desk.step import Step, strict_schema
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Profile
from resources.providers.schemas import schema_rules
from resources.settings.environment import Settings, load_profile


def check_schemas(
    steps: Sequence[Step], queues: Queues, profile: Profile, merging: Merging = Merging()
) -> None:
    """Raises ConfigurationError that names the step, the queue if it is the queue's part, the place and the cure.

    One schema for each step and queue, about a tenth of a millisecond each.
    """
    check_whole_schemas(steps, profile)
    rules = schema_rules(profile)
    if rules is None:
        return
    for step in steps:
        whole = strict_schema(step.output)
        for queue in queues.queues:
            asked = merging.asked(step, queue)
            narrowed = asked.narrow(whole, queue)
            problem = schema_problem(narrowed, rules) if narrowed is not whole else None
            if problem is not None:
                raise _refused(f"step {step.name} for queue {queue.name}", profile, problem)


def check_whole_schemas(steps: Sequence[Step], profile: Profile) -> None:
    """The same before any queue is known."""
    rules = schema_rules(profile)
    if rules is None:
        return
    for step in steps:
        problem = schema_problem(strict_schema(step.output), rules)
        if problem is not None:
            raise _refused(f"step {step.name}", profile, problem)


def check_at_load(steps: Sequence[Step], settings: Settings) -> None:
    """When definitions are loaded. Where no profile can be read there is nothing to compare with: a run reports that."""
    profile: Profile | None = None
    with suppress(ConfigurationError):
        profile = load_profile(settings)
    if profile is not None:
        check_whole_schemas(steps, profile)


def _refused(what: str, profile: Profile, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what}: profile {profile.name} would refuse its output schema: {problem}; nothing was sent"
    )
