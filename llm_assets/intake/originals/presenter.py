"""The process that looks into one stored message: one order as JSON on stdin, a line of JSON and bytes on stdout.

Started by `presenting` with a clean environment. It opens one file, whose digest has to be the one that was asked for.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from llm_assets.domain.digest import bytes_with
from llm_assets.intake.bytes import kinds, mime, ole, transfer, wrappers
from llm_assets.intake.child import be_expendable, be_silent, end_with
from llm_assets.intake.inside import open_named
from llm_assets.intake.mail import body, outlook
from llm_assets.intake.originals.drawn import drawn
from llm_assets.intake.originals.presenting import LARGEST_FILE, MEMORY, SECONDS, Asked
from llm_assets.intake.originals.safe_html import safe_page
from llm_assets.intake.scans import Shown, file_in, shown

_LOST = 3


def main(arguments: list[str]) -> None:
    end_with(int(arguments[0]))
    be_expendable(MEMORY)
    signal.alarm(SECONDS)
    be_silent()
    asked = Asked(**json.loads(sys.stdin.buffer.read()))
    with open_named(Path(asked.path)) as stream:
        raw = bytes_with(stream, asked.raw_sha256)
    if raw is None:
        sys.exit(_LOST)
    about, data = _page(raw) if asked.what == "page" else _file(raw, asked)
    sys.stdout.buffer.write(json.dumps(about).encode() + b"\n" + data)
    sys.stdout.buffer.flush()
    os._exit(0)  # libraries that draw may crash when they are taken down


Answer = tuple[dict[str, Any], bytes]
_NOTHING: Answer = ({"found": False}, b"")


def _file(raw: bytes, asked: Asked) -> Answer:
    data = file_in(raw, asked.file)
    if data is None or len(data) > LARGEST_FILE:
        return _NOTHING
    if asked.what == "file":
        return {"found": True, "kind": kinds.sniff(data)}, data
    picture = drawn(data, asked.number)
    return ({"found": True}, picture) if picture is not None else _NOTHING


def _page(raw: bytes) -> Answer:
    """Of a mail that has one; a mail in plain words, and a record of another kind, has none."""
    source, pictures = _of_outlook(raw) if kinds.sniff(raw) == "ole" else _of_mail(raw)
    if not source:
        return _NOTHING
    safe = safe_page(source, partial(_picture, pictures))
    about = {"found": True, "styles": safe.styles, "left_out": safe.left_out, "cut": safe.cut}
    return about, safe.html.encode("utf-8", "replace")


class _Own(NamedTuple):
    """What a mail shows of itself: its HTML, and how its pictures are got at by their Content-ID."""

    source: str
    pictures: Mapping[str, Callable[[], bytes]]


def _of_mail(raw: bytes) -> _Own:
    root = wrappers.opened(mime.parse(raw))
    pictures = {
        (part.header("content-id") or b"").strip(b" <>").decode("utf-8", "replace"): partial(_content, part)
        for part in root.walk()
        if part.header("content-id") is not None
    }
    return _Own("<hr>".join(body.sort(root).pages), pictures)


def _content(part: mime.Part) -> bytes:
    return transfer.content(part)[0]


def _of_outlook(raw: bytes) -> _Own:
    streams = ole.streams_of(raw)
    if streams is None or ole.IS_OUTLOOK not in streams:
        return _Own("", {})
    stored = ole.outlook(streams)
    return _Own(
        outlook.page_of(stored),
        {name: partial(bytes, data) for name, data in outlook.pictures_of(stored).items()},
    )


def _picture(pictures: Mapping[str, Callable[[], bytes]], content_id: str) -> Shown | None:
    get = pictures.get(content_id)
    data = get() if get is not None else b""
    found = shown(data) if kinds.sniff(data) == "image" else []
    return found[0] if found else None


if __name__ == "__main__":
    main(sys.argv[1:])
