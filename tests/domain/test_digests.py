"""Digests: the quick way to compute a request's id gives the same id as the plain one."""

import pytest

from llm_assets.domain.digest import digest, digest_text_and_shape

SHAPE = {"type": "object", "required": ["b", "a"], "properties": {"b": {"enum": ["ё", None]}, "a": {"n": 1}}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "When?",
        'a "quoted" \\ line\r\n\t\b\f',
        "\x00\x1f\x7f\u2028",
        "Қашан келеді? 😀",
        "half a pair \ud83d",
    ],
)
def test_a_text_and_its_shape_are_digested_as_one_list(text: str) -> None:
    shared = ("fields", "small", 256, "Read “it”.")
    assert digest_text_and_shape(shared, text, SHAPE) == digest([*shared, text, SHAPE])


def test_the_order_in_which_a_shape_was_written_does_not_matter() -> None:
    turned = dict(reversed(SHAPE.items()))
    assert digest_text_and_shape(("a",), "x", turned) == digest_text_and_shape(("a",), "x", SHAPE)
