"""The reader on folders of real mail, where somebody has them: nothing crashes, nothing is lost, nothing is damaged."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_assets.domain.mail.document import Message
from llm_assets.intake.read import read_bytes

FOLDER = os.environ.get("LLM_ASSETS_CORPORA", "")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path(FOLDER or "/nonexistent").is_dir(), reason="LLM_ASSETS_CORPORA names no folder"
    ),
]


def mails() -> Iterator[tuple[Path, bytes, list[Message]]]:
    for path in sorted(Path(FOLDER).rglob("*.eml")):
        data = path.read_bytes()
        yield path, data, list(read_bytes(data, path=str(path), ocr=False))


def test_every_mail_gives_one_readable_message() -> None:
    lost = [
        path.name for path, data, found in mails() if data.strip() and (len(found) != 1 or not found[0].ok)
    ]
    assert lost == []


def test_no_mail_gains_replacement_characters() -> None:
    damaged = [
        path.name
        for path, data, found in mails()
        for message in found
        if "\ufffd" in message.subject + message.text and b"\xef\xbf\xbd" not in data
    ]
    assert damaged == []


def test_reading_twice_gives_the_same_messages() -> None:
    for path, data, found in mails():
        assert list(read_bytes(data, path=str(path), ocr=False)) == found, path.name
