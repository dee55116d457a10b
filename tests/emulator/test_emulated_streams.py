"""Streams of the emulator, read by both official SDKs that check every event."""

from tests.support.providers.emulator_kit import Played, chat, message

PIECES = "streams: {characters: 5}"


def test_a_streamed_message_adds_up_to_the_whole_one(instant: Played) -> None:
    instant.scenario(PIECES)
    whole = instant.anthropic.messages.create(**message())
    with instant.anthropic.messages.stream(**message()) as stream:
        pieces = list(stream.text_stream)
        added = stream.get_final_message()
    assert len(pieces) > 3
    assert added.content[-1].to_dict()["text"] == "".join(pieces)
    assert "".join(pieces) == whole.content[-1].to_dict()["text"]
    assert (added.stop_reason, added.usage.output_tokens) == (whole.stop_reason, whole.usage.output_tokens)


def test_a_streamed_completion_adds_up_to_the_whole_one(instant: Played) -> None:
    instant.scenario(PIECES)
    whole = instant.openai.chat.completions.create(**chat())
    chunks = list(
        instant.openai.chat.completions.create(**chat(), stream=True, stream_options={"include_usage": True})
    )
    said = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert len(said) > 3
    assert "".join(said) == whole.choices[0].message.content
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage == whole.usage
    plain = list(instant.openai.chat.completions.create(**chat(), stream=True))
    assert plain[-1].choices[0].finish_reason == "stop"


def test_a_streamed_response_adds_up_to_the_whole_one(instant: Played) -> None:
    instant.scenario(PIECES)
    whole = instant.openai.responses.create(model="gpt-6-luna", input="Where is my card?")
    events = list(instant.openai.responses.create(model="gpt-6-luna", input="Where is my card?", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    said = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(said) > 3
    assert "".join(said) == whole.output_text
    [last] = [event for event in events if event.type == "response.completed"]
    assert last.response.usage == whole.usage


def test_a_stream_that_its_client_closes_is_counted(instant: Played) -> None:
    instant.scenario("streams: {characters: 1, pause_seconds: 0.02}")
    before = instant.calls("streams_closed")
    with instant.openai.chat.completions.create(**chat(), stream=True) as stream:
        next(iter(stream))
    while instant.calls("streams_closed") == before:
        pass
