"""Anthropic's message batches and sync calls as the real SDK sees them."""

import json
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import anthropic
import pytest

from tests.support.providers.emulator_kit import CLAUDE, Played, message, message_item

SCHEMA = {
    "type": "object",
    "properties": {"topic": {"type": "string"}},
    "required": ["topic"],
    "additionalProperties": False,
}


def results(played: Played, batch_id: str) -> list[Any]:
    return list(played.anthropic.messages.batches.results(batch_id))


def test_all_requests_count_as_processing_until_the_whole_batch_has_ended(waiting: Played) -> None:
    batches = waiting.anthropic.messages.batches
    batch = batches.create(requests=[message_item(f"c{i}") for i in range(8)])
    assert batch.processing_status == "in_progress" and batch.results_url is None
    waiting.advance(950)
    running = batches.retrieve(batch.id)
    assert running.processing_status == "in_progress"
    assert (running.request_counts.processing, running.request_counts.succeeded) == (8, 0)
    waiting.advance(60)
    ended = batches.retrieve(batch.id)
    assert ended.processing_status == "ended" and ended.ended_at is not None
    assert (ended.request_counts.processing, ended.request_counts.succeeded) == (0, 8)
    assert (ended.expires_at - ended.created_at).total_seconds() == 86_400


def test_results_are_at_an_absolute_url_of_the_same_host(instant: Played) -> None:
    batch = instant.anthropic.messages.batches.create(requests=[message_item("a")])
    url = instant.anthropic.messages.batches.retrieve(batch.id).results_url
    assert url is not None
    assert urlsplit(url).netloc == urlsplit(instant.running.url).netloc
    assert [line.custom_id for line in results(instant, batch.id)] == ["a"]


def test_bad_params_are_accepted_and_come_back_as_errored(instant: Played) -> None:
    batch = instant.anthropic.messages.batches.create(
        requests=[
            message_item("good"),
            message_item("hot", temperature=1.0),
            message_item("stream", stream=True),
            message_item("zero", max_tokens=0),
        ]
    )
    ended = instant.anthropic.messages.batches.retrieve(batch.id)
    assert (ended.request_counts.succeeded, ended.request_counts.errored) == (1, 3)
    found = {line.custom_id: line.result for line in results(instant, batch.id)}
    assert found["hot"].error.error.type == "invalid_request_error"
    assert found["hot"].error.error.message == "temperature: Extra inputs are not permitted"


def test_a_cancelled_batch_keeps_what_had_run(waiting: Played) -> None:
    batches = waiting.anthropic.messages.batches
    batch = batches.create(requests=[message_item(f"c{i}") for i in range(10)])
    waiting.advance(700)
    assert batches.cancel(batch.id).processing_status == "canceling"
    with pytest.raises(anthropic.BadRequestError):
        batches.delete(batch.id)
    waiting.advance(300)
    ended = batches.retrieve(batch.id)
    assert (ended.request_counts.succeeded, ended.request_counts.canceled) == (7, 3)
    kinds = Counter(line.result.type for line in results(waiting, batch.id))
    assert kinds == {"succeeded": 7, "canceled": 3}
    with pytest.raises(anthropic.BadRequestError):
        batches.cancel(batch.id)
    assert batches.delete(batch.id).type == "message_batch_deleted"
    with pytest.raises(anthropic.NotFoundError):
        batches.retrieve(batch.id)


def test_the_list_is_newest_first_and_pages_both_ways(waiting: Played) -> None:
    batches = waiting.anthropic.messages.batches
    made = [batches.create(requests=[message_item("a")]).id for _ in range(5)][::-1]
    assert [batch.id for batch in batches.list(limit=2)][:5] == made
    before = batches.list(limit=2, before_id=made[3])
    assert [batch.id for batch in before.data] == made[1:3]


def test_results_are_archived_29_days_after_creation(waiting: Played) -> None:
    batches = waiting.anthropic.messages.batches
    batch = batches.create(requests=[message_item("a")])
    waiting.advance(29 * 86_400 + 1)
    archived = batches.retrieve(batch.id)
    assert archived.archived_at is not None and archived.results_url is None
    with pytest.raises(anthropic.AnthropicError):
        batches.results(batch.id)


def test_structured_output_stands_in_a_text_block_after_the_thinking(instant: Played) -> None:
    answer = instant.anthropic.messages.create(
        **message("The tram is late."), output_config={"format": {"type": "json_schema", "schema": SCHEMA}}
    )
    assert [block.type for block in answer.content] == ["thinking", "text"]
    text = next(block.text for block in answer.content if block.type == "text")
    assert json.loads(text) == {"topic": "The tram is late."}
    assert answer.usage.output_tokens_details is not None
    assert answer.usage.output_tokens_details.thinking_tokens > 0


def test_a_marked_prefix_is_written_once_and_then_read(instant: Played) -> None:
    system: Any = [
        {"type": "text", "text": "Read the mail of today. " * 300, "cache_control": {"type": "ephemeral"}}
    ]
    first, second = (instant.anthropic.messages.create(**message(), system=system).usage for _ in range(2))
    assert first.cache_creation_input_tokens == second.cache_read_input_tokens == 1800
    assert first.cache_read_input_tokens == second.cache_creation_input_tokens == 0
    assert first.input_tokens == second.input_tokens < 20


def test_a_small_cap_ends_with_max_tokens(instant: Played) -> None:
    params = {**message("word " * 100), "max_tokens": 22}
    answer = instant.anthropic.messages.create(**params)
    assert answer.stop_reason == "max_tokens" and answer.usage.output_tokens == 22


def test_tokens_are_counted_like_they_are_billed(instant: Played) -> None:
    counted = instant.anthropic.messages.count_tokens(
        model=CLAUDE, messages=[{"role": "user", "content": "word " * 100}]
    )
    billed = instant.anthropic.messages.create(**message("word " * 100)).usage.input_tokens
    assert counted.input_tokens == billed


def test_a_tool_may_be_forced_only_where_the_model_allows_it(instant: Played) -> None:
    forced: Any = {
        "tools": [
            {"name": "book", "input_schema": {"type": "object", "properties": {"amount": {"type": "number"}}}}
        ],
        "tool_choice": {"type": "tool", "name": "book"},
    }
    answer = instant.anthropic.messages.create(**message("I paid $40."), **forced)
    call = next(block for block in answer.content if block.type == "tool_use")
    assert call.input == {"amount": 40} and answer.stop_reason == "tool_use"
    with pytest.raises(anthropic.BadRequestError):
        instant.anthropic.messages.create(**{**message(), "model": "claude-opus-5-5"}, **forced)
