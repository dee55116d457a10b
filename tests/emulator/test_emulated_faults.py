"""A scenario's faults, seen from the SDKs: what the client sees break, and what the provider did in spite of it."""

import json
from collections import Counter
from typing import Any

import anthropic
import openai
import orjson
import pytest

from tests.support.providers.emulator_kit import CHAT, Played, chat, chat_line, message, message_item

CATEGORY: dict[str, Any] = {
    "type": "object",
    "properties": {"category": {"type": "string", "enum": ["cards", "other"]}},
    "required": ["category"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": CATEGORY}}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, anthropic.AuthenticationError),
        (402, anthropic.APIStatusError),
        (403, anthropic.PermissionDeniedError),
        (404, anthropic.NotFoundError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (529, anthropic.InternalServerError),
    ],
)
def test_a_status_becomes_the_sdks_own_exception_once(
    instant: Played, status: int, error: type[Exception]
) -> None:
    instant.scenario(f"calls: [{{when: {{operation: create_message, calls: [1]}}, status: {status}}}]")
    with pytest.raises(error):
        instant.anthropic.messages.create(**message())
    assert instant.anthropic.messages.create(**message()).stop_reason == "end_turn"


def test_a_spend_limit_has_no_retry_after_and_a_rate_limit_has_one(instant: Played) -> None:
    instant.scenario("""
calls:
  - when: {calls: [1]}
    status: 429
    headers: {retry-after: "7"}
  - when: {calls: [2]}
    status: 429
    details: {error_code: enforced_spend_limit_reached}
""")
    with pytest.raises(anthropic.RateLimitError) as limited:
        instant.anthropic.messages.create(**message())
    assert limited.value.response.headers["retry-after"] == "7"
    with pytest.raises(anthropic.RateLimitError) as spent:
        instant.anthropic.messages.create(**message())
    assert "retry-after" not in spent.value.response.headers
    assert type(spent.value).__name__ == "EnforcedSpendLimitReachedError"


def test_a_413_may_not_be_json(instant: Played) -> None:
    instant.scenario('calls: [{when: {operation: upload_file}, status: 413, body: "<h1>Too Large</h1>"}]')
    with pytest.raises(openai.APIStatusError) as refused:
        instant.upload([chat_line("a")])
    assert refused.value.status_code == 413 and refused.value.response.text == "<h1>Too Large</h1>"


@pytest.mark.parametrize("after", [False, True])
def test_a_dropped_create_left_a_batch_behind_or_none(instant: Played, after: bool) -> None:
    file = instant.upload([chat_line("a")])
    before = {batch.id for batch in instant.openai.batches.list()}
    moment = "after" if after else "before"
    instant.scenario(f"calls: [{{when: {{operation: create_batch, times: 1}}, drop: {moment}}}]")
    with pytest.raises(openai.APIConnectionError):
        instant.openai.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
    left = {batch.id for batch in instant.openai.batches.list()} - before
    assert len(left) == (1 if after else 0)


def test_a_500_after_the_work_was_done_leaves_the_batch(instant: Played) -> None:
    batches = instant.anthropic.messages.batches
    before = {batch.id for batch in batches.list()}
    instant.scenario("calls: [{when: {operation: create_batch}, status: 500, side_effect: true}]")
    with pytest.raises(anthropic.InternalServerError):
        batches.create(requests=[message_item("a")])
    assert len({batch.id for batch in batches.list()} - before) == 1


def test_a_slow_answer_runs_into_the_clients_timeout(instant: Played) -> None:
    instant.scenario("calls: [{when: {operation: chat_completion}, delay_seconds: 3}]")
    with pytest.raises(openai.APITimeoutError):
        instant.openai.with_options(timeout=0.2).chat.completions.create(**chat())


def test_a_new_batch_is_hidden_from_reads_and_from_lists_for_a_while(waiting: Played) -> None:
    waiting.scenario("batches: [{missing_looks: 2, unlisted_seconds: 60}]")
    batch = waiting.openai_batch([chat_line("a")])
    for _ in range(2):
        with pytest.raises(openai.NotFoundError):
            waiting.openai.batches.retrieve(batch.id)
    assert waiting.openai.batches.retrieve(batch.id).id == batch.id
    assert batch.id not in [one.id for one in waiting.openai.batches.list()]
    waiting.advance(61)
    assert batch.id in [one.id for one in waiting.openai.batches.list()]


def test_results_may_lack_double_and_invent_ids(instant: Played) -> None:
    instant.scenario("batches: [{missing_results: 2, duplicate_results: 1, unknown_results: 1}]")
    batch = instant.anthropic.messages.batches.create(requests=[message_item(f"c{i}") for i in range(10)])
    instant.anthropic.messages.batches.retrieve(batch.id)
    found = Counter(line.custom_id for line in instant.anthropic.messages.batches.results(batch.id))
    assert found.pop("unknown-0") == 1
    assert sorted(found.values()) == [1] * 7 + [2]


def test_a_truncated_download_ends_at_a_line_end_and_the_next_is_whole(instant: Played) -> None:
    instant.scenario("batches: [{truncate_after_lines: 3}]")
    batch = instant.openai_batch([chat_line(f"c{i}") for i in range(8)])
    done = instant.openai.batches.retrieve(batch.id)
    assert len(instant.lines(done.output_file_id)) == 3
    assert len(instant.lines(done.output_file_id)) == 8


def test_a_download_may_be_cut_inside_a_line_for_some_time(waiting: Played) -> None:
    waiting.scenario(
        "batches: [{latency: 1, truncate_after_lines: 1, truncate_seconds: 500, truncate_inside: true}]"
    )
    batch = waiting.openai_batch([chat_line(f"c{i}") for i in range(4)])
    waiting.advance(2)
    done = waiting.openai.batches.retrieve(batch.id)
    for _ in range(2):
        cut = waiting.openai.files.content(done.output_file_id).content.split(b"\n")
        assert len(cut) == 2 and cut[1].startswith(b"{") and not cut[1].endswith(b"}")
    waiting.advance(500)
    assert len(waiting.lines(done.output_file_id)) == 4


def test_results_may_be_unknown_for_some_time(waiting: Played) -> None:
    waiting.scenario("batches: [{latency: 1, absent_seconds: 500}]")
    theirs = waiting.anthropic.messages.batches.create(requests=[message_item("c")])
    ours = waiting.openai_batch([chat_line("c")])
    waiting.advance(2)
    done = waiting.openai.batches.retrieve(ours.id)
    assert waiting.anthropic.messages.batches.retrieve(theirs.id).results_url is not None
    with pytest.raises(openai.NotFoundError):
        waiting.openai.files.content(done.output_file_id)
    with pytest.raises(anthropic.NotFoundError):
        waiting.anthropic.messages.batches.results(theirs.id)
    waiting.advance(500)
    assert len(waiting.lines(done.output_file_id)) == 1
    assert len(list(waiting.anthropic.messages.batches.results(theirs.id))) == 1


@pytest.mark.parametrize(
    ("spoil", "readable"),
    [
        ("surrogate", 2),
        ("invalid_utf8", 2),
        ("nan", 2),
        ("bom", 2),
        ("trailing_null", 3),
        ("unreadable", 2),
        ("nameless", 2),
        ("cut", 2),
    ],
)
def test_a_spoiled_result_line_is_one_that_a_strict_parser_refuses(
    instant: Played, spoil: str, readable: int
) -> None:
    instant.scenario(f"batches: [{{spoil: {spoil}}}]")
    batch = instant.openai_batch([chat_line(f"c{i}") for i in range(3)])
    done = instant.openai.batches.retrieve(batch.id)
    lines = instant.openai.files.content(done.output_file_id).content.splitlines()
    parsed = [line for line in lines if _parses(line)]
    assert len([line for line in parsed if line != b"null"]) == readable
    assert len(lines) == (4 if spoil == "trailing_null" else 3)


def _parses(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


@pytest.mark.parametrize("outcome", ["fenced", "parts", "other_finish", "no_finish", "no_usage"])
def test_an_answer_may_have_another_form(instant: Played, outcome: str) -> None:
    instant.scenario(f"requests: [{{outcome: {outcome}}}]")
    asked = {"messages": chat()["messages"], "response_format": FORMAT}
    body = json.loads(
        instant.openai.chat.completions.with_raw_response.create(model="gpt-6-luna", **asked).text
    )
    choice = body["choices"][0]
    content = choice["message"]["content"]
    assert {
        "fenced": isinstance(content, str) and content.startswith("```json"),
        "parts": isinstance(content, list),
        "other_finish": choice["finish_reason"] == "eos",
        "no_finish": choice["finish_reason"] is None,
        "no_usage": "usage" not in body,
    }[outcome]


def test_the_enqueued_token_limit_shows_as_a_failed_batch_and_the_same_file_works_later(
    instant: Played,
) -> None:
    instant.scenario("batches: [{when: {batches: [1]}, fail: token_limit_exceeded}]")
    file = instant.upload([chat_line("a")])
    made = [
        instant.openai.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h").id
        for _ in range(2)
    ]
    first, second = (instant.openai.batches.retrieve(one) for one in made)
    assert (first.status, second.status) == ("failed", "completed")
    assert first.errors is not None and first.errors.data is not None
    assert first.errors.data[0].code == "token_limit_exceeded" and first.errors.data[0].line is None


def test_an_expired_batch_has_partial_output(instant: Played) -> None:
    instant.scenario("batches: [{expire_after_share: 0.5}]")
    done = instant.openai.batches.retrieve(instant.openai_batch([chat_line(f"c{i}") for i in range(10)]).id)
    assert done.status == "expired"
    assert len(instant.lines(done.output_file_id)) == 5
    assert {line["error"]["code"] for line in instant.lines(done.error_file_id)} == {"batch_expired"}
    batch = instant.anthropic.messages.batches.create(requests=[message_item(f"c{i}") for i in range(10)])
    ended = instant.anthropic.messages.batches.retrieve(batch.id)
    assert (ended.processing_status, ended.request_counts.expired) == ("ended", 5)


def test_a_batch_slower_than_its_window_expires_by_the_clock(waiting: Played) -> None:
    waiting.scenario("batches: [{latency: 172800}]")
    batch = waiting.openai_batch([chat_line(f"c{i}") for i in range(10)])
    waiting.advance(86_000)
    assert waiting.openai.batches.retrieve(batch.id).status == "in_progress"
    waiting.advance(500)
    done = waiting.openai.batches.retrieve(batch.id)
    assert done.status == "expired" and len(waiting.lines(done.output_file_id)) == 5


def test_completed_may_mean_an_error_file_only(instant: Played) -> None:
    instant.scenario("batches: [{all_requests: error}]")
    done = instant.openai.batches.retrieve(instant.openai_batch([chat_line("a"), chat_line("b")]).id)
    assert (done.status, done.output_file_id) == ("completed", None)
    assert done.request_counts is not None
    assert (done.request_counts.completed, done.request_counts.failed) == (0, 2)
    assert {line["response"]["status_code"] for line in instant.lines(done.error_file_id)} == {500}


def test_unknown_statuses_fields_and_missing_outputs_can_be_shown(instant: Played) -> None:
    instant.scenario("batches: [{status: paused, extra_fields: {colour: blue}, null_output: true}]")
    id_ = instant.openai_batch([chat_line("a")]).id
    shown = instant.openai.get(f"/batches/{id_}", cast_to=object)
    assert isinstance(shown, dict)
    assert (shown["status"], shown["colour"], shown["output_file_id"]) == ("paused", "blue", None)


def test_tokens_that_wait_at_openai_are_limited_per_model_and_freed_when_a_batch_ends(
    waiting: Played,
) -> None:
    waiting.scenario("limits: {enqueued_tokens: 1000}")
    text = "word " * 500
    first, second, other = (
        waiting.openai_batch([chat_line("a", text, model=model)]) for model in ("m-1", "m-1", "m-2")
    )
    waiting.advance(1001)
    statuses = [waiting.openai.batches.retrieve(batch.id).status for batch in (first, second, other)]
    assert statuses == ["completed", "failed", "completed"]
    again = waiting.openai.batches.create(
        input_file_id=second.input_file_id, endpoint=CHAT, completion_window="24h"
    )
    waiting.advance(1001)
    assert waiting.openai.batches.retrieve(again.id).status == "completed"


def test_requests_that_wait_at_anthropic_are_limited(waiting: Played) -> None:
    waiting.advance(2000)
    waiting.scenario("limits: {queued_requests: 3}")
    batches = waiting.anthropic.messages.batches
    batches.create(requests=[message_item("a"), message_item("b")])
    with pytest.raises(anthropic.RateLimitError):
        batches.create(requests=[message_item("a"), message_item("b")])
    waiting.advance(1001)
    for batch in batches.list():
        batches.retrieve(batch.id)
    assert batches.create(requests=[message_item("a")]).request_counts.processing == 1


OUTCOMES = """
requests:
  - {when: {keyword: alpha}, outcome: refusal}
  - {when: {keyword: bravo}, outcome: cut}
  - {when: {keyword: charlie}, outcome: empty}
  - {when: {keyword: delta}, outcome: invalid_json}
  - {when: {keyword: echo}, outcome: wrong_schema}
  - {when: {custom_id: "-1$", keyword: foxtrot}, outcome: error, status: 503}
  - {when: {keyword: golf}, outcome: expired}
"""
WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")


def test_every_outcome_of_a_request_has_its_shape_at_openai(instant: Played) -> None:
    instant.scenario(OUTCOMES)
    lines = [chat_line(f"{word}-1", f"card {word}", response_format=FORMAT) for word in WORDS]
    done = instant.openai.batches.retrieve(instant.openai_batch(lines).id)
    bodies = {line["custom_id"][:-2]: line["response"]["body"] for line in instant.lines(done.output_file_id)}
    choice = {word: body["choices"][0] for word, body in bodies.items()}
    assert choice["alpha"]["message"]["content"] is None and choice["alpha"]["message"]["refusal"]
    assert choice["bravo"]["finish_reason"] == "length"
    assert choice["charlie"]["message"]["content"] == ""
    with pytest.raises(json.JSONDecodeError):
        json.loads(choice["delta"]["message"]["content"])
    assert set(json.loads(choice["echo"]["message"]["content"])) == {"unexpected"}
    assert json.loads(choice["hotel"]["message"]["content"]) == {"category": "cards"}
    errors = {line["custom_id"]: line for line in instant.lines(done.error_file_id)}
    assert errors["foxtrot-1"]["response"]["status_code"] == 503 and errors["foxtrot-1"]["error"] is None
    assert errors["golf-1"]["response"] is None and errors["golf-1"]["error"]["code"] == "batch_expired"


def test_every_outcome_of_a_request_has_its_shape_at_anthropic(instant: Played) -> None:
    instant.scenario(OUTCOMES)
    items = [message_item(f"{word}-1", f"card {word}") for word in WORDS]
    batch = instant.anthropic.messages.batches.create(requests=items)
    instant.anthropic.messages.batches.retrieve(batch.id)
    found: dict[str, Any] = {
        line.custom_id[:-2]: line.result for line in instant.anthropic.messages.batches.results(batch.id)
    }
    assert found["alpha"].message.stop_reason == "refusal"
    assert found["alpha"].message.stop_details.type == "refusal"
    assert found["bravo"].message.stop_reason == "max_tokens"
    assert [block for block in found["charlie"].message.content if block.type == "text"] == []
    assert (found["foxtrot"].type, found["golf"].type) == ("errored", "expired")
    assert found["hotel"].message.stop_reason == "end_turn"


def test_a_share_of_requests_fails_on_the_first_attempt_only(instant: Played) -> None:
    instant.scenario('requests: [{when: {custom_id: "-1$", share: 0.3}, outcome: error}]')
    batch = instant.openai_batch([chat_line(f"r{i}-1") for i in range(200)])
    first = instant.openai.batches.retrieve(batch.id)
    assert first.request_counts is not None and 40 <= first.request_counts.failed <= 80
    again = [line["custom_id"].replace("-1", "-2") for line in instant.lines(first.error_file_id)]
    second = instant.openai.batches.retrieve(instant.openai_batch([chat_line(one) for one in again]).id)
    assert second.request_counts is not None and second.request_counts.failed == 0


def test_stats_tell_what_was_executed_and_how_often(instant: Played) -> None:
    instant.scenario("batches: [{when: {batches: [1]}, expire_after_share: 0.5}]")
    ids = [f"stats-{i}" for i in range(4)]
    for _ in range(2):
        instant.openai.batches.retrieve(instant.openai_batch([chat_line(one) for one in ids]).id)
    stats = instant.get("/_emulator/stats?requests=true")
    assert stats["faults"] == {"batches[0]": 1}
    assert sorted(stats["requests"][one] for one in ids) == [1, 1, 2, 2]


def test_a_scenario_with_a_misspelt_word_is_refused_with_its_place(instant: Played) -> None:
    from urllib.error import HTTPError

    with pytest.raises(HTTPError) as refused:
        instant.scenario("calls: [{when: {operation: create_bach}, status: 500}]")
    assert "calls.0.when.operation" in json.loads(refused.value.read())["error"]
