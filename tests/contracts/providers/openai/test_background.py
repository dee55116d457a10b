"""OpenAI's background responses, through the real SDK against the emulator."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from llm_assets.domain.errors import ContractError, TransientError, UnansweredError, UnknownBatchError
from llm_assets.domain.profile import SoldRoutes
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.emulator.process.launch import start
from llm_assets.engine.ports.provider import Background, Provider
from resources.providers.openai.background import as_response
from tests.contracts.providers.test_providers import Stage
from tests.support.providers.provider_kit import adapter, request

SOLD = SoldRoutes(window={"2h": Decimal("0.7"), "8h": Decimal("0.6")})


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    running = start(tmp_path_factory.mktemp("emulator"), latency=60.0)
    yield running
    running.stop()


@pytest.fixture
def stage(process: Any) -> Stage:
    fresh = Stage(process)
    fresh.faults()
    return fresh


def provider_at(stage: Stage) -> Provider:
    return adapter("openai", stage.url, emulated=True, routes=SOLD)


def calls_at(stage: Stage) -> Background:
    calls = provider_at(stage).background
    assert calls is not None
    return calls


def line_at(stage: Stage, custom_id: str) -> bytes:
    return provider_at(stage).line(request("openai", f"Mail of {custom_id}."), custom_id)


def test_a_posted_request_is_answered_within_its_window_as_a_call_would_be(stage: Stage) -> None:
    calls, line = calls_at(stage), line_at(stage, "one")
    response_id = calls.post(line)
    assert not calls.is_over(response_id)
    stage.advance(61)
    assert calls.is_over(response_id)
    answer = calls.answer(response_id, "one")
    online = provider_at(stage).ask(line)
    assert answer.outcome is Outcome.SUCCEEDED
    assert (answer.text, answer.usage.output_tokens) == (online.text, online.usage.output_tokens)
    with pytest.raises(ContractError, match="another request"):
        calls.answer(response_id, "two")
    calls.remove(response_id)
    calls.remove(response_id)
    assert calls.is_over(response_id)
    with pytest.raises(UnknownBatchError):
        calls.answer(response_id, "one")


def test_one_that_never_ends_is_cancelled_and_one_that_has_ended_stays(stage: Stage) -> None:
    calls = calls_at(stage)
    done = calls.post(line_at(stage, "done"))
    stage.advance(61)
    stage.faults(background={"stuck": True})
    stuck = calls.post(line_at(stage, "stuck"))
    stage.advance(90_000)
    assert not calls.is_over(stuck)
    for _ in range(2):
        calls.cancel(stuck)
        calls.cancel(done)
    assert calls.answer(stuck, "stuck").outcome is Outcome.CANCELLED
    assert calls.answer(done, "done").outcome is Outcome.SUCCEEDED
    stage.faults(background={"stuck": True, "cancel_ignored": True})
    kept = calls.post(line_at(stage, "kept"))
    calls.cancel(kept)
    assert not calls.is_over(kept)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"drop": "after"}, UnansweredError),
        ({"status": 500}, UnansweredError),
        ({"status": 429}, TransientError),
    ],
)
def test_a_post_says_whether_it_may_have_been_taken(stage: Stage, fault: Any, error: type[Exception]) -> None:
    stage.faults(calls=[{"when": {"operation": "response"}, **fault}])
    with pytest.raises(error):
        calls_at(stage).post(line_at(stage, "one"))


@pytest.mark.parametrize(
    ("outcome", "told"),
    [("refusal", Outcome.REFUSED), ("cut", Outcome.CUT), ("error", Outcome.FAILED_TRANSIENT)],
)
def test_what_the_model_did_is_told(stage: Stage, outcome: str, told: Outcome) -> None:
    stage.faults(requests=[{"outcome": outcome}])
    calls = calls_at(stage)
    response_id = calls.post(line_at(stage, "one"))
    stage.advance(61)
    assert calls.answer(response_id, "one").outcome is told


def test_a_profile_that_sells_no_window_has_no_such_calls(stage: Stage, tmp_path: Path) -> None:
    assert adapter("openai", stage.url).background is None
    assert adapter("anthropic", stage.url).background is None
    assert SOLD.cheapest_window == ("8h", Decimal("0.6"))
    with pytest.raises(ValidationError):
        SoldRoutes(window={"soon": Decimal(1)})


def test_a_scan_and_every_setting_of_a_call_are_said_in_the_other_form() -> None:
    url = {"url": "data:image/png;base64,AA=="}
    chat = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "s"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "t"},
                    {"type": "image_url", "image_url": url},
                    {"type": "file", "file": {"filename": "scan-1.pdf", "file_data": "data:"}},
                ],
            },
        ],
        "max_completion_tokens": 5,
        "reasoning_effort": "low",
        "prompt_cache_key": "k",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "n", "strict": True, "schema": {}},
        },
    }
    assert as_response(orjson.loads(orjson.dumps(chat))) == {
        "model": "m",
        "prompt_cache_key": "k",
        "input": [
            {"role": "system", "content": "s"},
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "t"},
                    {"type": "input_image", "image_url": url["url"], "detail": "auto"},
                    {"type": "input_file", "filename": "scan-1.pdf", "file_data": "data:"},
                ],
            },
        ],
        "max_output_tokens": 5,
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_schema", "name": "n", "strict": True, "schema": {}}},
    }
