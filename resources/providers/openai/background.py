"""OpenAI's background responses with a completion window: a post now, and an answer that is fetched within hours."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any, cast

import orjson

from llm_assets.domain.errors import ContractError, PermanentError, UnknownBatchError
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from resources.providers.bodies import items, mapping
from resources.providers.errors import Call, refused_answer, token
from resources.providers.openai import wire

if TYPE_CHECKING:
    from openai import OpenAI

OPEN = frozenset({"queued", "in_progress"})
OVER = frozenset({"completed", "incomplete", "failed", "cancelled"})
MARK = "custom_id"


class BackgroundCalls:
    """The port `Background`."""

    def __init__(
        self,
        client: "OpenAI",
        window: str,
        edge: Callable[[Call], AbstractContextManager[None]],
        body: Callable[[Any, Call], Mapping[str, Any]],
    ) -> None:
        self._client = client
        self._window = window
        self._edge = edge
        self._body = body

    def post(self, line: bytes) -> str:
        """`store` keeps the answer until it is read: without it the provider deletes it after ten minutes."""
        asked = orjson.loads(line)
        call = Call("post a request", about="model", creates=True)
        with self._edge(call):
            raw = self._client.responses.with_raw_response.create(
                **cast(Any, as_response(asked["body"])),
                background=True,
                background_options=cast(Any, {"completion_window": self._window}),
                metadata={MARK: asked["custom_id"]},
                store=True,
            )
            found = self._body(raw, call).get("id")
        if not isinstance(found, str) or not found:
            raise ContractError("A posted request was answered without an id.")
        return found

    def is_over(self, response_id: str) -> bool:
        try:
            return _status(self._retrieved(response_id)) in OVER
        except UnknownBatchError:
            return True

    def answer(self, response_id: str, custom_id: str) -> Answer:
        return answer_of(self._retrieved(response_id), custom_id)

    def _retrieved(self, response_id: str) -> Mapping[str, Any]:
        call = Call(f"fetch response {response_id}", about="batch")
        with self._edge(call):
            return self._body(self._client.responses.with_raw_response.retrieve(response_id), call)

    def cancel(self, response_id: str) -> None:
        """A refusal of one that is over says so."""
        call = Call(f"cancel response {response_id}", about="batch")
        with suppress(UnknownBatchError, PermanentError), self._edge(call):
            self._client.responses.with_raw_response.cancel(response_id)

    def remove(self, response_id: str) -> None:
        call = Call(f"remove response {response_id}", about="batch")
        with suppress(UnknownBatchError), self._edge(call):
            self._client.responses.with_raw_response.delete(response_id)


def as_response(chat: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a chat completion as that of a response. Pure."""
    same = {name: chat[name] for name in ("model", "prompt_cache_key") if name in chat}
    limit = chat.get("max_completion_tokens", chat.get("max_tokens"))
    body: dict[str, Any] = {**same, "input": [_message(message) for message in chat["messages"]]}
    if limit is not None:
        body["max_output_tokens"] = limit
    if "reasoning_effort" in chat:
        body["reasoning"] = {"effort": chat["reasoning_effort"]}
    if (wanted := mapping(chat.get("response_format"))).get("type") == "json_schema":
        body["text"] = {"format": {"type": "json_schema", **mapping(wanted["json_schema"])}}
    elif wanted:
        body["text"] = {"format": dict(wanted)}
    return body


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message["content"]
    return {
        "role": message["role"],
        "content": [_part(p) for p in content] if isinstance(content, list) else content,
    }


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    match part["type"]:
        case "text":
            return {"type": "input_text", "text": part["text"]}
        case "image_url":
            return {"type": "input_image", "image_url": part["image_url"]["url"], "detail": "auto"}
        case _:
            return {"type": "input_file", **part["file"]}


def _status(response: Mapping[str, Any]) -> str:
    word = response.get("status")
    if not isinstance(word, str) or word not in OPEN | OVER:
        raise ContractError(
            f"Response {token(response.get('id'))} has the unknown status {token(word)!r}: look at it."
        )
    return word


def answer_of(response: Mapping[str, Any], custom_id: str) -> Answer:
    """Reads a response that is over. Raises ContractError for one whose mark names another request."""
    mark = mapping(response.get("metadata")).get(MARK)
    if mark != custom_id:
        raise ContractError(f"Response {token(response.get('id'))} is marked as another request's.")
    status = _status(response)
    if status == "cancelled":
        return Answer(custom_id, Outcome.CANCELLED, "", Usage(), status)
    if status == "failed":
        return refused_answer(custom_id, None, mapping(response.get("error")))
    return wire.completion(custom_id, _as_completion(response, status))


def _as_completion(response: Mapping[str, Any], status: str) -> dict[str, Any]:
    parts = [
        mapping(part)
        for one in map(mapping, items(response.get("output")))
        if one.get("type") == "message"
        for part in items(one.get("content"))
    ]
    refused = [part for part in parts if part.get("type") == "refusal"]
    text = "".join(str(part.get("text", "")) for part in parts if part.get("type") == "output_text")
    why = mapping(response.get("incomplete_details")).get("reason")
    reasons = {"max_output_tokens": "length", "content_filter": "content_filter"}
    reason = "stop" if status == "completed" else reasons.get(str(why), why)
    usage = mapping(response.get("usage"))
    return {
        "choices": [{"finish_reason": reason, "message": {"content": text, "refusal": bool(refused)}}],
        "usage": {
            "prompt_tokens": usage.get("input_tokens"),
            "completion_tokens": usage.get("output_tokens"),
            "prompt_tokens_details": usage.get("input_tokens_details"),
            "completion_tokens_details": usage.get("output_tokens_details"),
        },
    }
