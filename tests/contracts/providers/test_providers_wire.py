"""Both wire forms as pure functions: rendered lines, statuses, result lines. No server."""

import dataclasses
import time
from datetime import timedelta
from typing import Any

import anthropic
import orjson
import pytest

from llm_assets.domain.errors import ConfigurationError, ContractError
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import Look
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Outcome, reason_of
from resources.providers.anthropic import wire as anthropic_wire
from resources.providers.gemini import wire as gemini_wire
from resources.providers.openai import wire as openai_wire
from tests.support.providers.provider_kit import (
    ANTHROPIC,
    BATCH_ID,
    EVERY,
    MAIL,
    NOW,
    OPENAI,
    SCHEMA,
    Wire,
    adapter,
    chat,
    message,
    request,
    spooled,
)


@EVERY
def test_a_line_is_one_json_object_with_its_newline(wire: Wire) -> None:
    line = adapter(wire.protocol, None).line(request(wire.protocol, "first\nsecond\u2028third"), "id-1")
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert orjson.loads(line)[PROTOCOLS[wire.protocol].line_id] == "id-1"


def test_an_openai_line_asks_for_strict_json_of_a_chat_completion() -> None:
    line = orjson.loads(openai_wire.line_of(request("openai"), "id-1"))
    assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
    body = line["body"]
    assert body["response_format"]["json_schema"] == {"name": "categories", "strict": True, "schema": SCHEMA}
    assert body["max_completion_tokens"] == 500 and "max_tokens" not in body
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    assert body["messages"][1]["content"] == MAIL


def test_requests_that_share_a_prefix_share_the_cache_key() -> None:
    def key(**changes: Any) -> str:
        return openai_wire.body_of(dataclasses.replace(request("openai"), **changes))["prompt_cache_key"]

    assert key(user="another mail") == key()
    assert key(system="Another task.") != key()
    assert key(schema={**SCHEMA, "title": "of another queue"}) != key(), "the schema begins the prefix"


def test_an_anthropic_line_asks_for_json_and_sends_no_sampling_parameter() -> None:
    params = orjson.loads(anthropic_wire.line_of(request("anthropic"), "id-1"))["params"]
    assert set(params) == {"model", "max_tokens", "system", "messages", "output_config"}
    assert params["output_config"] == {
        "format": {"type": "json_schema", "schema": anthropic.transform_schema(SCHEMA)}
    }
    assert params["messages"] == [{"role": "user", "content": MAIL}]


@pytest.mark.parametrize("cached", [False, True])
def test_the_system_text_is_marked_for_an_hour_where_its_group_is_worth_a_cache(cached: bool) -> None:
    asked = request("anthropic")
    params = orjson.loads(anthropic_wire.line_of(asked, "id-1", cached=cached))["params"]
    block = {"type": "text", "text": asked.system}
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}} if cached else {}
    assert params["system"] == [block | mark]


@EVERY
def test_what_requests_of_a_queue_share_is_the_same_to_the_byte(wire: Wire) -> None:
    """From the start of the prompt to where the case begins, and the schema with the queue's categories."""
    provider = adapter(wire.protocol, None)
    lines = [provider.line(request(wire.protocol, user), "id-1", cached=True) for user in (MAIL, "other")]
    bare = {line.replace(orjson.dumps(user), b"") for line, user in zip(lines, (MAIL, "other"), strict=True)}
    assert len(bare) == 1


def test_queues_that_narrow_the_schema_of_one_prompt_keep_their_own_categories() -> None:
    other = {**SCHEMA, "properties": {**SCHEMA["properties"], "category": {"enum": ["tax"]}}}
    first = anthropic_wire.params_of(request("anthropic"))
    second = anthropic_wire.params_of(dataclasses.replace(request("anthropic"), schema=other))
    assert first["output_config"]["format"]["schema"]["properties"]["category"]["enum"] == ["card", "loan"]
    assert second["output_config"]["format"]["schema"]["properties"]["category"]["enum"] == ["tax"]


def test_a_field_without_a_type_is_a_configuration_error_that_names_the_step() -> None:
    loose = dataclasses.replace(request("anthropic"), schema={"type": "object", "properties": {"x": {}}})
    with pytest.raises(ConfigurationError, match="step categories"):
        anthropic_wire.line_of(loose, "id-1")


@EVERY
def test_rendering_a_short_request_costs_little_more_than_serialising_it(wire: Wire) -> None:
    provider, asked = adapter(wire.protocol, None), request(wire.protocol)
    rendered = orjson.loads(provider.line(asked, "id-1"))

    def best(work: Any) -> float:
        laps = []
        for _ in range(20):
            began = time.process_time()
            for _ in range(200):
                work()
            laps.append((time.process_time() - began) / 200)
        return min(laps)

    alone = best(lambda: orjson.dumps(rendered))
    assert best(lambda: provider.line(asked, "id-1")) - alone < 20e-6


