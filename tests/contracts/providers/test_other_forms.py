"""Answers in another form than their protocol's, as gateways and other servers give them: taken once, or told apart."""

import json
from typing import Any

import pytest

from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from resources.providers import provider_for
from resources.providers.anthropic import wire as anthropic_wire
from resources.providers.gemini import answers as gemini_answers
from resources.providers.openai import wire as openai_wire
from tests.support.providers.provider_kit import EVERY, Wire, chat, generated, message, profile, request
from tests.support.providers.provider_server import Canned, Reply

WHOLE = '{"category": "card"}'
PROTOCOLS = ("openai", "anthropic", "gemini")


def ended(protocol: str, reason: Any, text: str = WHOLE) -> Answer:
    if protocol == "openai":
        return openai_wire.completion("c", chat(text, reason))
    if protocol == "gemini":
        return gemini_answers.generated("c", generated(text, reason))
    return anthropic_wire.message("c", message([{"type": "text", "text": text}], reason))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("word", ["eos", "STOP", "end_turn", "stop", "stop_sequence", "EOS_TOKEN"])
def test_any_usual_word_for_a_normal_end_is_believed(protocol: str, word: str) -> None:
    answer = ended(protocol, word)
    assert (answer.outcome, answer.text, answer.detail) == (Outcome.SUCCEEDED, WHOLE, "")
    own = {"openai": ("stop",), "anthropic": ("end_turn", "stop_sequence"), "gemini": ("STOP",)}[protocol]
    assert (answer.odd == "") == (word in own)
    assert answer.unmetered is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("word", ["length", "max_tokens", "MAX_TOKENS", "model_length"])
def test_any_usual_word_for_the_token_limit_is_a_cut(protocol: str, word: str) -> None:
    assert ended(protocol, word).outcome is Outcome.CUT


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_without_a_word_the_text_has_to_prove_itself(protocol: str) -> None:
    answer = ended(protocol, None)
    assert answer.outcome is Outcome.SUCCEEDED and answer.odd.endswith(":none")
    assert ended(protocol, None, " ").outcome is Outcome.INVALID


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("word", ["tool_calls", "tool_use", "pause", "error", 7])
def test_any_other_end_is_no_answer(protocol: str, word: Any) -> None:
    assert ended(protocol, word).outcome is Outcome.INVALID


def of_content(content: Any) -> Answer:
    body = chat("")
    body["choices"][0]["message"]["content"] = content
    return openai_wire.completion("c", body)


@pytest.mark.parametrize("kind", ["text", "output_text", None])
def test_the_parts_of_a_content_are_one_text(kind: str | None) -> None:
    named = {} if kind is None else {"type": kind}
    answer = of_content(
        [{**named, "text": WHOLE[:5]}, {"type": "thinking", "text": "x"}, {**named, "text": WHOLE[5:]}]
    )
    assert (answer.outcome, answer.text, answer.odd) == (Outcome.SUCCEEDED, WHOLE, "content in parts")


def test_a_refusal_among_the_parts_is_a_refusal() -> None:
    answer = of_content([{"type": "refusal", "refusal": "I cannot."}])
    assert (answer.outcome, answer.text) == (Outcome.REFUSED, "")


@pytest.mark.parametrize("content", [[], [None], [{"type": "text"}], [{"type": "text", "text": 5}], 7, None])
def test_a_content_without_text_is_empty(content: Any) -> None:
    assert of_content(content).outcome is Outcome.INVALID


def test_a_content_in_one_string_is_taken_at_anthropic() -> None:
    answer = anthropic_wire.message("c", {**message([]), "content": WHOLE})
    assert (answer.outcome, answer.text, answer.odd) == (Outcome.SUCCEEDED, WHOLE, "content in one string")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("usage", [None, {}, "none", {"total_tokens": 5}])
def test_a_missing_usage_is_marked_with_the_length_of_the_text(protocol: str, usage: Any) -> None:
    body, read, field = {
        "openai": (chat(WHOLE), openai_wire.completion, "usage"),
        "anthropic": (message([{"type": "text", "text": WHOLE}]), anthropic_wire.message, "usage"),
        "gemini": (generated(WHOLE), gemini_answers.generated, "usageMetadata"),
    }[protocol]
    answer = read("c", {**body, field: usage})
    assert (answer.outcome, answer.usage, answer.unmetered) == (Outcome.SUCCEEDED, Usage(), len(WHOLE))


def test_half_a_usage_is_marked_too() -> None:
    body = {**chat(WHOLE), "usage": {"prompt_tokens": 90}}
    answer = openai_wire.completion("c", body)
    assert (answer.usage, answer.unmetered) == (Usage(input_tokens=90), len(WHOLE))


def test_the_parts_of_a_candidate_are_one_text_without_its_thoughts() -> None:
    body = generated(None)
    parts = [
        {"text": WHOLE[:5]},
        {"text": "hm", "thought": True},
        {"text": WHOLE[5:]},
        {"inlineData": {}},
        None,
    ]
    body["candidates"][0]["content"] = {"parts": parts}
    answer = gemini_answers.generated("c", body)
    assert (answer.outcome, answer.text, answer.odd) == (Outcome.SUCCEEDED, WHOLE, "")


@pytest.mark.parametrize("content", [None, {}, {"parts": None}, {"parts": [{}]}, {"parts": [{"text": None}]}])
def test_a_candidate_without_text_is_empty(content: Any) -> None:
    body = generated(None)
    body["candidates"][0]["content"] = content
    assert gemini_answers.generated("c", body).outcome is Outcome.INVALID


@pytest.mark.parametrize(
    "line",
    [
        {"custom_id": "c", "response": {"status_code": 500, "body": {}}, "error": None},
        {"custom_id": "c", "response": None, "error": {"code": "batch_expired"}},
    ],
)
def test_what_never_ran_costs_nothing(line: dict[str, Any]) -> None:
    assert openai_wire.answer_of(line).unmetered is None


@EVERY
def test_an_online_answer_is_read_as_leniently_as_a_result_line(
    wire: Wire, server: Canned, key: None
) -> None:
    body = (
        json.dumps(wire.online_answer(WHOLE)).encode().replace(b"{", b'{"trace":"\\ud83d","seconds":NaN,', 1)
    )
    server.on(f"POST {wire.online}", Reply(200, body))
    provider = provider_for(profile(wire.protocol, server.url), timeout_seconds=10)
    answer = provider.ask(provider.line(request(wire.protocol), "c"))
    assert (answer.outcome, answer.text) == (Outcome.SUCCEEDED, WHOLE)
