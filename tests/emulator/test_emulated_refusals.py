"""What the providers refuse at once, the emulator refuses with the same status and error body."""

import json
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest

from tests.support.providers.emulator_kit import CHAT, Played, chat, message, message_item, raw_call

SYSTEM = "Sort."
OPEN_OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


def output(schema: dict[str, Any]) -> dict[str, Any]:
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"temperature": 1.0}, "temperature: Extra inputs are not permitted"),
        ({"messages": []}, "at least one message"),
        (
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "{"}]},
            "prefilling",
        ),
        ({"messages": [{"role": "robot", "content": "a"}]}, "messages.0.role"),
        ({"system": [{"type": "image"}]}, "system.0"),
        ({"thinking": {"type": "disabled"}, "model": "claude-opus-5-5"}, "not supported on claude-opus-5-5"),
        (output(OPEN_OBJECT), "'additionalProperties' must be explicitly set to false"),
        (output({"type": "number", "minimum": 0}), "'minimum' is not supported"),
        ({"output_format": {"type": "json_schema"}}, "output_format: Extra inputs"),
        ({"max_tokens": "many"}, "max_tokens"),
    ],
)
def test_a_message_that_the_api_refuses_is_a_400(instant: Played, params: dict[str, Any], said: str) -> None:
    with pytest.raises(anthropic.BadRequestError) as refused:
        instant.anthropic.post("/v1/messages", body={**message(), **params}, cast_to=object)
    body: Any = refused.value.body
    assert body["error"]["type"] == "invalid_request_error" and said in body["error"]["message"]
    assert body["request_id"] == refused.value.request_id


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"requests": []}, "at least 1 item"),
        ({"requests": [message_item("with space")]}, "should match pattern"),
        (
            {"requests": [message_item("x" * 65)]},
            "requests.0.custom_id: String should have at most 64 characters",
        ),
        ({"requests": [message_item("a"), message_item("a")]}, "requests.1.custom_id: duplicate"),
        ({"requests": [{"custom_id": "a"}]}, "requests.0.params: Field required"),
        ({"requests": [{**message_item("a"), "priority": 1}]}, "requests.0.priority: Extra inputs"),
        ({"requests": [message_item("a")], "metadata": {}}, "metadata: Extra inputs"),
        ({"metadata": {}, "requests": [message_item("a")]}, "metadata: Extra inputs"),
        ({"requests": [1, 2]}, "must be an object"),
    ],
)
def test_a_batch_of_the_wrong_shape_is_never_created(instant: Played, body: Any, said: str) -> None:
    before = {batch.id for batch in instant.anthropic.messages.batches.list()}
    with pytest.raises(anthropic.BadRequestError) as refused:
        instant.anthropic.post("/v1/messages/batches", body=body, cast_to=object)
    assert said in str(refused.value)
    assert {batch.id for batch in instant.anthropic.messages.batches.list()} == before


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"anthropic-version": "2026-10-21"}, 401, "authentication_error"),
        ({"x-api-key": "k"}, 400, "invalid_request_error"),
        ({"x-api-key": "k", "anthropic-version": "2027-01-01"}, 400, "invalid_request_error"),
        ({"x-api-key": "k", "anthropic-version": "2023-06-01"}, 200, None),
        ({"authorization": "Bearer k", "anthropic-version": "2026-10-21"}, 200, None),
    ],
)
def test_a_key_in_either_header_and_a_known_version_are_needed(
    instant: Played, headers: dict[str, str], status: int, kind: str | None
) -> None:
    answer = raw_call(instant, "GET", "/v1/messages/batches", headers)
    assert answer.status == status
    if kind is not None:
        assert json.loads(answer.body)["error"]["type"] == kind


def test_the_older_version_still_takes_a_temperature(instant: Played) -> None:
    headers = {"x-api-key": "k", "anthropic-version": "2023-06-01", "content-type": "application/json"}
    body = json.dumps(message(temperature=0.5)).encode()
    assert raw_call(instant, "POST", "/v1/messages", headers, body).status == 200


def test_openai_needs_a_bearer_key(instant: Played) -> None:
    answer = raw_call(instant, "GET", "/v1/batches", {})
    assert answer.status == 401
    assert json.loads(answer.body)["error"]["code"] == "invalid_api_key"


