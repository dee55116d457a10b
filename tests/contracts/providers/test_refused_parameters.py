"""A refused parameter names the setting that cures it, wherever the server says it, and costs no request anything."""

from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.errors import MisconfiguredError, PermanentError
from llm_assets.domain.reason import Reason
from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.batch import Look
from llm_assets.domain.requests.outcome import Outcome
from resources.providers.anthropic import wire as anthropic_wire
from resources.providers.gemini import answers as gemini_answers
from resources.providers.gemini import wire as gemini_wire
from resources.providers.openai import wire as openai_wire
from resources.providers.refused_parameters import refused_parameter
from tests.support.providers.provider_kit import (
    EVERY,
    GEMINI,
    MAIL,
    OPENAI,
    Wire,
    adapter,
    request,
    rpc_error,
    spooled,
)
from tests.support.providers.provider_server import Canned, Reply

pytestmark = pytest.mark.usefixtures("key")


def said(message: str, **more: Any) -> dict[str, Any]:
    return {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}


def forbidden(*loc: str) -> list[dict[str, Any]]:
    return [
        {"type": "extra_forbidden", "loc": list(loc), "msg": "Extra inputs are not permitted", "input": MAIL}
    ]


REFUSED = [
    pytest.param(
        said(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            param="max_tokens",
            code="unsupported_parameter",
        ),
        "answer_limit: max_completion_tokens",
        id="openai, a parameter of older models",
    ),
    pytest.param(
        said("Unknown parameter: 'prompt_cache_key'.", param="prompt_cache_key", code="unknown_parameter"),
        "prompt_cache: false",
        id="openai, unknown",
    ),
    pytest.param(
        said("Unrecognized request argument supplied: metadata"), "metadata: false", id="azure, one argument"
    ),
    pytest.param(
        said("Unrecognized request arguments supplied: max_completion_tokens, prompt_cache_key"),
        "answer_limit: max_tokens",
        id="azure, two arguments",
    ),
    pytest.param(
        said("Invalid schema for response_format 'categories': schema too deep", code="invalid_json_schema"),
        "answer_format: json_object",
        id="a schema that strict mode refuses",
    ),
    pytest.param(
        said("property 'prompt_cache_key' is unsupported"), "prompt_cache: false", id="groq, a property"
    ),
    pytest.param(
        said(
            "This model does not support response format `json_schema`. See the docs.",
            param="response_format",
        ),
        "answer_format: json_object",
        id="groq, a response format",
    ),
    pytest.param(
        {"object": "error", "message": {"detail": forbidden("body", "prompt_cache_key")}, "type": "invalid"},
        "prompt_cache: false",
        id="mistral, entries inside the message",
    ),
    pytest.param(
        {"object": "Error", "message": forbidden("body", "max_completion_tokens"), "code": 3001},
        "answer_limit: max_tokens",
        id="mistral, entries as the message",
    ),
    pytest.param(
        said(
            '{"detail":[{"type":"extra_forbidden","loc":["body","prompt_cache_key"],"msg":"Extra inputs"}]}'
        ),
        "prompt_cache: false",
        id="mistral, entries as json in the message",
    ),
    pytest.param(
        said("Validation: Unsupported parameter(s): prompt_cache_key"), "prompt_cache: false", id="a router"
    ),
    pytest.param(
        {"detail": forbidden("body", "response_format", "json_schema", "strict")},
        "answer_format: schema",
        id="fastapi, entries with a place",
    ),
    pytest.param(
        said(
            "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not "
            "permitted', 'input': 500}]"
        ),
        "answer_limit: max_tokens",
        id="vllm, entries as text",
    ),
    pytest.param(
        said(
            "litellm.UnsupportedParamsError: groq does not support parameters: ['prompt_cache_key'], for model=x"
        ),
        "prompt_cache: false",
        id="litellm, of the provider behind it",
    ),
    pytest.param(
        said("output_config: Extra inputs are not permitted"),
        "answer_format: prompt",
        id="anthropic's protocol",
    ),
    pytest.param(
        said("system.0.cache_control: Extra inputs are not permitted"),
        "prompt_cache: false",
        id="a mark inside",
    ),
]