STATUSES = [
    (OPENAI, "validating", Look.RUNNING),
    (OPENAI, "in_progress", Look.RUNNING),
    (OPENAI, "finalizing", Look.RUNNING),
    (OPENAI, "cancelling", Look.RUNNING),
    (OPENAI, "completed", Look.ENDED),
    (OPENAI, "expired", Look.ENDED),
    (OPENAI, "cancelled", Look.ENDED),
    (OPENAI, "failed", Look.REJECTED),
    (ANTHROPIC, "in_progress", Look.RUNNING),
    (ANTHROPIC, "canceling", Look.RUNNING),
    (ANTHROPIC, "ended", Look.ENDED),
]


def view(wire: Wire, body: dict[str, Any]) -> Any:
    modules: dict[str, Any] = {"openai": openai_wire, "anthropic": anthropic_wire, "gemini": gemini_wire}
    return modules[wire.protocol].view_of(body)


@pytest.mark.parametrize(("wire", "status", "look"), STATUSES)
def test_every_status_has_a_meaning(wire: Wire, status: str, look: Look) -> None:
    seen = view(wire, wire.batch(status))
    assert (seen.look, seen.status, seen.total) == (look, status, 2)


@EVERY
@pytest.mark.parametrize("status", ["archived", "", "Ended"])
def test_an_unknown_status_is_an_error_that_names_the_batch(wire: Wire, status: str) -> None:
    name = {"openai": "status", "anthropic": "processing_status", "gemini": "state"}[wire.protocol]
    with pytest.raises(ContractError, match=wire.batch_id):
        view(wire, wire.batch(**{name: status}))


def failed(*errors: tuple[str, int | None]) -> dict[str, Any]:
    data = [{"code": code, "line": line, "message": MAIL, "param": None} for code, line in errors]
    return OPENAI.batch("failed", errors={"object": "list", "data": data})


def test_a_full_queue_means_later_and_bad_lines_mean_never() -> None:
    assert openai_wire.view_of(failed(("token_limit_exceeded", None))).look is Look.LATER
    seen = openai_wire.view_of(
        failed(("invalid_json_line", 3), ("invalid_json_line", 4), ("url_mismatch", None))
    )
    assert (seen.look, seen.detail) == (Look.REJECTED, "invalid_json_line (line 3), url_mismatch")


def openai_line(
    status: int | None, body: dict[str, Any], error: dict[str, str] | None = None
) -> dict[str, Any]:
    response = None if status is None else {"status_code": status, "request_id": "r", "body": body}
    return {"id": "b", "custom_id": "c", "response": response, "error": error}


def refused(kind: str, code: str | None) -> dict[str, Any]:
    return OPENAI.error(kind, code)


OPENAI_LINES = [
    ("answered", openai_line(200, chat('{"a":1}')), Outcome.SUCCEEDED, ""),
    ("empty", openai_line(200, chat("  ")), Outcome.INVALID, "empty"),
    ("no choices", openai_line(200, {"choices": []}), Outcome.INVALID, "finish_reason:none"),
    ("refusal", openai_line(200, chat(None, refusal="I can't.")), Outcome.REFUSED, "refusal"),
    ("filter", openai_line(200, chat("x", "content_filter")), Outcome.REFUSED, "content_filter"),
    ("cut", openai_line(200, chat('{"a', "length")), Outcome.CUT, "length"),
    ("tool", openai_line(200, chat("x", "tool_calls")), Outcome.INVALID, "finish_reason:tool_calls"),
    (
        "bad",
        openai_line(400, refused("invalid_request_error", None)),
        Outcome.FAILED_PERMANENT,
        "invalid_request_error",
    ),
    ("model", openai_line(404, refused("x", "model_not_found")), Outcome.FAILED_TRANSIENT, "model_not_found"),
    ("key", openai_line(401, refused("x", "invalid_api_key")), Outcome.FAILED_TRANSIENT, "invalid_api_key"),
    (
        "rate",
        openai_line(429, refused("tokens", "rate_limit_exceeded")),
        Outcome.FAILED_TRANSIENT,
        "rate_limit_exceeded",
    ),
    ("server", openai_line(500, refused("server_error", None)), Outcome.FAILED_TRANSIENT, "server_error"),
    ("bare", openai_line(503, {}), Outcome.FAILED_TRANSIENT, "503"),
    ("large", openai_line(413, {}), Outcome.TOO_LARGE, "413"),
    (
        "long",
        openai_line(400, refused("invalid_request_error", "context_length_exceeded")),
        Outcome.TOO_LARGE,
        "context_length_exceeded",
    ),
    (
        "expired",
        openai_line(None, {}, {"code": "batch_expired", "message": MAIL}),
        Outcome.EXPIRED,
        "batch_expired",
    ),
    (
        "cancelled",
        openai_line(None, {}, {"code": "batch_cancelled", "message": ""}),
        Outcome.CANCELLED,
        "batch_cancelled",
    ),
    ("other", openai_line(None, {}, {"code": "odd", "message": ""}), Outcome.FAILED_TRANSIENT, "odd"),
    ("nothing", openai_line(None, {}), Outcome.FAILED_TRANSIENT, "no_response"),
]


