"""OpenAI's files and batches as the real SDK sees them."""

import openai
import pytest

from tests.support.providers.emulator_kit import CHAT, MODEL, Played, chat_line


def test_a_batch_passes_through_every_status_and_answers_each_request_once(waiting: Played) -> None:
    batch = waiting.openai_batch([chat_line(f"c{i}") for i in range(10)], metadata={"batch_id": "abc"})
    seen = [batch.status]
    for seconds in (50, 100, 800, 100):
        waiting.advance(seconds)
        batch = waiting.openai.batches.retrieve(batch.id)
        seen.append(batch.status)
    assert seen == ["validating", "validating", "in_progress", "finalizing", "completed"]
    assert batch.metadata == {"batch_id": "abc"}
    assert batch.error_file_id is None
    assert batch.request_counts is not None and batch.request_counts.completed == 10
    lines = waiting.lines(batch.output_file_id)
    assert sorted(line["custom_id"] for line in lines) == sorted(f"c{i}" for i in range(10))
    used = sum(line["response"]["body"]["usage"]["prompt_tokens"] for line in lines)
    assert batch.usage is not None and batch.usage.input_tokens == used


def test_results_come_in_another_order_than_requests_and_the_same_on_every_run(instant: Played) -> None:
    ids = [f"c{i:02}" for i in range(20)]
    orders = []
    for _ in range(2):
        batch = instant.openai_batch([chat_line(one) for one in ids])
        done = instant.openai.batches.retrieve(batch.id)
        orders.append([line["custom_id"] for line in instant.lines(done.output_file_id)])
    assert orders[0] == orders[1] != ids


def test_progress_can_be_read_while_a_batch_runs(waiting: Played) -> None:
    batch = waiting.openai_batch([chat_line(f"c{i}") for i in range(100)])
    waiting.advance(500)
    counts = waiting.openai.batches.retrieve(batch.id).request_counts
    assert counts is not None and counts.total == 100 and 48 <= counts.completed <= 52


def test_a_cancelled_batch_keeps_what_had_run_and_names_the_rest(waiting: Played) -> None:
    batch = waiting.openai_batch([chat_line(f"c{i}") for i in range(10)])
    waiting.advance(400)
    assert waiting.openai.batches.cancel(batch.id).status == "cancelling"
    assert waiting.openai.batches.retrieve(batch.id).status == "cancelling"
    waiting.advance(300)
    done = waiting.openai.batches.retrieve(batch.id)
    assert done.status == "cancelled"
    output, errors = waiting.lines(done.output_file_id), waiting.lines(done.error_file_id)
    assert (len(output), len(errors)) == (4, 6)
    assert {line["error"]["code"] for line in errors} == {"batch_cancelled"}
    with pytest.raises(openai.ConflictError):
        waiting.openai.batches.cancel(batch.id)


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("duplicate_custom_id", [chat_line("a"), chat_line("a")]),
        ("model_mismatch", [chat_line("a"), chat_line("b", model="gpt-6.1-sol")]),
        ("url_mismatch", [{**chat_line("a"), "url": "/v1/responses"}]),
        ("missing_required_parameter", [{"custom_id": "a", "method": "POST", "url": CHAT}]),
    ],
)
def test_a_wrong_input_file_fails_the_batch_after_it_was_accepted(
    instant: Played, code: str, lines: list[dict[str, object]]
) -> None:
    created = instant.openai_batch(lines)
    assert created.status == "validating"
    failed = instant.openai.batches.retrieve(created.id)
    assert failed.status == "failed" and failed.output_file_id is None
    assert failed.errors is not None and failed.errors.data is not None
    assert failed.errors.data[0].code == code
    assert failed.errors.data[0].line == len(lines)


@pytest.mark.parametrize(
    ("code", "content"),
    [("invalid_json_line", b'{"custom_id": "a"'), ("empty_file", b""), ("empty_file", b"\n\n")],
)
def test_a_file_without_requests_fails_the_batch(instant: Played, code: str, content: bytes) -> None:
    file = instant.openai.files.create(file=("x.jsonl", content), purpose="batch")
    batch = instant.openai.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
    failed = instant.openai.batches.retrieve(batch.id)
    assert failed.status == "failed"
    assert failed.errors is not None and failed.errors.data is not None
    assert failed.errors.data[0].code == code


