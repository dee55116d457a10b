"""One adapter per wire protocol. What belongs here is the choice between them; SDKs are imported inside methods."""

from typing import assert_never

from llm_assets.domain.profile import Profile
from llm_assets.engine.ports.ledger import Provider
from resources.providers.bodies import Show, none_to_show


def provider_for(
    profile: Profile, *, timeout_seconds: float, strict: bool = False, show: Show = none_to_show
) -> Provider:
    """The adapter that speaks the profile's protocol. Needs no key until its first call.

    `strict` makes the SDK validate every answer, which is how an emulator or a gateway is tested; `show` reads the scans
    that requests show. Raises ConfigurationError for a protocol that is not known.
    """
    name = profile.wire.name
    match name:
        case "anthropic":
            from resources.providers.anthropic.adapter import AnthropicProvider

            return AnthropicProvider(profile, timeout_seconds=timeout_seconds, strict=strict, show=show)
        case "openai":
            from resources.providers.openai.adapter import OpenAIProvider

            return OpenAIProvider(profile, timeout_seconds=timeout_seconds, strict=strict, show=show)
        case _:
            assert_never(name)
