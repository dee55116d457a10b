"""The OpenAPI 3.1 document of the online door: each address, what it takes and what it answers."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from llm_assets.web.answers.bodies import Case
from llm_assets.web.answers.chat import Chat

Json = dict[str, Any]

CODES: Mapping[int, Sequence[str]] = {
    401: ("invalid_api_key",),
    403: ("not_allowed",),
    404: ("not_found", "model_not_found"),
    405: ("method_not_allowed",),
    408: ("too_slow",),
    409: ("idempotency_key_reused", "still_open"),
    410: ("gone",),
    411: ("no_length",),
    413: ("too_large",),
    415: ("unknown_content_type",),
    422: (
        *("invalid_value", "invalid_json", "invalid_text", "invalid_form"),
        *("unfit_case", "unfit_rows", "unknown_queue"),
    ),
    429: ("rate_limit_exceeded", "saturated", "insufficient_quota"),
    500: ("defect",),
    503: ("blocked", "provider_unavailable", "unavailable", "busy", "stopping"),
}
_WHEN = {
    401: "The key is missing, wrong, expired or revoked",
    403: "The key does not allow this step or queue",
    404: "There is nothing of that name",
    405: "The address does not take this method",
    408: "The body came too slowly",
    409: "The same Idempotency-Key was used for another body",
    410: "Nothing came of it, or it is no longer kept",
    411: "No Content-Length",
    413: "The body is too large",
    415: "The content type is not taken",
    422: "The body cannot be used; the message says which part",
    429: "A limit of the key or of the desk is used up; see retry-after",
    500: "A defect of the desk",
    503: "The desk or its provider cannot answer now",
}
_OF_A_POST = (401, 403, 404, 408, 409, 411, 413, 415, 422, 429, 500, 503)
_OF_A_GET = (401, 404, 410, 500, 503)
_LIMITS = ("limit", "remaining", "reset")


@lru_cache
def document() -> Json:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "llm-assets answers",
            "version": "1",
            "description": "The desk's steps, answered now; also as chat completions, for the clients that know these.",
        },
        "security": [{"key": []}],
        "paths": {
            "/v1/steps/{step}": {"post": _step()},
            "/v1/answers/{answer}": {"get": _answer()},
            "/v1/models": {"get": _models()},
            "/v1/models/{model}": {"get": _model()},
            "/v1/chat/completions": {"post": _chat()},
            "/v1/check": {"post": _check()},
            "/health": {"get": _health()},
            "/openapi.json": {"get": _itself()},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
            "headers": _headers(),
            "responses": {f"Error{status}": _error(status) for status in CODES},
        },
    }


def _step() -> Json:
    return {
        "operationId": "step",
        "summary": "Work a step for one case, those that it reads first",
        "parameters": [
            _parameter("step", "path", "Its name, as /v1/models lists it without step/"),
            _parameter("wait", "query", "Seconds that the caller waits", {"type": "number", "minimum": 0, "maximum": 600, "default": 30}),
            _parameter("queue", "query", "The queue of a case that is the bytes of a mail"),
            _idempotency(),
            _parameter("Prefer", "header", "`respond-async`: the work continues after `wait`"),
        ],
        "requestBody": {"required": True, "content": {
            "application/json": {"schema": _ref("Case")},
            "message/rfc822": {"schema": {"description": "A mail as it was received"}},
            "multipart/form-data": {"schema": _ref("CaseForm")},
        }},
        "responses": {
            "200": _said("The answer", "Answer", limits=True),
            "202": {**_said("Not there within `wait`", "OpenAnswer", limits=True), "headers": {**_named_headers(limits=True), "Location": {"description": "Where the answer will be", "schema": {"type": "string"}}}},
            **_errors(_OF_A_POST),
        },
    }  # fmt: skip


def _answer() -> Json:
    return {
        "operationId": "answer",
        "summary": "An answer that this key asked for",
        "parameters": [_parameter("answer", "path", "Its id")],
        "responses": {
            "200": _said("The answer", "Answer"),
            "202": _said("Under way", "OpenAnswer"),
            **_errors(_OF_A_GET),
        },
    }


def _models() -> Json:
    listed = {"type": "object", "required": ["object", "data"], "properties": {
        "object": {"const": "list"},
        "data": {"type": "array", "items": _ref("Model")},
    }}  # fmt: skip
    return {
        "operationId": "models",
        "summary": "The steps that this key allows, as models for chat clients",
        "responses": {"200": _content("The steps", listed), **_errors((401, 500, 503))},
    }


def _model() -> Json:
    return {
        "operationId": "model",
        "summary": "One of these steps",
        "parameters": [_parameter("model", "path", "Its id, `step/<name>`")],
        "responses": {"200": _said("The step", "Model"), **_errors(_OF_A_GET)},
    }


def _check() -> Json:
    kinds = ("unreadable", "empty", "encrypted", "damaged")
    codes = (*kinds, "blank_page", "missing_page", "low_quality", "other_type")
    finding = _object(
        {"code": {"enum": list(codes)}, "page": {"type": ["integer", "null"]}, "detail": {"type": "string"}}
    )
    maybe, pages = {"type": ["string", "null"]}, {"type": ["integer", "null"]}
    found = _object(
        {
            "id": {"type": "string"},
            "ok": {"type": "boolean"},
            "document_type": maybe,
            "decided_by": {"enum": ["rules", "model", "none", "unavailable"]},
            "pages": pages,
            "pages_checked": pages,
            "findings": {"type": "array", "items": finding},
        }
    )
    return {
        "operationId": "check",
        "summary": "What is wrong with a file while it is uploaded",
        "parameters": [_idempotency(), _parameter("Accept-Language", "header", "Of the findings: en, ru or kk")],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _ref("CheckForm")}}},
        "responses": {
            "200": {**_content("What was found", found), "headers": _named_headers(limits=True)},
            "202": _said("Not there yet", "OpenAnswer", limits=True),
            **_errors(_OF_A_POST),
        },
    }  # fmt: skip


def _chat() -> Json:
    return {
        "operationId": "chat",
        "summary": "A step as a chat completion: the last user message is the case",
        "parameters": [_idempotency()],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Chat")}}},
        "responses": {
            "200": {
                "description": "The answer, or with `stream: true` its chunks, the last of them with `answer`",
                "content": {
                    "application/json": {"schema": _ref("ChatCompletion")},
                    "text/event-stream": {"schema": {"type": "string"}},
                },
                "headers": _named_headers(limits=True),
            },
            **_errors(_OF_A_POST),
        },
    }


def _health() -> Json:
    return {
        "operationId": "health",
        "summary": "Whether the door can answer now; needs no key",
        "security": [],
        "responses": {"200": _said("It can", "Health"), "503": _said("It cannot", "Health")},
    }


def _itself() -> Json:
    return {
        "operationId": "openapi",
        "summary": "This document; needs no key",
        "security": [],
        "responses": {"200": _content("OpenAPI 3.1", {"type": "object"})},
    }


def _schemas() -> Json:
    text, number, maybe = {"type": "string"}, {"type": "integer"}, {"type": ["string", "null"]}
    usage = dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens"), number)
    answer = {
        **dict.fromkeys(("id", "record_id", "step"), text),
        "status": {"enum": ["ok", "review", "dead", "not_needed", "corrected", "open"]},
        "output": {"type": "object", "description": "The columns of the step's table"},
        "doubt": {"anyOf": [{"type": "null"}, _object({"reason": text, "detail": maybe})]},
        **dict.fromkeys(("route", "tier", "model", "prompt_version"), maybe),
        "reused": {"type": "boolean", "description": "Whether it was known and cost nothing"},
        "usage": _object({**usage, "cost_usd": {"type": "number"}}),
    }
    form = dict.fromkeys(("text", "subject", "from", "queue"), text)
    error = {"message": text, "type": text, "code": text, "param": maybe}
    found = _models_of(Case, Chat)
    return {
        **found,
        "CaseForm": {"type": "object", "properties": form, "description": "Any file of it is an attachment"},
        "CheckForm": {"type": "object", "required": ["file"], "properties": {
            "file": {"type": "string", "contentMediaType": "application/octet-stream"},
            "expect": {**text, "description": "The type of document that it should be"},
            "model": {"enum": ["true", "false"], "description": "Whether the model may be asked for the type"},
        }},
        "Answer": _object(answer),
        "OpenAnswer": _object({"id": text, "step": text, "status": {"const": "open"}}),
        "Model": _object({"id": text, "object": {"const": "model"}, "created": number, "owned_by": text}),
        "ChatCompletion": {
            "type": "object",
            "description": "As chat clients know it; `answer` is the desk's own",
            "properties": {"answer": _ref("Answer")},
        },
        "Health": _object({
            "status": {"enum": ["ok", "unavailable", "stopping"]},
            "failing": {"type": "array", "items": {"enum": ["ledger", "provider", "readers"]}},
        }),
        "Error": _object({"error": _object(error)}),
    }  # fmt: skip


def _models_of(*models: type[Any]) -> Json:
    found: Json = {}
    for model in models:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found


def _headers() -> Json:
    described = {
        f"x-ratelimit-{what}-{unit}": f"{what} of {unit} a minute; absent where the key has no such limit"
        for unit in ("requests", "tokens")
        for what in _LIMITS
    }
    described |= {
        "x-request-id": "Of this request, as the log has it",
        "retry-after": "Seconds after which the same may be sent again",
        "retry-after-ms": "The same in milliseconds",
    }
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in described.items()}


def _named_headers(*, limits: bool = False, retry: bool = False) -> Json:
    wanted = ["x-request-id", *(name for name in _headers() if limits and name.startswith("x-ratelimit"))]
    wanted += ["retry-after", "retry-after-ms"] if retry else []
    return {name: {"$ref": f"#/components/headers/{name}"} for name in wanted}


def _error(status: int) -> Json:
    codes = {"properties": {"error": {"properties": {"code": {"enum": list(CODES[status])}}}}}
    schema = {"allOf": [_ref("Error"), codes]}
    headers = _named_headers(limits=status == 429, retry=status in (409, 429, 503))
    return {**_content(_WHEN[status], schema), "headers": headers}


def _errors(statuses: Sequence[int]) -> Json:
    return {str(status): {"$ref": f"#/components/responses/Error{status}"} for status in statuses}


def _said(what: str, schema: str, *, limits: bool = False) -> Json:
    return {**_content(what, _ref(schema)), "headers": _named_headers(limits=limits)}


def _content(what: str, schema: Json) -> Json:
    return {"description": what, "content": {"application/json": {"schema": schema}}}


def _object(properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}


def _ref(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def _idempotency() -> Json:
    what = "The same key and body give the same answer and cost nothing"
    return _parameter("Idempotency-Key", "header", what, {"type": "string", "minLength": 1, "maxLength": 200})


def _parameter(name: str, place: str, what: str, schema: Json | None = None) -> Json:
    found = {"name": name, "in": place, "description": what, "schema": schema or {"type": "string"}}
    return {**found, "required": True} if place == "path" else found