def test_a_bad_body_fails_its_own_line_only(instant: Played) -> None:
    batch = instant.openai_batch(
        [chat_line("good"), chat_line("bad", stream=True), chat_line("worse", colour=1)]
    )
    done = instant.openai.batches.retrieve(batch.id)
    assert done.status == "completed"
    assert done.request_counts is not None
    assert (done.request_counts.completed, done.request_counts.failed) == (1, 2)
    errors = {line["custom_id"]: line for line in instant.lines(done.error_file_id)}
    assert set(errors) == {"bad", "worse"}
    assert errors["worse"]["error"] is None
    assert errors["worse"]["response"]["status_code"] == 400
    assert errors["worse"]["response"]["body"]["error"]["code"] == "unknown_parameter"


def test_the_list_is_newest_first_and_pages_to_the_end(waiting: Played) -> None:
    made = [waiting.openai_batch([chat_line("a")]).id for _ in range(5)]
    listed = [batch.id for batch in waiting.openai.batches.list(limit=2)]
    assert listed[:5] == made[::-1]
    assert len(set(listed)) == len(listed)


def test_files_are_listed_by_purpose_read_back_and_deleted(instant: Played) -> None:
    file = instant.upload([chat_line("a")])
    assert file.bytes == len(instant.openai.files.content(file.id).content)
    assert file.expires_at == file.created_at + 2_592_000
    assert file.id in [one.id for one in instant.openai.files.list(purpose="batch", order="desc")]
    assert file.id not in [one.id for one in instant.openai.files.list(purpose="batch_output")]
    assert instant.openai.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        instant.openai.files.retrieve(file.id)


def test_a_long_common_prefix_is_partly_read_from_the_cache(instant: Played) -> None:
    system = {"role": "system", "content": "Sort this mail. " * 400}
    lines = [chat_line(f"c{i}") for i in range(40)]
    for line in lines:
        line["body"]["messages"].insert(0, system)
    done = instant.openai.batches.retrieve(instant.openai_batch(lines).id)
    assert done.usage is not None
    share = done.usage.input_tokens_details.cached_tokens / done.usage.input_tokens
    assert 0.3 <= share <= 0.9


def test_output_files_are_gone_after_their_thirty_days(waiting: Played) -> None:
    batch = waiting.openai_batch([chat_line("a")])
    waiting.advance(1001)
    done = waiting.openai.batches.retrieve(batch.id)
    assert done.output_file_id is not None
    waiting.advance(31 * 86_400)
    with pytest.raises(openai.NotFoundError):
        waiting.openai.files.content(done.output_file_id)


def test_a_sync_completion_obeys_the_token_cap_and_says_it_was_cut(instant: Played) -> None:
    long = "word " * 200
    answer = instant.openai.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": long}], max_completion_tokens=5
    )
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None and answer.usage.completion_tokens == 5


def test_responses_answer_in_their_own_shape(instant: Played) -> None:
    answer = instant.openai.responses.create(model=MODEL, instructions="Repeat.", input="The tram is late.")
    assert answer.status == "completed" and answer.output_text == "The tram is late."


def test_a_forced_tool_is_called_with_arguments_of_its_schema(instant: Played) -> None:
    parameters = {"type": "object", "properties": {"amount": {"type": "string"}}, "required": ["amount"]}
    answer = instant.openai.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "I paid 12 500 KZT."}],
        tools=[{"type": "function", "function": {"name": "book", "parameters": parameters}}],
        tool_choice={"type": "function", "function": {"name": "book"}},
    )
    calls = answer.choices[0].message.tool_calls
    assert calls is not None and calls[0].type == "function"
    assert calls[0].function.arguments == '{"amount":"12500"}'


def test_both_providers_list_models(instant: Played) -> None:
    assert MODEL in [model.id for model in instant.openai.models.list()]
    assert instant.openai.models.retrieve("any-name").id == "any-name"
    assert "claude-haiku-5-5" in [model.id for model in instant.anthropic.models.list()]
