"""Effort and thinking in each protocol: what is sent, that a server like the owner's takes it, what is read of an answer."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from llm_assets.domain.dialect import AnswerFormat, Dialect
from llm_assets.domain.effort import Effort
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.engine.answers.judge import cut_by_thinking
from resources.providers.anthropic import wire as anthropic_wire
from resources.providers.gemini import wire as gemini_wire
from resources.providers.openai import wire as openai_wire
from resources.providers.refused_parameters import refused_parameter
from tests.contracts.providers.test_providers import EVERY_PROTOCOL, Stage
from tests.support.providers.provider_kit import MODELS, adapter, request

pytestmark = pytest.mark.usefixtures("key")


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start(tmp_path_factory.mktemp("emulator"), latency=0.0)
    yield running
    running.stop()


@pytest.fixture
def stage(emulator: RunningEmulator) -> Stage:
    fresh = Stage(emulator)
    fresh.faults()
    return fresh


PARAMETERS = {
    "openai": ("reasoning_effort",),
    "anthropic": ("thinking", "effort"),
    "gemini": ("thinkingConfig",),
}


def sent(protocol: str, effort: Effort | None, model: str | None = None) -> dict[str, Any]:
    """The parameters about thinking in the body of a request."""
    given = dataclasses.replace(request(protocol), effort=effort, model=model or MODELS[protocol])
    match protocol:
        case "openai":
            body = openai_wire.body_of(given)
        case "anthropic":
            body = anthropic_wire.params_of(given)
            body = {**body, **body.get("output_config", {})}
        case _:
            body = gemini_wire.request_of(given)["generationConfig"]
    return {name: body[name] for name in PARAMETERS[protocol] if name in body}


def level(name: str) -> dict[str, Any]:
    return {"thinkingConfig": {"thinkingLevel": name}}


def budget(tokens: int) -> dict[str, Any]:
    return {"thinkingConfig": {"thinkingBudget": tokens}}


@pytest.mark.parametrize(
    ("protocol", "model", "effort", "parameters"),
    [
        *[("openai", "gpt-6-luna", effort, {"reasoning_effort": effort.value}) for effort in Effort],
        ("anthropic", "claude-haiku-5-5", Effort.NONE, {"thinking": {"type": "disabled"}}),
        ("anthropic", "claude-sonnet-5-5", Effort.NONE, {"thinking": {"type": "between_tools"}}),
        ("anthropic", "anthropic/claude-sonnet-5-5", Effort.NONE, {"thinking": {"type": "between_tools"}}),
        ("anthropic", "claude-haiku-5-5", Effort.MINIMAL, {"effort": "low"}),
        ("anthropic", "claude-opus-5-5", Effort.LOW, {"effort": "low"}),
        ("anthropic", "claude-opus-5-5", Effort.HIGH, {"effort": "high"}),
        ("gemini", "gemini-3.6-flash", Effort.NONE, budget(0)),
        ("gemini", "gemini-3.5-flash-lite", Effort.MINIMAL, level("minimal")),
        ("gemini", "gemini-4-argon", Effort.MEDIUM, level("medium")),
        ("gemini", "gemini-2.5-flash", Effort.NONE, budget(0)),
        ("gemini", "gemini-2.5-flash-lite", Effort.MINIMAL, budget(512)),
        ("gemini", "gemini-2.5-flash", Effort.HIGH, budget(-1)),
    ],
)
def test_each_protocol_has_its_own_words_for_an_effort(
    protocol: str, model: str, effort: Effort, parameters: dict[str, Any]
) -> None:
    assert sent(protocol, effort, model) == parameters


@EVERY_PROTOCOL
def test_a_request_without_an_effort_says_nothing_about_thinking(protocol: str) -> None:
    assert sent(protocol, None) == {}


def test_an_effort_stands_beside_the_form_of_the_answer_and_alone_where_the_prompt_holds_that() -> None:
    given = dataclasses.replace(request("anthropic"), effort=Effort.LOW)
    assert set(anthropic_wire.params_of(given)["output_config"]) == {"format", "effort"}
    dialect = Dialect(answer_format=AnswerFormat.PROMPT)
    assert anthropic_wire.params_of(given, dialect=dialect)["output_config"] == {"effort": "low"}


TAKEN = [
    ("openai", "gpt-6-luna", Effort.NONE, 0),
    ("openai", "gpt-6.1-sol", Effort.LOW, 20),
    ("anthropic", "claude-haiku-5-5", Effort.NONE, 0),
    ("anthropic", "claude-sonnet-5-5", Effort.NONE, 0),
    ("anthropic", "claude-opus-5-5", Effort.LOW, 20),
    ("gemini", "gemini-3.5-flash-lite", Effort.MINIMAL, 0),
    ("gemini", "gemini-3.8-flash", Effort.LOW, 20),
    ("gemini", "gemini-4-argon", Effort.LOW, 20),
]


@pytest.mark.parametrize(("protocol", "model", "effort", "thought"), TAKEN)
def test_what_the_shipped_profiles_ask_for_is_taken_and_what_was_thought_is_read(
    protocol: str, model: str, effort: Effort, thought: int, stage: Stage
) -> None:
    provider = adapter(protocol, stage.url, emulated=True)
    given = dataclasses.replace(request(protocol, "Where is my card?"), model=model, effort=effort)
    answer = provider.ask(provider.line(given, "id-1"))
    assert (answer.outcome, answer.usage.thinking_tokens) == (Outcome.SUCCEEDED, thought)
    assert answer.usage.output_tokens > thought


@EVERY_PROTOCOL
def test_an_answer_that_thinking_cut_is_known_online_by_what_the_provider_counts(
    protocol: str, stage: Stage
) -> None:
    stage.faults(requests=[{"when": {"keyword": "hard"}, "outcome": "thinking_cut"}])
    provider = adapter(protocol, stage.url, emulated=True)
    answer = provider.ask(provider.line(request(protocol, "hard mail"), "id-1"))
    assert (answer.outcome, answer.text) == (Outcome.CUT, "")
    assert answer.usage.thinking_tokens == answer.usage.output_tokens == 500
    assert cut_by_thinking(answer)


REFUSED = [
    (
        {
            "message": "Unsupported value: 'reasoning_effort' does not support 'none' with this model."
            " Supported values are: 'low', 'medium', 'high', 'xhigh', and 'max'.",
            "param": "reasoning_effort",
            "code": "unsupported_value",
        },
        "reasoning_effort",
    ),
    ({"message": "Unrecognized request argument supplied: reasoning_effort"}, "reasoning_effort"),
    ({"message": "`reasoning_effort` is not supported with this model"}, "reasoning_effort"),
    ({"message": "`reasoning_effort` must be one of `none` or `default`"}, "reasoning_effort"),
    (
        {
            "message": "litellm.UnsupportedParamsError: x does not support parameters: ['reasoning_effort'], for y"
        },
        "reasoning_effort",
    ),
    (
        {
            "message": '"thinking.type.disabled" is not supported for this model. Use "thinking.type.adaptive" and'
            ' "output_config.effort" to control thinking behavior.'
        },
        "thinking",
    ),
    ({"message": "output_config.effort: Extra inputs are not permitted"}, "effort"),
    ({"message": "thinking: Extra inputs are not permitted"}, "thinking"),
    (
        {
            "message": "Invalid JSON payload received. Unknown name \"thinkingConfig\" at 'generation_config': Cannot"
            " find field.",
            "code": "unknown_parameter",
        },
        "thinkingConfig",
    ),
    ({"message": "Budget 0 is invalid. This model only works in thinking mode."}, "thinkingConfig"),
    ({"message": "Thinking level MINIMAL is not supported for this model."}, "thinkingConfig"),
]


@pytest.mark.parametrize(("error", "parameter"), REFUSED)
def test_a_refused_effort_names_its_settings(error: dict[str, Any], parameter: str) -> None:
    found = refused_parameter(400, error)
    assert found is not None and found.parameter == parameter
    assert found.detail.endswith(
        "set `effort: false` in the dialect, or a higher `least_effort` of the profile"
    )


def test_words_about_thinking_in_an_answer_s_text_are_no_refusal_of_ours() -> None:
    assert refused_parameter(400, {"message": "The user said: thinking is invalid"}) is None


def test_a_line_without_effort_is_what_it_was() -> None:
    line = openai_wire.line_of(request("openai"), "id-1")
    assert b"effort" not in line and orjson.loads(line)["body"]["max_completion_tokens"] == 500