def test_an_unknown_path_is_a_404_of_its_provider(instant: Played) -> None:
    answer = raw_call(instant, "DELETE", "/v1/batches/batch_1", {"authorization": "Bearer k"})
    assert answer.status == 404 and json.loads(answer.body)["error"]["code"] == "unknown_url"


STRICT = {"name": "x", "strict": True}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (chat(colour="red"), "unknown_parameter"),
        (chat(max_tokens=5), "unsupported_parameter"),
        (chat(messages=[]), "empty_array"),
        (chat(response_format={"type": "json_schema", "json_schema": {**STRICT, "schema": OPEN_OBJECT}}),
         "invalid_json_schema"),
        (chat(response_format={"type": "json_schema", "json_schema": {**STRICT, "schema": {
            "type": "object", "additionalProperties": False, "properties": {"a": {"type": "string"}}}}}),
         "invalid_json_schema"),
        (chat(response_format={"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}), "invalid_value"),
        (chat(max_completion_tokens=0), "integer_below_min_value"),
    ],
)  # fmt: skip
def test_a_chat_body_that_the_api_refuses_is_a_400(instant: Played, body: dict[str, Any], code: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        instant.openai.post("/chat/completions", body=body, cast_to=object)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"input_file_id": None}, "missing_required_parameter"),
        ({"completion_window": "1h"}, "invalid_value"),
        ({"endpoint": "/v1/poems"}, "invalid_value"),
        ({"priority": 1}, "unknown_parameter"),
        ({"metadata": {str(i): "x" for i in range(17)}}, "object_above_max_properties"),
        ({"input_file_id": "file-nothing"}, None),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 5}}, "invalid_value"),
    ],
)
def test_a_batch_that_openai_refuses_is_a_400(
    instant: Played, change: dict[str, Any], code: str | None
) -> None:
    file = instant.upload([])
    body = {"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h", **change}
    with pytest.raises(openai.BadRequestError) as refused:
        instant.openai.post("/batches", body=body, cast_to=object)
    assert refused.value.code == code


def test_a_batch_file_must_be_jsonl(instant: Played) -> None:
    with pytest.raises(openai.BadRequestError, match=r"Must be \.jsonl"):
        instant.openai.files.create(file=("requests.json", b"{}"), purpose="batch")


@pytest.mark.parametrize(
    "call",
    [
        lambda played: played.openai.batches.list(limit=101),
        lambda played: played.openai.files.list(limit=10_001),
        lambda played: played.anthropic.messages.batches.list(limit=1001),
    ],
)
def test_a_page_larger_than_the_limit_is_refused(instant: Played, call: Callable[[Played], object]) -> None:
    with pytest.raises((openai.BadRequestError, anthropic.BadRequestError)):
        call(instant)


@pytest.mark.parametrize(
    "call",
    [
        lambda played: played.openai.batches.retrieve("batch_none"),
        lambda played: played.openai.files.content("file-none"),
        lambda played: played.openai.files.content("../emulator.db"),
        lambda played: played.anthropic.messages.batches.retrieve("msgbatch_none"),
    ],
)
def test_an_unknown_id_is_a_404(instant: Played, call: Callable[[Played], object]) -> None:
    with pytest.raises((openai.NotFoundError, anthropic.NotFoundError)):
        call(instant)


def test_one_provider_does_not_see_the_batches_of_the_other(instant: Played) -> None:
    batch = instant.anthropic.messages.batches.create(requests=[message_item("a")])
    with pytest.raises(openai.NotFoundError):
        instant.openai.batches.retrieve(batch.id)


@pytest.mark.parametrize(
    "body",
    [
        {"model": "m", "messages": [{"role": "user", "content": [7]}]},
        {"model": "m", "messages": [{"role": "user", "content": "a"}], "response_format": {"type": "json_schema",
         "json_schema": {"name": "x", "schema": {"$ref": "#/$defs/Nowhere"}}}},
        {"model": "m", "messages": [{"role": "user", "content": "a"}], "tools": [{"type": "function"}]},
    ],
)  # fmt: skip
def test_a_body_of_an_unthought_of_shape_is_a_400_and_never_stops_a_batch(instant: Played, body: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="malformed"):
        instant.openai.post("/chat/completions", body=body, cast_to=object)
    batch = instant.openai_batch([{"custom_id": "a", "method": "POST", "url": CHAT, "body": body}])
    done = instant.openai.batches.retrieve(batch.id)
    assert (done.status, done.output_file_id) == ("completed", None)
