"""One adapter per wire protocol. What belongs here is the choice between them; SDKs are imported inside methods."""

from typing import assert_never

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Profile
from llm_assets.domain.protocol import problem_of
from llm_assets.engine.ports.ledger import Provider
from resources.providers.wire import Show, none_to_show


def provider_for(
    profile: Profile, *, timeout_seconds: float, strict: bool = False, show: Show = none_to_show
) -> Provider:
    """The adapter that speaks the profile's protocol. Needs no key until its first call.

    `strict` makes the SDK validate every answer, which is how an emulator or a gateway is tested; `show` reads the scans
    that requests show. Raises ConfigurationError for a protocol that is not known.
    """
    problem = problem_of(profile.protocol)
    if problem is not None:
        raise ConfigurationError(f"profile {profile.name}: {problem}")
    match profile.protocol:
        case "anthropic":
            from resources.providers.anthropic import AnthropicProvider

            return AnthropicProvider(profile, timeout_seconds=timeout_seconds, strict=strict, show=show)
        case "openai":
            from resources.providers.openai import OpenAIProvider

            return OpenAIProvider(profile, timeout_seconds=timeout_seconds, strict=strict, show=show)
        case _:
            assert_never(profile.protocol)
