"""Streams: a whole answer as the events in which each API sends it piece by piece. Pure.

The pieces of a text are always the same, and so is what all of them add up to.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import orjson

from llm_assets.emulator.scenario import Streams
from llm_assets.emulator.wire import EventsBody, Reply

OVERLOADED = {"type": "overloaded_error", "message": "Overloaded"}
SERVER_ERROR = {
    "type": "server_error",
    "code": None,
    "param": None,
    "message": "The server had an error while processing your request.",
}


def anthropic_stream(message: Mapping[str, Any], rules: Streams) -> Reply:
    """The events of a message."""
    error = _named({"type": "error", "error": OVERLOADED})
    return _reply([_named(event) for event in _of_message(message, rules.characters)], error, rules)


def chat_stream(completion: Mapping[str, Any], rules: Streams, *, with_usage: bool) -> Reply:
    """The chunks of a chat completion."""
    chunks = [_unnamed(chunk) for chunk in _of_completion(completion, rules.characters, with_usage)]
    return _reply([*chunks, b"data: [DONE]\n\n"], _unnamed({"error": SERVER_ERROR}), rules)


def response_stream(response: Mapping[str, Any], rules: Streams) -> Reply:
    """The events of a response."""
    error = _named({"type": "error", "sequence_number": 0, **SERVER_ERROR})
    return _reply([_named(event) for event in _of_response(response, rules.characters)], error, rules)


def _reply(events: list[bytes], error: bytes, rules: Streams) -> Reply:
    whole = rules.break_after is None or rules.break_after >= len(events)
    if rules.fail_after is not None:
        events = [*events[: rules.fail_after], error]
    elif not whole:
        events = events[: rules.break_after]
    body = EventsBody(tuple(events), rules.pause_seconds, whole)
    return Reply(200, body, "text/event-stream; charset=utf-8", {"cache-control": "no-cache"})


def _named(event: Mapping[str, Any]) -> bytes:
    return b"event: " + str(event["type"]).encode() + b"\n" + _unnamed(event)


def _unnamed(event: Mapping[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(event) + b"\n\n"


def _pieces(text: str, characters: int) -> Iterator[str]:
    for start in range(0, len(text), characters):
        yield text[start : start + characters]


def _of_message(message: Mapping[str, Any], characters: int) -> Iterator[dict[str, Any]]:
    """The usage comes twice: at the beginning with one token of output, at the end with all."""
    begun: dict[str, Any] = {"content": [], "stop_reason": None, "stop_details": None}
    usage = {**message["usage"], "output_tokens": 1}
    yield {"type": "message_start", "message": {**message, **begun, "usage": usage}}
    yield {"type": "ping"}
    for index, block in enumerate(message["content"]):
        empty, deltas = _block(block, characters)
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ends = ("container", "stop_details", "stop_reason", "stop_sequence")
    counted = ("cache_creation_input_tokens", "cache_read_input_tokens", "input_tokens", "output_tokens")
    totals = {
        name: message["usage"].get(name) for name in (*counted, "output_tokens_details", "server_tool_use")
    }
    yield {"type": "message_delta", "delta": {name: message.get(name) for name in ends}, "usage": totals}
    yield {"type": "message_stop"}


def _block(block: Mapping[str, Any], characters: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block without its content, and the deltas that bring it."""
    match block["type"]:
        case "thinking":
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [signed]
        case "tool_use":
            written = orjson.dumps(block["input"]).decode()
            parts = _pieces(written, characters)
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": p} for p in parts]
        case _:
            parts = _pieces(block["text"], characters)
            return {**block, "text": ""}, [{"type": "text_delta", "text": part} for part in parts]


def _of_completion(
    completion: Mapping[str, Any], characters: int, with_usage: bool
) -> Iterator[dict[str, Any]]:
    choice = completion["choices"][0]
    message = choice["message"]
    usage = {"usage": None} if with_usage else {}
    frame = {
        name: completion[name] for name in ("id", "created", "model", "service_tier", "system_fingerprint")
    }
    frame["object"] = "chat.completion.chunk"

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {
            **frame,
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
            **usage,
        }

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for name in ("content", "refusal"):
        for part in _pieces(message.get(name) or "", characters):
            yield chunk({name: part})
    for call in message.get("tool_calls", ()):
        yield chunk({"tool_calls": [{"index": 0, **call}]})
    yield chunk({}, choice["finish_reason"])
    if with_usage:
        yield {**frame, "choices": [], "usage": completion["usage"]}


def _of_response(response: Mapping[str, Any], characters: int) -> Iterator[dict[str, Any]]:
    begun = {**response, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    number = count()

    def event(kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": f"response.{kind}", "sequence_number": next(number), **fields}

    yield event("created", response=begun)
    yield event("in_progress", response=begun)
    [item] = response["output"]
    [part] = item["content"]
    kind, name = ("refusal", "refusal") if part["type"] == "refusal" else ("output_text", "text")
    logprobs: dict[str, Any] = {"logprobs": []} if name == "text" else {}
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    open_item = {**item, "status": "in_progress", "content": []}
    yield event("output_item.added", output_index=0, item=open_item)
    yield event("content_part.added", **place, part={**part, name: ""})
    for text in _pieces(part[name], characters):
        yield event(f"{kind}.delta", **place, delta=text, **logprobs)
    yield event(f"{kind}.done", **place, **{name: part[name]}, **logprobs)
    yield event("content_part.done", **place, part=part)
    yield event("output_item.done", output_index=0, item=item)
    yield event("incomplete" if response["status"] == "incomplete" else "completed", response=response)
