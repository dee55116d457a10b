"""What a scenario does to Gemini's lists, answers and results, and what a deleted batch leaves in the counts."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_assets.emulator import start
from tests.emulator.test_emulated_gemini import MODEL, asked, call, ended, looked, made, told
from tests.support.providers.emulator_kit import Played, played


@pytest.fixture
def fresh(home: Path) -> Iterator[Played]:
    """An emulator of its own, because lists show what other tests made."""
    running = start(home, latency=0.0, exit_with_parent=os.getpid())
    yield played(running)
    running.stop()


def listed(at: Played, query: str = "") -> Any:
    return told(call(at, "GET", f"/v1beta/batches{query}"))


def test_a_list_may_run_from_old_to_new_in_small_pages(fresh: Played) -> None:
    fresh.scenario("lists: {oldest_first: true, page_size: 2, older: 3}")
    names = [made(fresh)["name"] for _ in range(2)]
    page = listed(fresh)
    seen = [one["name"] for one in page["operations"]]
    while "nextPageToken" in page:
        page = listed(fresh, f"?pageToken={page['nextPageToken']}")
        assert len(page["operations"]) <= 2
        seen += [one["name"] for one in page["operations"]]
    assert seen[-2:] == names and len(seen) == 5


def test_a_list_may_have_neither_pages_nor_times_and_null_entries(fresh: Played) -> None:
    fresh.scenario("lists: {pages: false, nulls: 1, created_at: missing}")
    name = made(fresh)["name"]
    page = listed(fresh)
    assert "nextPageToken" not in page and page["operations"][0] is None
    found = [(one["name"], "createTime" in one["metadata"]) for one in page["operations"][1:]]
    assert found == [(name, False)]


def test_a_list_may_repeat_itself(fresh: Played) -> None:
    fresh.scenario("lists: {repeats: true}")
    name = made(fresh)["name"]
    first = listed(fresh)
    second = listed(fresh, f"?pageToken={first['nextPageToken']}")
    assert [one["name"] for one in second["operations"]] == [name] and second["nextPageToken"]


@pytest.mark.parametrize("outcome", ["fenced", "parts", "other_finish", "no_finish", "no_usage"])
def test_one_answer_may_have_another_form(outcome: str, fresh: Played) -> None:
    fresh.scenario(f"requests: [{{outcome: {outcome}}}]")
    body = told(call(fresh, "POST", f"/v1beta/models/{MODEL}:generateContent", asked()))
    [candidate] = body["candidates"]
    parts = [part["text"] for part in candidate["content"]["parts"]]
    found = {
        "fenced": parts[0].startswith("```json"),
        "parts": len(parts) == 2 and "topic" in json.loads("".join(parts)),
        "other_finish": candidate.get("finishReason") == "eos",
        "no_finish": "finishReason" not in candidate,
        "no_usage": "usageMetadata" not in body,
    }
    assert [name for name, true in found.items() if true] == [outcome]


def test_spoiled_lines_are_in_a_file(fresh: Played) -> None:
    fresh.scenario("batches: [{spoil: nan}]")
    shown = ended(fresh, made(fresh)["name"])
    assert "inlinedResponses" not in shown["response"]
    raw = call(fresh, "GET", f"/v1beta/{shown['response']['responsesFile']}:download?alt=media")
    assert raw.status == 200 and b"NaN" in raw.body.splitlines()[0]


def test_results_may_be_unknown_for_a_while(fresh: Played) -> None:
    fresh.scenario("batches: [{absent_seconds: 60}]")
    file = ended(fresh, made(fresh)["name"])["response"]["responsesFile"]
    path = f"/v1beta/{file}:download?alt=media"
    assert call(fresh, "GET", path).status == 404
    fresh.advance(61)
    assert call(fresh, "GET", path).status == 200


def test_a_deleted_batch_still_counts_as_executed(fresh: Played) -> None:
    name = ended(fresh, made(fresh)["name"])["name"]
    before = fresh.get("/_emulator/stats")["executed"]
    told(call(fresh, "DELETE", f"/v1beta/{name}"))
    assert call(fresh, "GET", f"/v1beta/{name}").status == 404
    assert fresh.get("/_emulator/stats")["executed"] == before == 2


def test_a_batch_that_lacks_billing_says_so(fresh: Played) -> None:
    fresh.scenario("batches: [{fail: FAILED_PRECONDITION}]")
    shown = looked(fresh, ended(fresh, made(fresh)["name"])["name"])
    assert shown["error"]["code"] == 9 and "billing" in shown["error"]["message"]


def test_a_schema_that_only_the_prompt_states_is_answered(fresh: Played) -> None:
    schema = {"type": "object", "properties": {"topic": {"type": "string"}}, "required": ["topic"]}
    body = asked(
        systemInstruction={"parts": [{"text": f"Answer by this JSON Schema:\n{json.dumps(schema)}"}]}
    )
    body["generationConfig"] = {"responseMimeType": "application/json"}
    answer = told(call(fresh, "POST", f"/v1beta/models/{MODEL}:generateContent", body))
    assert set(json.loads(answer["candidates"][0]["content"]["parts"][0]["text"])) == {"topic"}