GOOGLES = [
    pytest.param(
        "Invalid JSON payload received. Unknown name \"responseJsonSchema\" at 'generation_config': Cannot find field.",
        "answer_format: json_object",
        id="an unknown field",
    ),
    pytest.param(
        "Invalid JSON payload received. Unknown name \\\"response_mime_type\\\" at 'generation_config': Cannot find.",
        "answer_format: prompt",
        id="in snake case, its quotation marks escaped by a gateway",
    ),
    pytest.param(
        "Invalid JSON payload received. Unknown name \"priority\" at 'batch': Cannot find field.",
        "priority: false",
        id="a field of the batch",
    ),
    pytest.param(
        "The specified schema produces a constraint that has too many states for serving.",
        "answer_format: json_object",
        id="a schema that is too large",
    ),
    pytest.param(
        "* GenerateContentRequest.generation_config.response_json_schema.properties: should be non-empty",
        "answer_format: json_object",
        id="a schema that is refused",
    ),
    pytest.param(
        "JSON mode is not enabled for models/gemma-3-27b-it", "answer_format: prompt", id="no JSON mode"
    ),
]


@pytest.mark.parametrize(("told", "setting"), GOOGLES)
def test_google_s_words_for_a_refused_field_name_the_setting_wherever_they_are(
    told: str, setting: str
) -> None:
    error = {"code": 3, "message": told}
    answer = gemini_answers.answer_of({"key": "x", "error": error})
    assert (answer.outcome, answer.reason) == (Outcome.FAILED_TRANSIENT, Reason.MISCONFIGURED)
    assert f"set `{setting}" in answer.detail
    view = gemini_wire.view_of(GEMINI.batch("BATCH_STATE_FAILED", error=error))
    assert (view.look, view.kind) == (Look.BLOCKED, Refused.CONFIGURATION)
    assert f"`{setting}" in view.detail


@pytest.mark.parametrize(
    "told",
    [
        "Invalid JSON payload received. Unknown name \"mood\" at 'contents[0]': Cannot find field.",
        "Please use a valid role: user, model.",
        "Unable to process input image.",
    ],
)
def test_google_s_other_refusals_are_the_request_s_own(told: str) -> None:
    answer = gemini_answers.answer_of({"key": "x", "error": {"code": 3, "message": told}})
    assert (answer.outcome, answer.reason) == (Outcome.FAILED_PERMANENT, None)


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(("error", "setting"), REFUSED)
def test_a_refused_parameter_is_told_by_its_name(error: dict[str, Any], setting: str, status: int) -> None:
    found = refused_parameter(status, error)
    assert found is not None and f"`{setting}" in found.detail
    assert MAIL not in found.detail


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, said("The request is malformed.")),
        (400, said("Unknown parameter: 'mood'.", param="mood", code="unknown_parameter")),
        (400, said("messages.0.content.1: Extra inputs are not permitted")),
        (400, said("Unknown parameter for this endpoint: see the strict rules about metadata")),
        (400, said("max_tokens is too large: 500000")),
        (500, said("Unknown parameter: 'metadata'.", param="metadata", code="unknown_parameter")),
        (429, said("Unsupported parameter: 'max_tokens'")),
        (422, {"detail": forbidden("body", "messages", "0", "name")}),
        (400, {}),
        (400, {"message": None, "code": 400, "param": 7}),
        (422, {"detail": [None, {"type": "extra_forbidden", "loc": "body"}]}),
    ],
    ids=lambda given: str(given)[:60],
)
def test_what_is_about_anything_else_is_left_to_others(status: int, error: dict[str, Any]) -> None:
    assert refused_parameter(status, error) is None


