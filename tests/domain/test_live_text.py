"""A text that is read out of a model's JSON while it is written."""

import json
from collections.abc import Iterator, Mapping

import pytest

from llm_assets.domain.desk.live_text import FieldReader, LiveReader, LiveText, MaskRestorer, NumberMarker

TEXTS = (
    "Plain words.",
    'He said "no" \\ and left\n\tthen came back/again.',
    "Сәлем, әлем — 😀 \u2028 end",
    "",
)
BEFORE = {"subject": 'The "body": "not this"', "more": {"body": "nor this"}, "list": [{"body": "x"}, "body"]}


def cut(text: str, size: int) -> Iterator[str]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_field_is_read_whatever_the_pieces_are(text: str, ascii_only: bool, size: int) -> None:
    written = json.dumps({**BEFORE, "body": text, "after": "body"}, ensure_ascii=ascii_only)
    reader = FieldReader("body")
    assert "".join(reader.feed(piece) for piece in cut(written, size)) == text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('```json\n{"body": "fenced"}\n```', "fenced"),
        ('[{"body": "inside a list"}]', ""),
        ('{"body": 12, "body": "the second"}', "the second"),
        ('{"body": null, "x": "body", "y": "no"}', ""),
        (r'{"body": "half \ud83d"}', "half \ufffd"),
        (r'{"body": "half \ud83d of \udc00 it"}', "half \ufffd of \ufffd it"),
        ('{"body": "one", "body": "two"}', "one"),
    ],
)
def test_only_a_string_of_the_object_itself_is_read(written: str, expected: str) -> None:
    reader = FieldReader("body")
    assert "".join(reader.feed(piece) for piece in written) == expected


MASKS = {"[NAME_1]": "Zoe [Z]", "[NAME_12]": "Max", "[PHONE_1]": "+7 701 000 11 22"}


@pytest.mark.parametrize("size", [1, 3, 100])
def test_masks_are_replaced_and_never_shown_in_part(size: int) -> None:
    restorer = MaskRestorer(MASKS)
    text = "Dear [NAME_1], [NAME_12]: call [PHONE_1] [or] [NAME_3] [[NAME_1]["
    said = [restorer.feed(piece) for piece in cut(text, size)]
    assert not any(piece.endswith(("[NAME", "[PH", "[N")) for piece in said)
    assert "".join(said) == "Dear Zoe [Z], Max: call +7 701 000 11 22 [or] [NAME_3] [Zoe [Z]"
    assert restorer.feed("a]") == "[a]", "what becomes no mask follows"


def marked(text: str, known: set[str], size: int) -> str:
    marker = NumberMarker(lambda number: number not in known)
    return "".join(marker.feed(piece) for piece in cut(text, size)) + marker.rest()


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_number_that_nobody_named_is_marked_when_it_is_whole(size: int) -> None:
    text = "Pay 12 500,00 by 3.12. Or 250 now, 7"
    assert marked(text, {"3.12"}, size) == "Pay 12 500,00[?] by 3.12. Or 250[?] now, 7[?]"
    assert marked("1. Go\n2) Wait 2", set(), size) == "1. Go\n2) Wait 2[?]"


def read(body: str, whole: str, live: LiveText, masks: Mapping[str, str], size: int = 3) -> list[str | None]:
    reader = LiveReader(live, masks)
    pieces = cut(json.dumps({"body": body}), size)
    return [*(reader.feed(piece) for piece in pieces), reader.finish(whole)]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_what_is_shown_adds_up_to_the_whole_text(size: int) -> None:
    live = LiveText("body", "Hello,\n\n")
    whole = "Hello,\n\nDear Max, we wait.\n\nYours"
    said = read("  Dear [NAME_12], we wait. \n", whole, live, MASKS, size)
    assert "".join(piece or "" for piece in said) == whole
    assert said[-1] == "\n\nYours"


def test_a_text_that_is_another_in_the_end_is_not_continued() -> None:
    assert read("We wait.", "We go.", LiveText("body"), {})[-1] is None
    assert read("", "A rule's text.", LiveText("body", "Hello"), {})[-1] == "A rule's text."
