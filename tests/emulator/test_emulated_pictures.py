"""Pictures and PDF files at the emulator: refused as the providers do, and counted by their pages."""

import base64
from typing import Any

import anthropic
import openai
import pytest

from tests.support.providers.emulator_kit import CHAT, Played, chat, message, message_item

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0 and so on").decode()
PAPER = base64.b64encode(b"%PDF-1.4 <</Type/Pages>> <</Type /Page>> <</Type/Page >>").decode()
LONG = base64.b64encode(b"%PDF-1.4 " + b"<</Type/Page>> " * 601).decode()
TEXT = {"type": "text", "text": "What is it?"}


def block(kind: str, media_type: str, data: str) -> dict[str, Any]:
    return {"type": kind, "source": {"type": "base64", "media_type": media_type, "data": data}}


def image(media_type: str, data: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:{media_type};base64,{data}"}}


def file(data: str, media_type: str = "application/pdf", **changes: Any) -> dict[str, Any]:
    url = f"data:{media_type};base64,{data}"
    return {"type": "file", "file": {"filename": "a.pdf", "file_data": url} | changes}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (block("image", "image/png", "@@@"), "image.source.base64: invalid base64 data"),
        (block("image", "image/tiff", PNG), "media_type: Input should be one of"),
        (block("image", "image/png", JPEG), "declared as image/png, but appears to be image/jpeg"),
        (block("image", "image/png", "d29yZHM="), "Could not process image"),
        (block("image", "image/png", PNG + "AAAA" * 1_310_720), "image exceeds 5 MB maximum"),
        (block("document", "image/png", PNG), "media_type: Input should be one of"),
        (block("document", "application/pdf", PNG), "The PDF specified was not valid"),
        (block("document", "application/pdf", LONG), "A maximum of 600 PDF pages"),
        ({"type": "image"}, "source: Field required"),
    ],
    ids=[
        "base64",
        "type",
        "other type",
        "no picture",
        "size",
        "document type",
        "no pdf",
        "pages",
        "no source",
    ],
)
def test_what_anthropic_refuses_of_a_picture_is_a_400_and_in_a_batch_an_errored_line(
    instant: Played, wrong: dict[str, Any], said: str
) -> None:
    turns = {"messages": [{"role": "user", "content": [wrong, TEXT]}]}
    with pytest.raises(anthropic.BadRequestError) as refused:
        instant.anthropic.post("/v1/messages", body={**message(), **turns}, cast_to=object)
    body: Any = refused.value.body
    assert body["error"]["type"] == "invalid_request_error" and said in body["error"]["message"]
    if said.startswith("image.source"):
        batch = instant.anthropic.messages.batches.create(requests=[message_item("a", **turns)])
        [line] = instant.anthropic.messages.batches.results(batch.id)
        assert line.result.type == "errored" and said in line.result.error.error.message


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (image("image/png", "@@@"), "invalid_base64"),
        (image("image/tiff", PNG), "invalid_image_format"),
        (image("image/png", "d29yZHM="), "invalid_image_format"),
        ({"type": "image_url", "image_url": {"url": "a.png"}}, "invalid_value"),
        ({"type": "image_url", "image_url": {}}, "missing_required_parameter"),
        (file(PAPER, "image/png"), "invalid_value"),
        (file("@@@"), "invalid_value"),
        (file(PAPER, filename=None), "missing_required_parameter"),
        ({"type": "picture"}, "invalid_value"),
    ],
    ids=["base64", "type", "no picture", "url", "no url", "file type", "file base64", "no name", "kind"],
)
def test_what_openai_refuses_of_a_picture_is_a_400(instant: Played, wrong: dict[str, Any], code: str) -> None:
    body = chat() | {"messages": [{"role": "user", "content": [TEXT, wrong]}]}
    with pytest.raises(openai.BadRequestError) as refused:
        instant.openai.post("/chat/completions", body=body, cast_to=object)
    assert refused.value.code == code and str(refused.value.param).startswith("messages[0].content[1]")


def test_pages_are_billed_in_a_batch_and_online_and_the_text_is_what_is_answered(instant: Played) -> None:
    parts = [TEXT, image("image/png", PNG), file(PAPER)]
    body = chat("What is it?") | {"messages": [{"role": "user", "content": parts}]}
    plain, shown = (instant.openai.chat.completions.create(**b) for b in (chat("What is it?"), body))
    assert shown.usage.prompt_tokens - plain.usage.prompt_tokens == 3 * 1500
    assert shown.choices[0].message.content == plain.choices[0].message.content
    batch = instant.openai_batch([{"custom_id": "a", "method": "POST", "url": CHAT, "body": body}])
    [line] = instant.lines(instant.openai.batches.retrieve(batch.id).output_file_id)
    assert line["response"]["body"]["usage"]["prompt_tokens"] == shown.usage.prompt_tokens
    blocks = [block("image", "image/png", PNG), block("document", "application/pdf", PAPER), TEXT]
    counted = instant.anthropic.messages.count_tokens(
        model="claude-haiku-5-5", messages=[{"role": "user", "content": blocks}]
    )
    assert counted.input_tokens > 3 * 1500
