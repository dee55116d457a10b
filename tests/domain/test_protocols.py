"""The table of protocols: every name has a row, profiles take what they leave out."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Capabilities, Profile
from llm_assets.domain.protocol import (
    ANTHROPIC,
    OPENAI,
    PROTOCOLS,
    ProtocolName,
    WireProtocol,
    protocol_named,
)

ROWS = pytest.mark.parametrize("row", PROTOCOLS.values(), ids=lambda row: row.name)


def profile(protocol: object, **changes: Any) -> Profile:
    return Profile(**{"name": "house", "protocol": protocol, "models": {}, "limits": {}, **changes})


def test_every_name_that_a_profile_may_write_has_a_row() -> None:
    assert set(get_args(ProtocolName)) == set(PROTOCOLS)


def test_no_two_protocols_read_the_same_variable() -> None:
    names = [name for row in PROTOCOLS.values() for name in (row.key_env, row.base_url_env)]
    assert len(set(names)) == len(names)


@ROWS
def test_a_profile_takes_the_limits_of_a_batch_from_its_protocol(row: WireProtocol) -> None:
    limits = profile(row.name, limits={"online_concurrency": 9}).limits
    assert (limits.batch_requests, limits.batch_bytes) == (row.batch_requests, row.batch_bytes)
    assert limits.online_concurrency == 9
    own = profile(row.name, limits={"batch_requests": 7}).limits
    assert (own.batch_requests, own.batch_bytes) == (7, row.batch_bytes)


@pytest.mark.parametrize(
    ("protocol", "says", "keeps"),
    [
        ("openai", True, True),
        ("openai", False, False),
        ("anthropic", True, False),
        ("anthropic", False, False),
    ],
)
def test_metadata_is_trusted_only_where_protocol_and_provider_keep_it(
    protocol: str, says: bool, keeps: bool
) -> None:
    assert profile(protocol, capabilities=Capabilities(metadata=says)).keeps_metadata is keeps


def test_what_is_marked_is_what_writing_is_billed_for() -> None:
    assert (ANTHROPIC.marks_cache, OPENAI.marks_cache) == (True, False)


@pytest.mark.parametrize("name", ["telepathy", "OpenAI", "", None, 7, ["openai"]])
def test_a_name_without_a_row_is_refused_with_the_names_that_have_one(name: object) -> None:
    with pytest.raises(ConfigurationError, match="anthropic, openai"):
        protocol_named(name)
    with pytest.raises(ValidationError, match="anthropic, openai"):
        profile(name)


@pytest.mark.parametrize("routes", [{"flex": {}}, {"fast": {}}, {"window": {"8h": "0.6"}}], ids=str)
def test_a_route_that_calls_cannot_ask_for_is_refused(routes: dict[str, object]) -> None:
    models = dict.fromkeys(("cheap", "standard", "strong"), "m")
    for protocol, row in PROTOCOLS.items():
        given = {"protocol": protocol, "models": models, "routes": routes}
        if row.names_tiers:
            assert Profile.model_validate(given).sold
        else:
            with pytest.raises(ValidationError, match="cannot ask for window, flex or fast"):
                Profile.model_validate(given)