def _refusal(wire: Wire) -> tuple[Reply, str]:
    if wire is OPENAI:
        return Reply(400, {"error": REFUSED[1].values[0]}), "`prompt_cache: false` in the dialect"
    if wire is GEMINI:
        told = GOOGLES[0].values[0]
        return Reply(
            400, {"error": rpc_error("INVALID_ARGUMENT", None, told)}
        ), "`answer_format: json_object`"
    inner = {"type": "invalid_request_error", "message": "output_config: Extra inputs are not permitted"}
    return Reply(400, {"type": "error", "error": inner}), "`answer_format: prompt` in the dialect"


@EVERY
def test_an_online_call_or_a_create_that_is_refused_for_its_form_blocks_and_names_the_setting(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    reply, setting = _refusal(wire)
    server.on(f"POST {wire.online}", reply)
    server.on(f"POST {wire.create}", reply)
    provider = adapter(wire.protocol, server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    with pytest.raises(MisconfiguredError, match=setting) as asked:
        provider.ask(provider.line(request(wire.protocol), "id-1"))
    with pytest.raises(MisconfiguredError, match=setting):
        provider.create(batch, spool)
    assert f"of the profile test-{wire.protocol} in providers.yaml" in str(asked.value)
    assert MAIL not in str(asked.value)


def test_metadata_that_a_create_may_not_carry_is_named(server: Canned, tmp_path: Path) -> None:
    server.on("POST /v1/batches", Reply(422, {"detail": forbidden("body", "metadata")}))
    batch, spool, _ = spooled(adapter("openai", server.url), tmp_path, [MAIL])
    with pytest.raises(MisconfiguredError, match="`metadata: false` in the capabilities"):
        adapter("openai", server.url).create(batch, spool)


@EVERY
def test_another_refusal_of_a_create_is_the_batch_s_own(wire: Wire, server: Canned, tmp_path: Path) -> None:
    server.on(f"POST {wire.create}", Reply(400, wire.error("invalid_request_error")))
    provider = adapter(wire.protocol, server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    with pytest.raises(PermanentError):
        provider.create(batch, spool)


def test_a_result_line_that_is_refused_for_its_form_is_no_dead_letter() -> None:
    body = {"error": REFUSED[0].values[0]}
    openai = openai_wire.answer_of({"custom_id": "x", "response": {"status_code": 400, "body": body}})
    inner = {"type": "invalid_request_error", "message": "output_config: Extra inputs are not permitted"}
    result = {"type": "errored", "error": {"type": "error", "error": inner}}
    anthropic = anthropic_wire.answer_of({"custom_id": "x", "result": result})
    for answer, setting in (
        (openai, "answer_limit: max_completion_tokens"),
        (anthropic, "answer_format: prompt"),
    ):
        assert (answer.outcome, answer.reason) == (Outcome.FAILED_TRANSIENT, Reason.MISCONFIGURED)
        assert f"set `{setting}`" in answer.detail


@pytest.mark.parametrize(
    ("error", "setting"),
    [
        ({"code": "invalid_value", "param": "endpoint", "line": None}, "batch_endpoint"),
        ({"code": "unsupported_parameter", "param": "body.max_tokens", "line": 3}, "answer_limit"),
        ({"code": "unknown_parameter", "param": "metadata", "line": None}, "metadata: false"),
    ],
)
def test_a_batch_that_failed_for_its_form_names_the_setting(error: dict[str, Any], setting: str) -> None:
    view = openai_wire.view_of(OPENAI.batch("failed", errors={"object": "list", "data": [error]}))
    assert view.look is Look.BLOCKED
    assert f"`{setting}" in view.detail


def test_a_batch_that_failed_for_its_content_is_rejected_as_before() -> None:
    for code in ("invalid_json_line", "url_mismatch"):
        error = {"code": code, "message": MAIL, "line": 1, "param": None}
        view = openai_wire.view_of(OPENAI.batch("failed", errors={"object": "list", "data": [error]}))
        assert (view.look, view.detail) == (Look.REJECTED, f"{code} (line 1)")