@pytest.mark.parametrize(
    ("line", "outcome", "detail"), [case[1:] for case in OPENAI_LINES], ids=[case[0] for case in OPENAI_LINES]
)
def test_an_openai_result_line_becomes(line: dict[str, Any], outcome: Outcome, detail: str) -> None:
    answer = openai_wire.answer_of(line)
    assert (answer.custom_id, answer.outcome, answer.detail) == ("c", outcome, detail)


@pytest.mark.parametrize(
    ("status", "kind", "code", "reason"),
    [
        (429, "tokens", "rate_limit_exceeded", Reason.RATE_LIMIT),
        (503, "server_error", "server_is_overloaded", Reason.OVERLOADED),
        (503, "", None, Reason.OVERLOADED),
        (504, "", None, Reason.TIMEOUT),
        (500, "odd", None, Reason.SERVER_ERROR),
        (401, "x", "invalid_api_key", Reason.NOT_ALLOWED),
        (429, "insufficient_quota", None, Reason.NOT_ALLOWED),
        (400, "invalid_request_error", None, Reason.REJECTED),
    ],
)
def test_lines_that_failed_are_told_apart(status: int, kind: str, code: str | None, reason: Reason) -> None:
    assert reason_of(openai_wire.answer_of(openai_line(status, refused(kind, code)))) is reason


def result(kind: str, **rest: Any) -> dict[str, Any]:
    return {"custom_id": "c", "result": {"type": kind, **rest}}


def said(text: str, reason: str = "end_turn", **changes: Any) -> dict[str, Any]:
    return result("succeeded", message=message([{"type": "text", "text": text}], reason, **changes))


def errored(kind: str, text: str = MAIL) -> dict[str, Any]:
    return result("errored", error=ANTHROPIC.error(kind, message=text))


SPENT = "You have reached your specified API usage limits. You will regain access on 2026-12-01."
REFUSAL = {"type": "refusal", "category": "cyber", "explanation": MAIL}
ANTHROPIC_LINES = [
    ("answered", said('{"a":1}'), Outcome.SUCCEEDED, ""),
    ("stopped", said('{"a":1}', "stop_sequence"), Outcome.SUCCEEDED, ""),
    ("empty", said(""), Outcome.INVALID, "empty"),
    ("cut", said('{"a', "max_tokens"), Outcome.CUT, "max_tokens"),
    ("long", said('{"a', "model_context_window_exceeded"), Outcome.CUT, "model_context_window_exceeded"),
    ("refusal", said("No.", "refusal", stop_details=REFUSAL), Outcome.REFUSED, "cyber"),
    ("plain refusal", said("", "refusal"), Outcome.REFUSED, "refusal"),
    ("pause", said("x", "pause_turn"), Outcome.INVALID, "stop_reason:pause_turn"),
    ("new reason", said("x", "sudden_end"), Outcome.INVALID, "stop_reason:sudden_end"),
    ("bad", errored("invalid_request_error"), Outcome.FAILED_PERMANENT, "invalid_request_error"),
    ("spent", errored("invalid_request_error", SPENT), Outcome.FAILED_TRANSIENT, "no_credit"),
    ("server", errored("api_error"), Outcome.FAILED_TRANSIENT, "api_error"),
    ("large", errored("request_too_large"), Outcome.TOO_LARGE, "request_too_large"),
    ("expired", result("expired"), Outcome.EXPIRED, "expired"),
    ("canceled", result("canceled"), Outcome.CANCELLED, "canceled"),
    ("new kind", result("postponed"), Outcome.INVALID, "result:postponed"),
]


