"""Lenient JSON: the form is repaired, a value never."""

import math

import pytest

from llm_assets.domain.lenient_json import objects_in, paired, unwrapped


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'{"a": "\\ud83d"}', [{"a": "\ufffd"}]),
        (b'{"a": "\\ude00\\ud83d\\ude00"}', [{"a": "\ufffd\U0001f600"}]),
        (b'{"a": "\\\\ud83d"}', [{"a": "\\ud83d"}]),
        (b'{"a": "\xed\xa0\xbd"}', [{"a": "\ufffd\ufffd\ufffd"}]),
        (b'\xef\xbb\xbf{"a": 1}', [{"a": 1}]),
        (b'{"a": 1}null', [{"a": 1}]),
        (b'{"a": 1}, {"a": 2}', [{"a": 1}]),
        (b'{"a": 1} {"a": 2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}{"a": ', [{"a": 1}]),
        (b'{"a": "x\x01y"}', [{"a": "x\x01y"}]),
        (b'{"a": 1', []),
        (b"[1]", []),
        (b"null", []),
        (b"", []),
        (b"<html>", []),
        (b'{"a":' * 100_000, []),
        (b'{"a": ' + b"9" * 5000 + b"}", []),
    ],
)
def test_what_is_found_in_a_line(line: bytes, found: list[object]) -> None:
    assert list(objects_in(line)) == found


def test_numbers_that_are_none_in_json_are_read() -> None:
    [found] = objects_in(b'{"a": NaN, "b": -Infinity}')
    assert math.isnan(found["a"]) and found["b"] == -math.inf


def test_a_text_without_escapes_is_left_as_it_is() -> None:
    text = '{"a": "\U0001f600 \\\\ \\u0041"}'
    assert paired(text) is text


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("```json\n{}\n```", "{}"),
        ("```\n{}\n```\n", "{}"),
        ("\ufeff{}", "{}"),
        ("{}", "{}"),
        ("```json\n{}", "```json\n{}"),
        ("so:\n```json\n{}\n```", "so:\n```json\n{}\n```"),
        ('{"a": "```json\\n{}\\n```"}', '{"a": "```json\\n{}\\n```"}'),
    ],
)
def test_what_is_around_an_answer(text: str, bare: str) -> None:
    assert unwrapped(text) == bare
