"""Requests, batches and answers in every wire form, for the tests of the adapters."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.profile import Lane, Limits, Profile, Tier
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.request import CustomId, Request
from llm_assets.engine.ports.provider import Provider
from resources.providers import provider_for

KEY = "sk-secret-0123456789"
MAIL = "Dear bank, my card 4400-1234 never came. Где моя карта?"
BATCH_ID = "0123456789ab"
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
SCHEMA = {
    "type": "object",
    "properties": {
        "category": {"type": "string", "enum": ["card", "loan"]},
        "confidence": {"type": "number"},
    },
    "required": ["category", "confidence"],
    "additionalProperties": False,
}
MODELS = {"openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5", "gemini": "gemini-3.5-flash-lite"}


def request(protocol: str, user: str = MAIL, system: str = "Sort the mail.") -> Request:
    return Request("categories", MODELS[protocol], Tier.CHEAP, system, user, SCHEMA, 500, "v1")


def profile(protocol: str, address: str | None, **changes: Any) -> Profile:
    base = address if address is None else address + PROTOCOLS[protocol].base_path
    defaults: dict[str, Any] = {
        "name": f"test-{protocol}",
        "protocol": protocol,
        "base_url": base,
        "api_key_env": "TEST_LLM_KEY",
        "models": {Tier.CHEAP: MODELS[protocol]},
        "limits": Limits(batch_requests=1000, batch_bytes=1 << 20),
    }
    return Profile(**{**defaults, **changes})


_adapters: dict[str, Provider] = {}


def fresh_adapter(protocol: str, address: str | None, *, timeout: float = 10.0, **changes: Any) -> Provider:
    return provider_for(profile(protocol, address, **changes), timeout_seconds=timeout, strict=True)


def adapter(protocol: str, address: str | None, *, timeout: float = 10.0, **changes: Any) -> Provider:
    """The same adapter for the same options: making an SDK's client costs more than most tests."""
    name = repr((protocol, address, timeout, sorted(changes.items())))
    if name not in _adapters:
        _adapters[name] = fresh_adapter(protocol, address, timeout=timeout, **changes)
    return _adapters[name]


def spooled(
    provider: Provider, folder: Path, users: Iterable[str], *, at: datetime = NOW, batch_id: str = BATCH_ID
) -> tuple[Batch, Path, list[str]]:
    """A batch about to be created, its lines on disk, and its custom_ids."""
    protocol = provider.profile.protocol
    requests = [request(protocol, user) for user in users]
    ids = [str(CustomId(batch_id, r.request_id, 1)) for r in requests]
    spool = folder / f"{batch_id}.spool"
    data = b"".join(provider.line(r, i) for r, i in zip(requests, ids, strict=True))
    spool.write_bytes(data)
    batch = Batch(
        batch_id,
        date(2026, 11, 20),
        "categories",
        Lane.NIGHTLY,
        provider.profile.name,
        MODELS[protocol],
        BatchState.CREATING,
        len(requests),
        len(data),
        hashlib.sha256(data).hexdigest(),
        at,
        creating_at=at,
        provider_file_id="file-1" if protocol == "openai" else None,
    )
    return batch, spool, ids


def under(batch: Batch, provider_batch_id: str) -> Batch:
    return dataclasses.replace(batch, provider_batch_id=provider_batch_id)


@dataclass(frozen=True)
class Wire:
    """Where a protocol keeps what, and what its answers look like."""

    protocol: str
    batches: str
    online: str
    batch_id: str
    creates: str = ""
    """Where a batch is created; `batches` where it is not given."""
    running: str = "in_progress"
    """The status of a batch on its way, as a look tells it."""
    ended: str = "ended"
    """The status of one that has answers, as the wire writes it."""

    @property
    def create(self) -> str:
        return self.creates or self.batches

    @property
    def cancels(self) -> str:
        return f"{self.one}{':' if self.protocol == 'gemini' else '/'}cancel"

    @property
    def one(self) -> str:
        return f"{self.batches}/{self.batch_id}"

    def error(self, kind: str, code: str | None = None, message: str = MAIL + KEY) -> dict[str, Any]:
        if self.protocol == "openai":
            return {"error": {"message": message, "type": kind, "param": None, "code": code}}
        if self.protocol == "gemini":
            return {"error": rpc_error(kind, code, message)}
        details = {} if code is None else {"details": {"error_code": code}}
        inner = {"type": kind, "message": message, **details}
        return {"type": "error", "error": inner, "request_id": "req_1"}

    def batch(self, status: str | None = None, **changes: Any) -> dict[str, Any]:
        build = {"openai": _openai_batch, "anthropic": _anthropic_batch, "gemini": _gemini_batch}
        return build[self.protocol](self.batch_id, status, changes)

    def page(self, *entries: Any, more: bool = False) -> dict[str, Any]:
        """A page of the list of batches."""
        if self.protocol == "gemini":
            return {"operations": list(entries), **({"nextPageToken": "next"} if more else {})}
        ids = [str(entry.get("id")) for entry in entries] or [""]
        frame = {"object": "list", "has_more": more, "first_id": ids[0], "last_id": ids[-1]}
        return {**frame, "data": list(entries)}

    def online_answer(self, text: str) -> dict[str, Any]:
        if self.protocol == "openai":
            return chat(text)
        if self.protocol == "gemini":
            return generated(text)
        return message([{"type": "text", "text": text, "citations": None}])

    def result_line(self, custom_id: str, text: str) -> bytes:
        answer = self.online_answer(text)
        if self.protocol == "openai":
            response = {"status_code": 200, "request_id": "r", "body": answer}
            line: dict[str, Any] = {"id": "b", "custom_id": custom_id, "response": response, "error": None}
        elif self.protocol == "gemini":
            line = {"key": custom_id, "response": answer}
        else:
            line = {"custom_id": custom_id, "result": {"type": "succeeded", "message": answer}}
        return json.dumps(line, ensure_ascii=False).encode() + b"\n"


