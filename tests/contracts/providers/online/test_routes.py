"""Flex and fast calls through the real SDK: what is asked for, what the answer names, and what a refusal means."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from llm_assets.domain.errors import MisconfiguredError, RouteFullError, TransientError
from llm_assets.domain.profile import FastRoute, FlexRoute, Mode, SoldRoutes
from llm_assets.domain.reason import Reason
from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.engine.ports.provider import Provider
from tests.support.providers.provider_kit import adapter, chat, generated, message, request
from tests.support.providers.provider_server import Canned, Reply

SOLD = SoldRoutes(flex=FlexRoute(timeout_seconds=5), fast=FastRoute())
CHAT = "POST /v1/chat/completions"
pytestmark = pytest.mark.usefixtures("key")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start(tmp_path_factory.mktemp("emulator"), latency=0.0)
    yield running
    running.stop()


def play(process: RunningEmulator, **scenario: Any) -> None:
    data = json.dumps(scenario).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{process.url}/_emulator/scenario", data)) as answer:
        assert answer.status == 200


def line(provider: Provider) -> bytes:
    return provider.line(request(provider.profile.protocol), "id-1")


def billed(provider: Provider, *modes: Mode) -> list[Mode | None]:
    return [provider.ask(line(provider), mode).billed_as for mode in modes]


def test_an_answer_is_billed_by_the_tier_that_served_it(process: RunningEmulator) -> None:
    provider = adapter("openai", process.url, routes=SOLD)
    asked = (Mode.ONLINE, Mode.FLEX, Mode.FAST)
    play(process)
    assert billed(provider, *asked) == list(asked)
    play(process, flex={"as_default": True})
    assert billed(provider, *asked) == [Mode.ONLINE, Mode.ONLINE, Mode.FAST]


def test_flex_without_room_is_asked_again_and_says_nothing_about_other_calls(
    process: RunningEmulator,
) -> None:
    provider = adapter("openai", process.url, routes=SOLD)
    play(process, flex={"refused": True, "times": 2})
    for _ in range(2):
        with pytest.raises(
            RouteFullError, match=r"no room on its cheaper route \(429 resource_unav"
        ) as refused:
            provider.ask(line(provider), Mode.FLEX)
        assert refused.value.reason is Reason.OVERLOADED
        assert billed(provider, Mode.ONLINE) == [Mode.ONLINE]
    assert billed(provider, Mode.FLEX) == [Mode.FLEX]


def test_each_route_waits_its_own_time(process: RunningEmulator) -> None:
    play(process, flex={"delay_seconds": 0.6})
    patient = adapter("openai", process.url, timeout=0.3, routes=SOLD)
    assert billed(patient, Mode.FLEX) == [Mode.FLEX]
    hasty = adapter("openai", process.url, routes=SoldRoutes(flex=FlexRoute(timeout_seconds=0.2)))
    with pytest.raises(RouteFullError, match="did not answer in time") as slow:
        hasty.ask(line(hasty), Mode.FLEX)
    assert slow.value.reason is Reason.TIMEOUT
    with pytest.raises(RouteFullError, match="did not answer in time"):
        patient.ask(line(patient), Mode.FLEX, 0.2)
    play(process, calls=[{"when": {"operation": "chat_completion"}, "delay_seconds": 0.6}])
    with pytest.raises(TransientError) as late:
        patient.ask(line(patient), Mode.ONLINE)
    assert not isinstance(late.value, RouteFullError)


def test_a_call_says_its_tier_only_where_the_profile_sells_it(server: Canned) -> None:
    server.on(CHAT, Reply(body=chat("{}")))
    modes = (Mode.ONLINE, Mode.FLEX, Mode.FAST)
    sells, plain = adapter("openai", server.url, routes=SOLD), adapter("openai", server.url)
    assert billed(sells, *modes) == [Mode.ONLINE, Mode.ONLINE, Mode.FAST], (
        "a tier that is not named is not flex"
    )
    for mode in modes:
        plain.ask(line(plain), mode)
    tiers = [json.loads(asked.body).get("service_tier") for asked in server.calls(CHAT)]
    assert tiers == [None, "flex", "priority", None, None, None]


@pytest.mark.parametrize(
    ("named", "expected"),
    [("default", Mode.ONLINE), ("scale", Mode.ONLINE), ("priority", Mode.FAST), ("flex", Mode.FLEX)],
)
def test_the_answers_word_counts_and_not_ours(server: Canned, named: str, expected: Mode) -> None:
    server.on(CHAT, Reply(body={**chat("{}"), "service_tier": named}))
    provider = adapter("openai", server.url, routes=SOLD)
    assert billed(provider, Mode.ONLINE, Mode.FLEX, Mode.FAST) == [expected] * 3


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, {"message": "Resource Unavailable", "type": "resource_unavailable"}, RouteFullError),
        (429, {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}, TransientError),
        (503, {"message": "overloaded", "type": "server_error"}, TransientError),
        (
            400,
            {"message": "Unsupported service_tier: flex", "type": "invalid_request_error"},
            MisconfiguredError,
        ),
    ],
)
def test_what_a_refusal_of_a_flex_call_means(
    server: Canned, status: int, error: dict[str, str], kind: type[Exception]
) -> None:
    server.on(CHAT, Reply(status, {"error": error}))
    provider = adapter("openai", server.url, routes=SOLD)
    with pytest.raises(kind) as refused:
        provider.ask(line(provider), Mode.FLEX)
    assert type(refused.value) is kind
    assert len(server.calls(CHAT)) == 1, "the SDK asks only once"
    if kind is MisconfiguredError:
        assert "service_tier: set `routes` without `flex`" in str(refused.value)


@pytest.mark.parametrize(
    ("tier", "expected"), [("standard", Mode.ONLINE), ("priority", Mode.FAST), (None, Mode.ONLINE)]
)
def test_who_sells_no_cheaper_call_is_never_billed_as_one(
    server: Canned, tier: str | None, expected: Mode
) -> None:
    said = message([{"type": "text", "text": "{}"}])
    said["usage"]["service_tier"] = tier
    server.on("POST /v1/messages", Reply(body=said))
    provider = adapter("anthropic", server.url)
    assert billed(provider, Mode.ONLINE, Mode.FLEX) == [expected] * 2
    path = f"POST /v1beta/models/{request('gemini').model}:generateContent"
    server.on(path, Reply(body=generated("{}")))
    assert billed(adapter("gemini", server.url), Mode.FLEX) == [Mode.ONLINE]
