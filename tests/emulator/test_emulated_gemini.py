"""Gemini's API as the emulator plays it: what it refuses, what a batch shows while it lives, where its answers are."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from llm_assets.emulator import start
from llm_assets.emulator.conformance.evidence import gather
from tests.support.providers.emulator_kit import Answer, Played, played, raw_call

MODEL = "gemini-3.8-flash"
SCHEMA = {"type": "object", "properties": {"topic": {"type": "string"}}, "required": ["topic"]}
KEYED = {"x-goog-api-key": "test", "content-type": "application/json"}


def asked(text: str = "Where is my card?", **body: Any) -> dict[str, Any]:
    config = {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], "generationConfig": config, **body}


def call(to: Played, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    sent = None if body is None else json.dumps(body).encode()
    return raw_call(to, method, path, {**KEYED, **headers}, sent)


def told(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def made(to: Played, count: int = 2, **batch: Any) -> Any:
    items = [{"request": asked(f"card {n}"), "metadata": {"key": f"k{n}"}} for n in range(count)]
    given = {"displayName": "ours", "inputConfig": {"requests": {"requests": items}}, **batch}
    return told(call(to, "POST", f"/v1beta/models/{MODEL}:batchGenerateContent", {"batch": given}))


def looked(to: Played, name: str) -> Any:
    return told(call(to, "GET", f"/v1beta/{name}"))


def ended(to: Played, name: str) -> Any:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if (shown := looked(to, name)).get("done"):
            return shown
    raise AssertionError(name)


def uploaded(to: Played, lines: list[Any]) -> str:
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    place = {
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-length": str(len(data)),
    }
    start = Request(
        f"{to.running.url}/upload/v1beta/files", b'{"file": {"displayName": "in.jsonl"}}', KEYED | place
    )
    with urlopen(start, timeout=10) as begun:
        address = urlsplit(begun.headers["x-goog-upload-url"])
    whole = {"x-goog-upload-offset": "0", "x-goog-upload-command": "upload, finalize"}
    sent = raw_call(to, "POST", f"{address.path}?{address.query}", whole, data)  # the SDK sends no key here
    return str(told(sent)["file"]["name"])


def test_an_answer_counts_what_it_thought_beside_what_it_said(instant: Played) -> None:
    body = told(call(instant, "POST", f"/v1beta/models/{MODEL}:generateContent", asked()))
    usage = body["usageMetadata"]
    assert body["candidates"][0]["finishReason"] == "STOP"
    assert usage["thoughtsTokenCount"] == 20
    assert usage["totalTokenCount"] == sum(
        usage[f"{part}TokenCount"] for part in ("prompt", "candidates", "thoughts")
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "contents is not specified"),
        (asked(colour="blue"), 'Unknown name "colour"'),
        (asked(generationConfig={"max_tokens": 5}), "Unknown name \"max_tokens\" at 'generation_config'"),
        (asked(generationConfig={"maxOutputTokens": 0}), "max_output_tokens"),
        (asked(generationConfig={"responseJsonSchema": SCHEMA}), "mime type"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "a"}]}]}, "valid role"),
        ({"contents": [{"parts": [{"inlineData": {"mimeType": "text/x", "data": "aa"}}]}]}, "MIME type"),
    ],
)
def test_what_the_api_does_not_know_is_refused_by_name(instant: Played, body: Any, said: str) -> None:
    answer = call(instant, "POST", f"/v1beta/models/{MODEL}:generateContent", body)
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["status"]) == (400, "INVALID_ARGUMENT") and said in error["message"]


def test_a_call_without_a_key_is_refused(instant: Played) -> None:
    answer = raw_call(instant, "GET", "/v1beta/batches", {})
    assert (answer.status, json.loads(answer.body)["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_a_batch_is_an_operation_whose_counts_are_text(instant: Played) -> None:
    created = made(instant, 3, priority="7")
    assert created["metadata"]["state"] == "BATCH_STATE_PENDING" and "done" not in created
    assert created["metadata"]["batchStats"] == {"requestCount": "3", "pendingRequestCount": "3"}
    assert (created["metadata"]["displayName"], created["metadata"]["priority"]) == ("ours", "7")
    shown = ended(instant, created["name"])
    assert shown["metadata"]["state"] == "BATCH_STATE_SUCCEEDED"
    assert shown["metadata"]["batchStats"] == {"requestCount": "3", "successfulRequestCount": "3"}
    inlined = shown["response"]["inlinedResponses"]["inlinedResponses"]
    assert [line["metadata"]["key"] for line in inlined] == ["k0", "k1", "k2"]
    assert shown["metadata"]["output"]["inlinedResponses"] == shown["response"]["inlinedResponses"]


def test_a_list_has_pages_and_leaves_the_answers_out(instant: Played) -> None:
    names = [ended(instant, made(instant)["name"])["name"] for _ in range(2)]
    first = told(call(instant, "GET", "/v1beta/batches?pageSize=1"))
    second = told(call(instant, "GET", f"/v1beta/batches?pageSize=1&pageToken={first['nextPageToken']}"))
    listed = [*first["operations"], *second["operations"]]
    assert [one["name"] for one in listed] == names[::-1]
    assert all("inlinedResponses" not in one.get("response", {}) for one in listed)


def test_a_file_of_requests_gives_a_file_of_answers(instant: Played) -> None:
    name = uploaded(instant, [{"key": "a", "request": asked("one")}, {"key": "b", "request": asked("two")}])
    created = made(instant, inputConfig={"fileName": name})
    assert created["metadata"]["inputConfig"] == {"fileName": name}
    file = ended(instant, created["name"])["response"]["responsesFile"]
    content = call(instant, "GET", f"/v1beta/{file}:download?alt=media").body
    assert [json.loads(line)["key"] for line in content.splitlines()] == ["a", "b"]
    told(call(instant, "DELETE", f"/v1beta/{name}"))
    assert call(instant, "GET", f"/v1beta/{name}").status == 403


@pytest.mark.parametrize("lines", [[], [{"key": "a"}], ["no object"]])
def test_a_file_that_holds_no_requests_fails_the_batch(instant: Played, lines: list[Any]) -> None:
    name = uploaded(instant, lines or [{}])
    shown = ended(instant, made(instant, inputConfig={"fileName": name})["name"])
    assert (shown["metadata"]["state"], shown["error"]["code"]) == ("BATCH_STATE_FAILED", 3)


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ({"displayName": ""}, "display_name"),
        ({"colour": "blue"}, "colour"),
        ({"inputConfig": {}}, "at least one request"),
        ({"inputConfig": {"fileName": "files/none"}}, "may not exist"),
        ({"inputConfig": {"requests": {"requests": [{"contents": []}]}}}, "requests[0]"),
    ],
)
def test_a_create_that_is_wrong_in_itself_is_refused(instant: Played, batch: Any, said: str) -> None:
    given = {
        "displayName": "ours",
        "inputConfig": {"requests": {"requests": [{"request": asked()}]}},
        **batch,
    }
    answer = call(instant, "POST", f"/v1beta/models/{MODEL}:batchGenerateContent", {"batch": given})
    assert answer.status in (400, 403) and said in json.loads(answer.body)["error"]["message"]


def test_a_fault_is_told_in_googles_words(instant: Played) -> None:
    instant.scenario(
        "calls:\n  - when: {protocol: gemini, operation: generate_content}\n    status: 400\n"
        "    type: FAILED_PRECONDITION\n    code: BILLING_DISABLED\n    headers: {retry-after: '3'}\n"
    )
    answer = call(instant, "POST", f"/v1beta/models/{MODEL}:generateContent", asked())
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"], error["status"]) == (400, 400, "FAILED_PRECONDITION")
    info, retry = error["details"]
    assert (info["reason"], retry["retryDelay"]) == ("BILLING_DISABLED", "3s")


@pytest.mark.parametrize(("kept", "lines"), [("true", 4), ("false", None)])
def test_whether_a_cancelled_batch_keeps_what_ran_is_a_setting(
    instant: Played, kept: str, lines: int | None
) -> None:
    instant.scenario(f"batches:\n  - cancel_after_share: 0.5\n    keep_partial: {kept}\n")
    shown = ended(instant, made(instant, 4)["name"])
    assert (shown["metadata"]["state"], shown["error"]["code"]) == ("BATCH_STATE_CANCELLED", 1)
    inlined = shown.get("response", {}).get("inlinedResponses", {}).get("inlinedResponses")
    assert (None if inlined is None else len(inlined)) == lines


def test_an_expired_batch_has_no_answers(instant: Played) -> None:
    instant.scenario("batches:\n  - expire_after_share: 0.5\n")
    shown = ended(instant, made(instant, 4)["name"])
    assert shown["metadata"]["state"] == "BATCH_STATE_EXPIRED" and "response" not in shown


def test_too_many_waiting_tokens_refuse_the_create(instant: Played) -> None:
    instant.scenario("limits: {enqueued_tokens: 1}\n")
    given = {"displayName": "ours", "inputConfig": {"requests": {"requests": [{"request": asked()}]}}}
    answer = call(instant, "POST", f"/v1beta/models/{MODEL}:batchGenerateContent", {"batch": given})
    assert (answer.status, json.loads(answer.body)["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")


def test_a_look_that_brings_the_answers_is_evidence_that_they_were_read(tmp_path: Path) -> None:
    running = start(tmp_path, latency=0.0)
    try:
        served = played(running)
        created = made(served)
        assert gather(tmp_path).read == set()
        ended(served, created["name"])
    finally:
        running.stop()
    seen = gather(tmp_path)
    assert seen.protocol == "gemini"
    assert seen.read == {created["name"].removeprefix("batches/")}
    assert len(seen.answered()) == 2
