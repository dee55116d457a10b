"""Scans in every wire form: as each SDK's types want them, read for one line at a time, and taken in a batch and online."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from anthropic.types import MessageParam
from openai.types.chat import ChatCompletionUserMessageParam
from pydantic import TypeAdapter

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.errors import PermanentError
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.domain.requests.request import Picture, Request
from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.intake.scans import PDF, Shown
from resources.mail.raw_store import RawStore
from resources.mail.scans import Scans
from resources.providers import provider_for
from tests.support.providers.provider_kit import EVERY, MAIL, Wire, profile, request

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
PAPER = b"%PDF-1.4\n1 0 obj <</Type /Pages /Count 2>>\n2 0 obj <</Type/Page>>\n3 0 obj <</Type /Page>>\n%%EOF"
PICTURES = (Picture("r" * 64, "a" * 64, 1, len(PNG)), Picture("r" * 64, "b" * 64, 2, len(PAPER)))


def scans(pictures: Sequence[Picture]) -> list[Shown]:
    assert pictures == PICTURES
    return [Shown("image/png", PNG), Shown(PDF, PAPER)]


def asked(wire: Wire) -> Request:
    return replace(request(wire.protocol), pictures=PICTURES)


def content(line: bytes) -> list[dict[str, Any]]:
    row = orjson.loads(line)
    if "request" in row:
        parts: list[dict[str, Any]] = row["request"]["contents"][-1]["parts"]
        return parts
    found: list[dict[str, Any]] = (row.get("params") or row["body"])["messages"][-1]["content"]
    return found


@EVERY
def test_a_line_shows_pictures_and_files_as_the_sdk_types_want_them(wire: Wire) -> None:
    provider = provider_for(profile(wire.protocol, None), timeout_seconds=1, show=scans)
    parts = content(provider.line(asked(wire), "id-1"))
    message = {"role": "user", "content": parts}
    if wire.protocol == "gemini":
        image, paper, text = parts
        assert image == {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(PNG).decode()}}
        assert paper == {"inlineData": {"mimeType": PDF, "data": base64.b64encode(PAPER).decode()}}
        assert text == {"text": MAIL}
        return
    if wire.protocol == "anthropic":
        TypeAdapter(MessageParam).validate_python(message)
        image, paper, text = parts
        assert image["source"] == {
            "type": "base64",
            "media_type": "image/png",
            "data": base64.b64encode(PNG).decode(),
        }
        assert (paper["type"], paper["source"]["media_type"]) == ("document", PDF)
    else:
        TypeAdapter(ChatCompletionUserMessageParam).validate_python(message)
        text, image, paper = parts
        assert image["image_url"]["url"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
        assert paper["file"]["file_data"] == f"data:{PDF};base64,{base64.b64encode(PAPER).decode()}"
    assert text == {"type": "text", "text": MAIL}


@EVERY
def test_a_request_without_scans_reads_none(wire: Wire) -> None:
    provider = provider_for(profile(wire.protocol, None), timeout_seconds=1)
    assert b"image" not in provider.line(request(wire.protocol), "id-1")
    with pytest.raises(PermanentError):
        provider.line(asked(wire), "id-1")


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start(tmp_path_factory.mktemp("emulator"), latency=0.0)
    yield running
    running.stop()


@EVERY
def test_the_provider_takes_them_and_bills_their_pages(wire: Wire, emulator: RunningEmulator) -> None:
    at = profile(wire.protocol, emulator.url, emulated=True)
    provider = provider_for(at, timeout_seconds=10, strict=True, show=scans)
    plain, shown = (provider.ask(provider.line(r, "id-1")) for r in (request(wire.protocol), asked(wire)))
    assert (plain.outcome, shown.outcome) == (Outcome.SUCCEEDED, Outcome.SUCCEEDED)
    assert shown.usage.input_tokens - plain.usage.input_tokens == 3 * 1500


def test_scans_come_from_the_raw_mail_and_what_is_not_there_is_no_passing_error(tmp_path: Path) -> None:
    raw = RawStore(tmp_path)
    there = Picture(raw.put(PNG), digest_bytes(PNG), 1, len(PNG))
    assert Scans(raw, 10_000)([there]) == [Shown("image/png", PNG)]
    for scan, most, code in (
        (replace(there, raw_sha256="0" * 64), 10_000, "scan_missing"),
        (replace(there, sha256="0" * 64), 10_000, "scan_missing"),
        (
            replace(there, raw_sha256=raw.put(b"words"), sha256=digest_bytes(b"words")),
            10_000,
            "scan_unreadable",
        ),
        (there, 10, "too_large"),
    ):
        with pytest.raises(PermanentError) as refused:
            Scans(raw, most)([scan])
        assert refused.value.code == code
