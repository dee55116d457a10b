"""One folder per wire protocol, and the choice between them. Modules here serve all protocols and know none.

SDKs are imported inside methods, so that a command that calls no provider does not load them.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, assert_never

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.profile import Profile
from llm_assets.engine.ports.provider import Provider
from resources.providers.bodies import Show, none_to_show

if TYPE_CHECKING:
    from resources.providers.sdk import SdkProvider


def provider_for(
    profile: Profile,
    *,
    timeout_seconds: float,
    strict: bool = False,
    show: Show = none_to_show,
    clock: Clock = system_clock,
    calls_end: datetime | None = None,
) -> Provider:
    """The adapter for the profile's protocol. It needs no key until its first call.

    `strict` makes the SDK validate every answer, to test an emulator or a gateway; `show` reads the scans of requests;
    `clock` is what times in a list of batches are compared with; no call waits for an answer beyond `calls_end`.
    Raises ConfigurationError for an unknown protocol.
    """
    name = profile.wire.name
    adapter: type[SdkProvider[Any]]
    match name:
        case "anthropic":
            from resources.providers.anthropic.adapter import AnthropicProvider

            adapter = AnthropicProvider
        case "openai":
            from resources.providers.openai.adapter import OpenAIProvider

            adapter = OpenAIProvider
        case "gemini":
            from resources.providers.gemini.adapter import GeminiProvider

            adapter = GeminiProvider
        case _:
            assert_never(name)
    return adapter(
        profile, timeout_seconds=timeout_seconds, strict=strict, show=show, clock=clock, calls_end=calls_end
    )
