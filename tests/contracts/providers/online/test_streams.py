"""Answers that are heard while they are written, through the real SDKs, against the emulator."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from llm_assets.domain.errors import PermanentError, TransientError
from llm_assets.domain.profile import Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.outcome import LEFT, Outcome
from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.engine.ports.provider import Provider
from tests.support.providers.provider_kit import adapter, fresh_adapter, request
from tests.support.providers.provider_server import Canned, Reply

STREAMED = pytest.mark.parametrize("protocol", ["openai", "anthropic"])
pytestmark = pytest.mark.usefixtures("key")


@dataclass
class Ear:
    patience: int = 1_000_000
    """Pieces after which it leaves."""
    heard: list[str] = field(default_factory=list)

    @property
    def left(self) -> bool:
        return len(self.heard) >= self.patience

    def hear(self, text: str) -> None:
        self.heard.append(text)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start(tmp_path_factory.mktemp("emulator"), latency=0.0)
    yield running
    running.stop()


def play(process: RunningEmulator, **scenario: Any) -> None:
    data = json.dumps(scenario).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{process.url}/_emulator/scenario", data)) as answer:
        assert answer.status == 200


def closed_streams(process: RunningEmulator) -> int:
    with urllib.request.urlopen(f"{process.url}/_emulator/stats") as answer:
        return int(json.load(answer)["calls"].get("streams_closed", 0))


def line(provider: Provider) -> bytes:
    return provider.line(request(provider.profile.protocol), "id-1")


@pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini"])
def test_a_heard_answer_is_the_one_that_comes_whole(process: RunningEmulator, protocol: str) -> None:
    play(process, streams={"characters": 5})
    provider, ear = adapter(protocol, process.url), Ear()
    whole = provider.ask(line(provider))
    heard = provider.ask_streaming(line(provider), Mode.ONLINE, ear)
    assert heard == whole
    assert heard.unmetered is None
    if protocol == "gemini":
        assert ear.heard == [], "it answers whole"
    else:
        assert len(ear.heard) > 3
        assert "".join(ear.heard) == whole.text


@STREAMED
@pytest.mark.parametrize("outcome", ["refusal", "cut", "empty", "thinking_cut", "invalid_json"])
def test_what_is_wrong_with_an_answer_is_the_same_when_it_is_heard(
    process: RunningEmulator, protocol: str, outcome: str
) -> None:
    play(process, requests=[{"outcome": outcome}])
    provider = adapter(protocol, process.url)
    assert provider.ask_streaming(line(provider), Mode.ONLINE, Ear()) == provider.ask(line(provider))


@STREAMED
def test_a_listener_that_leaves_ends_the_call_and_is_billed_by_estimate(
    process: RunningEmulator, protocol: str
) -> None:
    play(process, streams={"characters": 1, "pause_seconds": 0.01})
    provider, ear, before = adapter(protocol, process.url), Ear(patience=3), closed_streams(process)
    answer = provider.ask_streaming(line(provider), Mode.ONLINE, ear)
    assert (answer.outcome, answer.detail, answer.text) == (Outcome.CANCELLED, LEFT, "")
    assert answer.unmetered == len("".join(ear.heard)) == 3
    assert answer.usage.output_tokens == 0
    assert (answer.usage.input_tokens > 0) == (protocol == "anthropic"), "it names the prompt's at the start"
    while closed_streams(process) == before:
        pass


@STREAMED
@pytest.mark.parametrize("fault", [{"break_after": 4}, {"fail_after": 4}])
def test_a_stream_that_breaks_is_asked_again(
    process: RunningEmulator, protocol: str, fault: dict[str, int]
) -> None:
    play(process, streams={"characters": 1, **fault})
    provider = adapter(protocol, process.url)
    with pytest.raises(TransientError) as broken:
        provider.ask_streaming(line(provider), Mode.ONLINE, Ear())
    assert broken.value.reason in (Reason.SERVER_ERROR, Reason.OVERLOADED)


@STREAMED
def test_a_server_that_does_not_stream_is_heard_of_in_the_end(
    process: RunningEmulator, protocol: str
) -> None:
    play(process, streams={"whole": True})
    provider, ear = fresh_adapter(protocol, process.url), Ear()
    assert provider.ask_streaming(line(provider), Mode.ONLINE, ear) == provider.ask(line(provider))
    assert ear.heard == []


def test_a_server_that_refuses_a_stream_is_asked_for_the_whole(process: RunningEmulator) -> None:
    play(process, streams={"refused": True})
    provider, ear = adapter("openai", process.url), Ear()
    assert provider.ask_streaming(line(provider), Mode.ONLINE, ear) == provider.ask(line(provider))
    assert ear.heard == []


@pytest.mark.parametrize(("code", "asked"), [("content_filter", 1), ("something", 2)])
def test_content_that_is_refused_is_not_sent_again(server: Canned, code: str, asked: int) -> None:
    error = {"message": "no", "type": "invalid_request_error", "code": code}
    server.on("POST /v1/chat/completions", Reply(400, {"error": error}))
    provider = adapter("openai", server.url)
    with pytest.raises(PermanentError):
        provider.ask_streaming(line(provider), Mode.ONLINE, Ear())
    assert len(server.calls("POST /v1/chat/completions")) == asked
