"""Chats: the desk's steps in the form of OpenAI's chat completions, whole or in chunks."""

import json
import time
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from llm_assets.domain.callers.caller import Caller
from llm_assets.usecases.answers.door import Ask, Door
from llm_assets.usecases.answers.told import Told
from llm_assets.web.answers.bodies import digest_of, validated
from llm_assets.web.answers.errors import RefusedError

MODEL_PREFIX = "step/"
TEXT = "body"
"""The column that is the content where a step has one; else the content is all columns as JSON."""


class _Part(BaseModel):
    type: str
    text: str | None = None


class _Message(BaseModel):
    role: str
    content: str | list[_Part] | None = None

    @property
    def text(self) -> str:
        content = self.content or ""
        return content if isinstance(content, str) else "\n".join(part.text or "" for part in content)


class _StreamOptions(BaseModel):
    include_usage: bool | None = None


class Chat(BaseModel):
    """As much of OpenAI's chat completion as has a meaning here; the rest is accepted and has none."""

    model: str
    messages: list[_Message] = Field(min_length=1)
    stream: bool | None = False
    stream_options: _StreamOptions | None = None

    @property
    def case(self) -> str:
        """The last message of the user."""
        return next((message.text for message in reversed(self.messages) if message.role == "user"), "")

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and bool(self.stream_options.include_usage)

    def ask(self, caller: Caller, idempotency_key: str | None, wait: float) -> Ask:
        """A chat names no queue: it goes to the key's own where that has one, else to the default one."""
        queue = caller.queues[0] if len(caller.queues) == 1 else None
        step = self.model.removeprefix(MODEL_PREFIX)
        digest = digest_of(f"chat {self.model}", self.case.encode("utf-8", "surrogatepass"))
        return Ask(step, Told(self.case), digest, queue, idempotency_key=idempotency_key, wait=wait)


def chat_of(body: bytes, door: Door, caller: Caller) -> Chat:
    """Raises RefusedError for a model that is no step, and for a chat without a case."""
    chat = validated(Chat, body)
    _check_known(door, caller, chat.model)
    if not chat.case.strip():
        raise RefusedError(
            422,
            "The last user message is empty; send the case as its text.",
            "invalid_value",
            param="messages",
        )
    return chat


def models(door: Door, caller: Caller) -> list[dict[str, Any]]:
    """The steps that the key allows, as OpenAI's models."""
    return [_model(step.name) for step in door.assembly.steps if caller.may_step(step.name)]


def model_named(door: Door, caller: Caller, name: str) -> dict[str, Any]:
    """Raises RefusedError for one that is not in the list."""
    found = next((model for model in models(door, caller) if model["id"] == name), None)
    if found is None:
        raise _unknown(door, caller)
    return found


def _model(step: str) -> dict[str, Any]:
    return {"id": f"{MODEL_PREFIX}{step}", "object": "model", "created": 0, "owned_by": "llm-assets"}


def _check_known(door: Door, caller: Caller, model: str) -> None:
    """A step that the key does not allow is known all the same: the door says why it is refused."""
    if model not in {_model(step.name)["id"] for step in door.assembly.steps}:
        raise _unknown(door, caller)


def _unknown(door: Door, caller: Caller) -> RefusedError:
    known = ", ".join(model["id"] for model in models(door, caller))
    return RefusedError(
        404, f"There is no model of that name; the models are: {known}.", "model_not_found", param="model"
    )


def completion(model: str, answer_id: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as OpenAI's chat completion; all that the desk says of it is under `answer`."""
    message = {"role": "assistant", "content": content_of(found), "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return {**_frame("chat.completion", model, answer_id), "choices": [choice], **told(found)}


class Chunks:
    """The chunks of one completion."""

    def __init__(self, chat: Chat, answer_id: str) -> None:
        self._usage: dict[str, Any] = {"usage": None} if chat.wants_usage else {}
        self._frame = _frame("chat.completion.chunk", chat.model, answer_id)

    def first(self) -> dict[str, Any]:
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def text(self, text: str) -> dict[str, Any]:
        return self._chunk({"content": text})

    def last(self, found: Mapping[str, Any], *, replaced: bool) -> list[dict[str, Any]]:
        """The end, and with it what the desk says of the answer: in a chunk of its own only where usage was asked for, because
        clients that did not ask for it look for a choice in every chunk."""
        end, said = self._chunk({}, "stop"), told(found)
        if replaced:
            said["answer"]["replaced"] = True
        if self._usage:
            return [end, {**self._frame, "choices": [], **said}]
        return [{**end, "answer": said["answer"]}]

    def _chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self._frame, "choices": [choice], **self._usage}


def _frame(kind: str, model: str, answer_id: str) -> dict[str, Any]:
    return {"id": answer_id, "object": kind, "created": int(time.time()), "model": model}


def content_of(found: Mapping[str, Any]) -> str:
    output = found["output"]
    return (output[TEXT] or "") if TEXT in output else json.dumps(output, ensure_ascii=False)


def told(found: Mapping[str, Any]) -> dict[str, Any]:
    """Usage in OpenAI's words, and the answer in the desk's."""
    usage = found["usage"]
    return {
        "usage": {
            "prompt_tokens": usage["input_tokens"],
            "completion_tokens": usage["output_tokens"],
            "total_tokens": usage["input_tokens"] + usage["output_tokens"],
            "prompt_tokens_details": {"cached_tokens": usage["cached_tokens"]},
        },
        "answer": dict(found),
    }
