"""What a scenario does to the lines of a result file, and to the form of single answers. Pure."""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import orjson

from llm_assets.emulator.scenario import BatchFault, Spoil

HIDING = frozenset({"unreadable", "nameless", "cut"})
"""After these nobody can read the answer."""
_LAST = frozenset({"trailing_null", "cut"})
"""These happen to the last line, the others to the first."""


def spoiled(faults: list[BatchFault], rank: int, count: int, line: bytes, named: str) -> Iterator[bytes]:
    """The line none, one or several times, as the scenario says, and unknown lines after the last one."""
    if not any(rank < fault.missing_results for fault in faults):
        yield line
    if any(rank >= count - fault.duplicate_results for fault in faults):
        yield line
    if rank == count - 1:
        for number in range(sum(fault.unknown_results for fault in faults)):
            stranger = orjson.loads(line)
            stranger[named] = f"unknown-{number}"
            yield orjson.dumps(stranger) + b"\n"


def damage_of(faults: list[BatchFault], rank: int, count: int) -> Spoil | None:
    """What is wrong with the line at this place."""
    for fault in faults:
        if fault.spoil is not None and rank == (count - 1 if fault.spoil in _LAST else 0):
            return fault.spoil
    return None


def damaged(line: bytes, spoil: Spoil) -> bytes:
    match spoil:
        case "surrogate":
            return line.replace(b"{", b'{"trace":"\\ud83d",', 1)
        case "invalid_utf8":
            return line.replace(b"{", b'{"trace":"\xff\xfe",', 1)
        case "nan":
            return line.replace(b"{", b'{"seconds":NaN,"limit":-Infinity,', 1)
        case "bom":
            return BOM_UTF8 + line
        case "trailing_null":
            return line + b"null\n"
        case "unreadable":
            return line.rstrip()[:-1] + b"\n"
        case "nameless":
            return line[len(line) // 2 :]
        case "cut":
            return line[: len(line) // 2]


def in_form(body: dict[str, Any], form: str) -> dict[str, Any]:
    """A Message, chat.completion or GenerateContentResponse as some servers write it. `fenced` is in the text already."""
    if form == "no_usage":
        return {name: value for name, value in body.items() if name not in ("usage", "usageMetadata")}
    if "candidates" in body:
        return body | {"candidates": [_candidate_in_form(one, form) for one in body["candidates"]]}
    if form in ("other_finish", "no_finish"):
        word = "eos" if form == "other_finish" else None
        if "stop_reason" in body:
            return body | {"stop_reason": word}
        return body | {"choices": [choice | {"finish_reason": word} for choice in body["choices"]]}
    if form == "parts" and "choices" in body:
        return body | {"choices": [_in_parts(choice) for choice in body["choices"]]}
    if form == "parts":
        halves = [half for block in body["content"] for half in _halves(block)]
        return body | {"content": halves}
    return body


def _candidate_in_form(candidate: dict[str, Any], form: str) -> dict[str, Any]:
    if form == "no_finish":
        return {name: value for name, value in candidate.items() if name != "finishReason"}
    if form == "other_finish":
        return candidate | {"finishReason": "eos"}
    if form != "parts":
        return candidate
    content = candidate["content"]
    halves = [half for part in content["parts"] for half in _halves({"type": "text", **part})]
    parts = [{"text": half["text"]} for half in halves]
    return candidate | {"content": content | {"parts": parts}}


def _in_parts(choice: dict[str, Any]) -> dict[str, Any]:
    parts = _halves({"type": "text", "text": choice["message"]["content"] or ""})
    return choice | {"message": choice["message"] | {"content": parts}}


def _halves(block: dict[str, Any]) -> list[dict[str, Any]]:
    if block["type"] != "text":
        return [block]
    text = block["text"]
    middle = len(text) // 2
    return [block | {"text": text[:middle]}, block | {"text": text[middle:]}]