@pytest.mark.parametrize(
    ("line", "outcome", "detail"),
    [case[1:] for case in ANTHROPIC_LINES],
    ids=[case[0] for case in ANTHROPIC_LINES],
)
def test_an_anthropic_result_line_becomes(line: dict[str, Any], outcome: Outcome, detail: str) -> None:
    answer = anthropic_wire.answer_of(line)
    assert (answer.custom_id, answer.outcome, answer.detail) == ("c", outcome, detail)


@pytest.mark.parametrize("line", [case[1] for case in OPENAI_LINES])
def test_a_failure_carries_no_text_at_openai(line: dict[str, Any]) -> None:
    answer = openai_wire.answer_of(line)
    if answer.outcome not in (Outcome.SUCCEEDED, Outcome.INVALID, Outcome.CUT):
        assert answer.text == ""
    assert MAIL not in answer.detail


@pytest.mark.parametrize("line", [case[1] for case in ANTHROPIC_LINES])
def test_a_failure_carries_no_text_at_anthropic(line: dict[str, Any]) -> None:
    answer = anthropic_wire.answer_of(line)
    if answer.outcome not in (Outcome.SUCCEEDED, Outcome.INVALID, Outcome.CUT):
        assert answer.text == ""
    assert MAIL not in answer.detail


def test_text_in_pieces_after_a_thinking_block_is_read_whole() -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "text", "text": '{"a":'},
        {"type": "text", "text": "1}"},
    ]
    assert anthropic_wire.message("c", message(blocks)).text == '{"a":1}'


def test_input_tokens_are_the_total_with_the_cached_ones_at_both() -> None:
    expected = Usage(input_tokens=1200, cached_tokens=1000, cache_write_tokens=50, output_tokens=30)
    assert openai_wire.completion("c", chat("x")).usage == expected
    assert anthropic_wire.message("c", message([{"type": "text", "text": "x"}])).usage == expected


@pytest.mark.parametrize("read", [openai_wire.answer_of, anthropic_wire.answer_of])
@pytest.mark.parametrize(
    "line",
    [{}, {"custom_id": 7}, {"custom_id": "c", "response": [], "result": 3}, {"result": {"type": ["x"]}},
     {"custom_id": "c", "response": {"status_code": 200, "body": {"choices": [4], "usage": {"prompt_tokens": "x"}}}}],
)  # fmt: skip
def test_a_line_of_the_wrong_shape_is_never_a_success(read: Any, line: dict[str, Any]) -> None:
    assert read(line).outcome is not Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("changes", "proven"),
    [
        ({"metadata": {"batch_id": BATCH_ID}}, True),
        ({"metadata": {"batch_id": "other0other0"}}, None),
        ({"metadata": None}, True),
        ({"metadata": None, "input_file_id": "file-2"}, None),
        ({"metadata": None, "input_file_id": ""}, False),
        ({"metadata": None, "input_file_id": "", "request_counts": {"total": 9}}, None),
        ({"metadata": {"batch_id": BATCH_ID}, "status": "failed"}, None),
    ],
    ids=[
        "our mark",
        "another mark",
        "our file",
        "another file",
        "only the count",
        "another count",
        "never ran",
    ],
)
def test_a_listed_batch_is_ours_by_mark_or_by_file(
    changes: dict[str, Any], proven: bool | None, tmp_path: Any
) -> None:
    batch, _, _ = spooled(adapter("openai", None), tmp_path, ["a", "b"])
    found = openai_wire.candidate_of(OPENAI.batch(**changes), batch)
    assert (None if found is None else found.proven) == proven


def test_an_anthropic_batch_is_a_candidate_by_count_and_never_proven(tmp_path: Any) -> None:
    batch, _, _ = spooled(adapter("anthropic", None), tmp_path, ["a", "b"])
    found = anthropic_wire.candidate_of(ANTHROPIC.batch(), batch)
    assert found is not None and not found.proven and found.requests == 2
    assert found.created_at == NOW + timedelta(seconds=1)
    assert anthropic_wire.candidate_of(ANTHROPIC.batch(), dataclasses.replace(batch, requests=3)) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (errored("overloaded_error"), Reason.OVERLOADED),
        (errored("rate_limit_error"), Reason.RATE_LIMIT),
        (errored("timeout_error"), Reason.TIMEOUT),
        (errored("invalid_request_error", SPENT), Reason.NOT_ALLOWED),
        (errored("invalid_request_error"), Reason.REJECTED),
        (result("postponed"), Reason.UNREADABLE),
        (said("x", "pause_turn"), Reason.UNFINISHED),
        (said(""), Reason.EMPTY),
    ],
)
def test_results_that_failed_are_told_apart(line: dict[str, Any], reason: Reason) -> None:
    assert reason_of(anthropic_wire.answer_of(line)) is reason
