"""Reads Gemini's answers: a line of results, inlined or from a file, and the response that both endpoints give."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, assert_never

from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from resources.providers.bodies import answered, count, ended_otherwise, items, mapping
from resources.providers.errors import refused_answer, token
from resources.providers.gemini.refusals import rpc_name, understood


class Finish(StrEnum):
    """Every reason to end an answer that the API's SDK names."""

    STOP = "STOP"
    MAX_TOKENS = "MAX_TOKENS"
    CONTINUATION = "CONTINUATION"
    SAFETY = "SAFETY"
    RECITATION = "RECITATION"
    BLOCKLIST = "BLOCKLIST"
    PROHIBITED_CONTENT = "PROHIBITED_CONTENT"
    SPII = "SPII"
    ESCALATION = "ESCALATION"
    MODEL_ARMOR = "MODEL_ARMOR"
    IMAGE_SAFETY = "IMAGE_SAFETY"
    IMAGE_PROHIBITED_CONTENT = "IMAGE_PROHIBITED_CONTENT"
    IMAGE_RECITATION = "IMAGE_RECITATION"
    PUP_LIMITED_DISABLED = "PUP_LIMITED_DISABLED"
    LANGUAGE = "LANGUAGE"
    OTHER = "OTHER"
    MALFORMED_FUNCTION_CALL = "MALFORMED_FUNCTION_CALL"
    MALFORMED_RESPONSE = "MALFORMED_RESPONSE"
    MISSING_THOUGHT_SIGNATURE = "MISSING_THOUGHT_SIGNATURE"
    TOO_MANY_TOOL_CALLS = "TOO_MANY_TOOL_CALLS"
    UNEXPECTED_TOOL_CALL = "UNEXPECTED_TOOL_CALL"
    IMAGE_OTHER = "IMAGE_OTHER"
    NO_IMAGE = "NO_IMAGE"


def answer_of(line: Mapping[str, Any]) -> Answer:
    """Reads one line. A file has the key at the top, an inlined answer in its metadata; an error is under `error`, and
    some lines were seen with it under `status`."""
    key = line.get("key", mapping(line.get("metadata")).get("key"))
    name = key if isinstance(key, str) else ""
    response = mapping(line.get("response"))
    if response:
        return generated(name, response)
    error = mapping(line.get("error")) or mapping(line.get("status"))
    if error:
        return _refused(name, error)
    return Answer(name, Outcome.FAILED_TRANSIENT, "", Usage(), "no_response")


_OF_THE_REQUEST: Final = frozenset(
    {"INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "OUT_OF_RANGE", "UNIMPLEMENTED"}
)
"""Errors that the same request would meet again. One that nobody named may pass, and is tried again."""


def _refused(custom_id: str, error: Mapping[str, Any]) -> Answer:
    """What is wrong with the request fails it for good; what concerns the account or the moment does not."""
    read, name = understood(400, {"error": error}), rpc_name(error)
    if name == "CANCELLED":
        return Answer(custom_id, Outcome.CANCELLED, "", Usage(), name)
    if name == "DEADLINE_EXCEEDED":
        return Answer(custom_id, Outcome.EXPIRED, "", Usage(), name)
    return refused_answer(custom_id, read.status if name in _OF_THE_REQUEST else None, read.body["error"])


def generated(custom_id: str, body: Mapping[str, Any]) -> Answer:
    """Reads a GenerateContentResponse. A blocked prompt has no candidate; parts that are thoughts are no answer."""
    usage = usage_of(mapping(body.get("usageMetadata")))
    blocked = token(mapping(body.get("promptFeedback")).get("blockReason"))
    if blocked:
        return answered(custom_id, Outcome.REFUSED, "", usage, blocked)
    candidates = items(body.get("candidates"))
    candidate = mapping(candidates[0]) if candidates else {}
    parts = [mapping(part) for part in items(mapping(candidate.get("content")).get("parts"))]
    texts = (part.get("text") for part in parts if not part.get("thought"))
    text = "".join(text for text in texts if isinstance(text, str))
    word = candidate.get("finishReason")
    if word not in Finish.__members__:
        return ended_otherwise(custom_id, text, usage, word, "finishReason")
    return _finished(custom_id, Finish(str(word)), text, usage)


def _finished(custom_id: str, finish: Finish, text: str, usage: Usage) -> Answer:
    match finish:
        case Finish.STOP:
            return answered(custom_id, Outcome.SUCCEEDED, text, usage, "")
        case Finish.MAX_TOKENS | Finish.CONTINUATION:
            return answered(custom_id, Outcome.CUT, text, usage, finish.value)
        case (
            Finish.SAFETY
            | Finish.RECITATION
            | Finish.BLOCKLIST
            | Finish.PROHIBITED_CONTENT
            | Finish.SPII
            | Finish.ESCALATION
            | Finish.MODEL_ARMOR
            | Finish.IMAGE_SAFETY
            | Finish.IMAGE_PROHIBITED_CONTENT
            | Finish.IMAGE_RECITATION
        ):
            return answered(custom_id, Outcome.REFUSED, "", usage, finish.value)
        case Finish.PUP_LIMITED_DISABLED:  # the account is limited, not the request refused
            return Answer(custom_id, Outcome.FAILED_TRANSIENT, "", usage, finish.value, Reason.NOT_ALLOWED)
        case (
            Finish.LANGUAGE
            | Finish.OTHER
            | Finish.MALFORMED_FUNCTION_CALL
            | Finish.MALFORMED_RESPONSE
            | Finish.MISSING_THOUGHT_SIGNATURE
            | Finish.TOO_MANY_TOOL_CALLS
            | Finish.UNEXPECTED_TOOL_CALL
            | Finish.IMAGE_OTHER
            | Finish.NO_IMAGE
        ):
            return answered(custom_id, Outcome.INVALID, text, usage, f"finishReason:{finish.value}")
        case _:
            assert_never(finish)


def usage_of(usage: Mapping[str, Any]) -> Usage:
    """`promptTokenCount` includes cached tokens; thoughts are billed as output and counted beside the answer."""
    thought = count(usage.get("thoughtsTokenCount"))
    return Usage(
        input_tokens=count(usage.get("promptTokenCount")) + count(usage.get("toolUsePromptTokenCount")),
        cached_tokens=count(usage.get("cachedContentTokenCount")),
        output_tokens=count(usage.get("candidatesTokenCount")) + thought,
        thinking_tokens=thought,
    )