OPENAI = Wire("openai", "/v1/batches", "/v1/chat/completions", "batch_1", ended="completed")
ANTHROPIC = Wire("anthropic", "/v1/messages/batches", "/v1/messages", "msgbatch_1")
GEMINI = Wire(
    "gemini",
    "/v1beta/batches",
    f"/v1beta/models/{MODELS['gemini']}:generateContent",
    "b-1",
    creates=f"/v1beta/models/{MODELS['gemini']}:batchGenerateContent",
    running="RUNNING",
    ended="BATCH_STATE_SUCCEEDED",
)
EVERY = pytest.mark.parametrize("wire", [OPENAI, ANTHROPIC, GEMINI], ids=lambda w: w.protocol)


def _openai_batch(batch_id: str, status: str | None, changes: dict[str, Any]) -> dict[str, Any]:
    body = {
        "id": batch_id,
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
        "input_file_id": "file-1",
        "created_at": int(NOW.timestamp()) + 1,
        "status": status if status is not None else "in_progress",
        "output_file_id": None,
        "error_file_id": None,
        "errors": None,
        "metadata": None,
        "request_counts": {"total": 2, "completed": 0, "failed": 0},
    }
    return {**body, **changes}


def _anthropic_batch(batch_id: str, status: str | None, changes: dict[str, Any]) -> dict[str, Any]:
    body = {
        "id": batch_id,
        "type": "message_batch",
        "processing_status": status if status is not None else "in_progress",
        "request_counts": {"processing": 2, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
        "created_at": (NOW + timedelta(seconds=1)).isoformat(),
        "expires_at": (NOW + timedelta(days=1)).isoformat(),
        "ended_at": None,
        "cancel_initiated_at": None,
        "archived_at": None,
        "results_url": None,
    }
    return {**body, **changes}


def _gemini_batch(batch_id: str, status: str | None, changes: dict[str, Any]) -> dict[str, Any]:
    """`changes` are of the metadata, which is where a batch is; `response`, `error` and `done` of the operation."""
    metadata: dict[str, Any] = {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
        "name": f"batches/{batch_id}",
        "model": f"models/{MODELS['gemini']}",
        "displayName": "somebody's",
        "createTime": (NOW + timedelta(seconds=1)).isoformat().replace("+00:00", ".827892252Z"),
        "batchStats": {"requestCount": "2", "pendingRequestCount": "2"},
        "state": status if status is not None else "BATCH_STATE_RUNNING",
    }
    outside = {name: changes.pop(name) for name in ("response", "error", "done") if name in changes}
    return {"name": f"batches/{batch_id}", "metadata": {**metadata, **changes}, **outside}


def rpc_error(kind: str, reason: str | None, message: str, code: int = 400) -> dict[str, Any]:
    """A google.rpc.Status as HTTP answers carry it."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    return {
        "code": code,
        "message": message,
        "status": kind,
        **({"details": [info]} if reason is not None else {}),
    }


def generated(text: str | None, reason: str = "STOP", **changes: Any) -> dict[str, Any]:
    usage = {
        "promptTokenCount": 1200,
        "cachedContentTokenCount": 1000,
        "candidatesTokenCount": 20,
        "thoughtsTokenCount": 10,
        "totalTokenCount": 1230,
    }
    parts = [{"text": "let me think", "thought": True}, {"text": text}] if text is not None else []
    candidate = {"content": {"parts": parts, "role": "model"}, "finishReason": reason, "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": MODELS["gemini"], **changes}


def chat(text: str | None, reason: str = "stop", refusal: str | None = None) -> dict[str, Any]:
    said = {"role": "assistant", "content": text, "refusal": refusal}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-6-luna",
        "choices": [{"index": 0, "message": said, "logprobs": None, "finish_reason": reason}],
        "usage": {
            "prompt_tokens": 1200,
            "completion_tokens": 30,
            "total_tokens": 1230,
            "prompt_tokens_details": {"cached_tokens": 1000, "cache_write_tokens": 50},
        },
    }


def message(content: list[dict[str, Any]], reason: str = "end_turn", **changes: Any) -> dict[str, Any]:
    usage = {
        "input_tokens": 150,
        "cache_read_input_tokens": 1000,
        "cache_creation_input_tokens": 50,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 50},
        "output_tokens": 30,
        "output_tokens_details": {"thinking_tokens": 0},
        "server_tool_use": None,
        "service_tier": "standard",
        "inference_geo": None,
        "speed": None,
    }
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5",
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "stop_details": None,
        "usage": usage,
        "container": None,
    }
    return {**body, **changes}
