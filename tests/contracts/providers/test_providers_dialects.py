"""Dialects: a profile says how its server's requests differ, and the wire obeys; through the SDKs and as pure functions."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from llm_assets.domain.dialect import PLAIN, AnswerFormat, Dialect
from llm_assets.domain.errors import ConfigurationError, ContractError
from llm_assets.domain.profile import Capabilities
from resources.providers.anthropic import wire as anthropic_wire
from resources.providers.gemini import wire as gemini_wire
from resources.providers.openai import wire as openai_wire
from tests.support.providers.provider_kit import (
    ANTHROPIC,
    EVERY,
    OPENAI,
    SCHEMA,
    Wire,
    fresh_adapter,
    request,
    spooled,
    under,
)
from tests.support.providers.provider_server import Canned, Reply, canned_server

pytestmark = pytest.mark.usefixtures("key")


def chat_body(**dialect: Any) -> dict[str, Any]:
    return openai_wire.body_of(request("openai"), dialect=Dialect(**dialect))


def message_params(*, cached: bool = False, **dialect: Any) -> dict[str, Any]:
    return anthropic_wire.params_of(request("anthropic"), cached=cached, dialect=Dialect(**dialect))


def test_without_a_dialect_a_line_has_the_bytes_it_always_had() -> None:
    expected = (
        b'{"custom_id":"id-1","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-6-luna","messages":'
        b'[{"role":"system","content":"Sort the mail."},{"role":"user","content":"Where is it?"}],'
        b'"max_completion_tokens":500,"response_format":{"type":"json_schema","json_schema":{"name":"categories",'
        b'"strict":true,"schema":' + orjson.dumps(SCHEMA) + b'}},"prompt_cache_key":"'
    )
    line = openai_wire.line_of(request("openai", "Where is it?"), "id-1")
    assert line.startswith(expected)
    assert line == openai_wire.line_of(request("openai", "Where is it?"), "id-1", (), PLAIN)


def test_a_dialect_is_no_part_of_a_request_s_id() -> None:
    """Nights that are paid for stay paid for when the gateway changes."""
    assert request("openai", "Where is it?").request_id == "a4cb6239756c351e7f3b14ed"


def test_the_limit_of_the_answer_has_the_name_the_server_takes() -> None:
    body = chat_body(answer_limit="max_tokens")
    assert body["max_tokens"] == 500 and "max_completion_tokens" not in body


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        ("schema", {"type": "json_schema", "json_schema": {"name": "categories", "schema": SCHEMA}}),
        ("json_object", {"type": "json_object"}),
        ("prompt", None),
    ],
)
def test_the_form_of_the_answer_is_asked_for_as_the_server_takes_it(wanted: str, sent: object) -> None:
    assert chat_body(answer_format=wanted).get("response_format") == sent


@pytest.mark.parametrize("wanted", [AnswerFormat.JSON_OBJECT, AnswerFormat.PROMPT])
def test_a_schema_that_no_parameter_carries_is_in_the_prompt_of_every_protocol(wanted: AnswerFormat) -> None:
    params = message_params(answer_format=wanted)
    assert "output_config" not in params
    asked = gemini_wire.request_of(request("gemini"), dialect=Dialect(answer_format=wanted))
    assert "responseJsonSchema" not in asked["generationConfig"]
    assert ("responseMimeType" in asked["generationConfig"]) is (wanted is AnswerFormat.JSON_OBJECT)
    texts = [chat_body(answer_format=wanted)["messages"][0]["content"], params["system"][0]["text"]]
    for text in [*texts, asked["systemInstruction"]["parts"][0]["text"]]:
        assert text.startswith("Sort the mail.\n\n") and "JSON Schema" in text
        assert orjson.loads(text[text.index("{") :]) == SCHEMA


def test_nothing_about_the_prompt_cache_is_sent_where_the_server_refuses_it() -> None:
    assert "prompt_cache_key" not in chat_body(prompt_cache=False)
    assert "cache_control" in message_params(cached=True)["system"][0]
    assert "cache_control" not in message_params(cached=True, prompt_cache=False)["system"][0]


def test_a_batch_and_its_lines_name_the_same_path_and_window(server: Canned, tmp_path: Path) -> None:
    provider = fresh_adapter(
        "openai", server.url, dialect=Dialect(batch_endpoint="/chat/completions", completion_window="7d")
    )
    batch, spool, _ = spooled(provider, tmp_path, ["a"])
    server.on("POST /v1/batches", Reply(200, OPENAI.batch()))
    provider.create(batch, spool)
    created = orjson.loads(server.calls("POST /v1/batches")[0].body)
    assert (created["endpoint"], created["completion_window"]) == ("/chat/completions", "7d")
    assert orjson.loads(spool.read_bytes())["url"] == "/chat/completions"


@EVERY
def test_headers_and_query_come_with_every_call(
    wire: Wire, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOUSE_GATEWAY_TOKEN", "gateway-secret-1")
    dialect = Dialect(
        headers={"X-Team": "night desk"},
        secret_headers={"X-Gateway-Token": "HOUSE_GATEWAY_TOKEN"},
        query={"api-version": "2025-03-01-preview"},
    )
    provider = fresh_adapter(wire.protocol, server.url, dialect=dialect)
    server.on(f"GET {wire.one}", Reply(200, wire.batch()))
    server.on(f"POST {wire.online}", Reply(200, wire.online_answer("{}")))
    provider.look(wire.batch_id)
    provider.ask(provider.line(request(wire.protocol), "id-1"))
    assert len(server.asked) == 2
    for asked in server.asked:
        assert asked.headers["x-team"] == "night desk"
        assert asked.headers["x-gateway-token"] == "gateway-secret-1"
        assert asked.path.endswith("?api-version=2025-03-01-preview")


@EVERY
def test_a_secret_header_without_its_variable_is_named_before_anything_is_sent(
    wire: Wire, server: Canned
) -> None:
    provider = fresh_adapter(
        wire.protocol, server.url, dialect=Dialect(secret_headers={"X-Gateway-Token": "NO_SUCH_VARIABLE"})
    )
    with pytest.raises(ConfigurationError, match=r"header X-Gateway-Token: set NO_SUCH_VARIABLE"):
        provider.look(wire.batch_id)
    assert server.asked == []


@EVERY
def test_an_emulator_never_gets_a_secret_header(
    wire: Wire, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOUSE_GATEWAY_TOKEN", "gateway-secret-1")
    dialect = Dialect(secret_headers={"X-Gateway-Token": "HOUSE_GATEWAY_TOKEN"})
    provider = fresh_adapter(wire.protocol, server.url, dialect=dialect, emulated=True)
    server.on(f"GET {wire.one}", Reply(200, wire.batch()))
    provider.look(wire.batch_id)
    assert "gateway-secret-1" not in str(server.asked[0].headers)


@pytest.mark.parametrize(
    "wrong",
    [
        {"headers": {"Authorization": "Bearer x"}},
        {"headers": {"api-key": "x"}},
        {"query": {"access_token": "x"}},
        {"headers": {"X-Team": "two\nlines"}},
        {"headers": {"X Team": "x"}},
        {"secret_headers": {"X-Gateway-Token": "sk-12345 the value itself"}},
        {"answer_limit": "max_output_tokens"},
        {"answer_format": "yaml"},
        {"batch_endpoint": "https://elsewhere.example/v1"},
        {"completion_window": "soon"},
        {"temperature": 0},
    ],
    ids=lambda wrong: str(next(iter(wrong.items()))),
)
def test_a_dialect_that_cannot_be_meant_is_refused_when_it_is_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Dialect(**wrong)


def test_a_name_that_only_contains_such_letters_is_no_secret() -> None:
    headers = {"x-portkey-provider": "openai", "X-Author": "desk", "x-tokenizer": "o200k"}
    assert Dialect(headers=headers).headers == headers


@pytest.mark.parametrize("results", ["named", "own"])
def test_results_that_a_gateway_names_at_another_host_are_read_under_our_own_address(
    results: str, server: Canned, tmp_path: Path
) -> None:
    """The key goes to no other host either way."""
    provider = fresh_adapter("anthropic", server.url + "/gateway", dialect=Dialect(results=results))
    batch, _, [custom_id] = spooled(provider, tmp_path, ["a"])
    with canned_server() as stranger:
        counts = {"processing": 0, "succeeded": 1, "errored": 0, "canceled": 0, "expired": 0}
        ended = ANTHROPIC.batch(
            "ended", results_url=f"{stranger.url}{ANTHROPIC.one}/results", request_counts=counts
        )
        server.on(f"GET /gateway{ANTHROPIC.one}", Reply(200, ended))
        server.on(f"GET /gateway{ANTHROPIC.one}/results", Reply(200, ANTHROPIC.result_line(custom_id, "{}")))
        if results == "named":
            with pytest.raises(ContractError, match="set `results: own`"):
                list(provider.answers(under(batch, ANTHROPIC.batch_id), tmp_path))
        else:
            [answer] = provider.answers(under(batch, ANTHROPIC.batch_id), tmp_path)
            assert (answer.custom_id, answer.text) == (custom_id, "{}")
        assert stranger.asked == []


@EVERY
def test_a_server_that_lists_nothing_is_not_asked_for_a_list(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    provider = fresh_adapter(wire.protocol, server.url, capabilities=Capabilities(list=False))
    batch, _, _ = spooled(provider, tmp_path, ["a"])
    assert provider.candidates(batch) == []
    assert server.asked == []
