"""The factory gives every protocol its own adapter, and no adapter to a protocol that it does not know."""

import dataclasses

import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.protocol import OPENAI, PROTOCOLS
from resources.providers import provider_for
from tests.support.providers.provider_kit import EVERY, profile


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_has_an_adapter_of_its_own(protocol: str) -> None:
    made = provider_for(profile(protocol, None), timeout_seconds=1)
    assert type(made).__module__.startswith(f"resources.providers.{protocol}")


def test_an_unknown_protocol_is_an_error_and_not_another_protocols_adapter() -> None:
    unknown = profile("openai", None).model_copy(update={"protocol": "telepathy", "name": "house"})
    with pytest.raises(ConfigurationError, match=r"house.*'telepathy'.*anthropic, openai"):
        provider_for(unknown, timeout_seconds=1)


def test_a_row_without_an_adapter_is_an_error_and_not_another_protocols_adapter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = dataclasses.replace(OPENAI, name="telepathy")
    monkeypatch.setattr("llm_assets.domain.protocol.PROTOCOLS", {**PROTOCOLS, "telepathy": row})
    with pytest.raises(AssertionError, match="'telepathy'"):
        provider_for(profile("openai", None).model_copy(update={"protocol": "telepathy"}), timeout_seconds=1)


def test_the_suites_of_wire_forms_run_over_every_protocol() -> None:
    assert {wire.protocol for wire in EVERY.args[1]} == set(PROTOCOLS)
