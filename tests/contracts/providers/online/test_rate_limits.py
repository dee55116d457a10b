"""What the providers' headers say of when they take the next call, alone and through the real SDKs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from llm_assets.domain.errors import TransientError
from resources.providers.rate_limits import rest_seconds, retry_after
from tests.support.providers.provider_kit import EVERY, OPENAI, Wire, adapter, request
from tests.support.providers.provider_server import Canned, Reply

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
SOON = "2026-11-21T01:00:30Z"
pytestmark = pytest.mark.usefixtures("key")


def anthropic(kind: str, remaining: str, reset: str) -> dict[str, str]:
    return {
        f"anthropic-ratelimit-{kind}-remaining": remaining,
        f"anthropic-ratelimit-{kind}-reset": reset,
        f"anthropic-ratelimit-{kind}-limit": "0",
    }


def openai(kind: str, remaining: str, reset: str) -> dict[str, str]:
    return {f"x-ratelimit-remaining-{kind}": remaining, f"x-ratelimit-reset-{kind}": reset}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        (anthropic("requests", "0", SOON), 30),
        (anthropic("output-tokens", "0", "2026-11-21T06:00:30+05:00"), 30),
        (anthropic("requests", "1", SOON), None),
        (anthropic("tokens", "0", "2026-11-21T00:59:00Z"), 0),
        (anthropic("tokens", "0", "2026-11-21T01:00:05Z") | anthropic("requests", "0", SOON), 30),
        (anthropic("tokens", "0", "soon"), None),
        ({"anthropic-ratelimit-requests-remaining": "0"}, None),
        (openai("requests", "0", "1s"), 1),
        (openai("tokens", "0", "6m0s"), 360),
        (openai("tokens", "0", "1h2m3.5s"), 3723.5),
        (openai("requests", "0", "250ms"), 0.25),
        (openai("requests", "0", "20"), 20),
        (openai("tokens", "12", "6m0s") | openai("requests", "0", "8s"), 8),
        (openai("tokens", "0", ""), None),
        ({"X-RateLimit-Remaining-Tokens": "0", "x-ratelimit-reset-tokens": "2s"}, 2),
    ],
)
def test_only_a_limit_that_is_used_up_makes_us_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert rest_seconds(headers, lambda: NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"} | openai("requests", "0", "1m0s"), 7),
        ({"retry-after": "Sat, 21 Nov 2026 01:00:09 GMT"}, 9),
        (openai("requests", "0", "1m0s"), 60),
        ({}, None),
    ],
)
def test_a_refusal_without_retry_after_is_dated_by_the_limit_it_met(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers, lambda: NOW) == seconds


def used_up(wire: Wire) -> dict[str, str]:
    if wire is OPENAI:
        return openai("requests", "0", "45s")
    return anthropic("requests", "0", (datetime.now(UTC) + timedelta(seconds=45)).isoformat())


def asked(wire: Wire, server: Canned, reply: Reply) -> Any:
    server.on(f"POST {wire.online}", reply)
    provider = adapter(wire.protocol, server.url)
    return provider.ask(provider.line(request(wire.protocol), "id-1"))


@EVERY
def test_an_answer_tells_that_it_was_the_last_one_for_now(wire: Wire, server: Canned) -> None:
    body = wire.online_answer('{"category": "card", "confidence": 1}')
    assert asked(wire, server, Reply(200, body)).rest_seconds is None
    told = asked(wire, server, Reply(200, body, used_up(wire))).rest_seconds
    assert told == pytest.approx(45, abs=5)


@EVERY
def test_a_rate_limit_tells_when_it_ends(wire: Wire, server: Canned) -> None:
    refused = Reply(429, wire.error("rate_limit_error", None), used_up(wire))
    with pytest.raises(TransientError) as caught:
        asked(wire, server, refused)
    assert caught.value.retry_after == pytest.approx(45, abs=5)
