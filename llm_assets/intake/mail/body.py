"""Which parts of a mail are its body and which are attachments. Chooses and decodes; writes no text of its own."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from llm_assets.intake.bytes import charset, transfer, uu, wrappers
from llm_assets.intake.bytes.mime import Part
from llm_assets.intake.mail import headers
from llm_assets.intake.text import html

MAX_TEXT = 2_000_000
"""Characters of one body part; longer ones are cut and flagged."""


class Loose(NamedTuple):
    """A part that is not the body, with what its place in the tree says about it."""

    part: Part
    filename: str
    inline: bool
    cut: bool = False
    """The message ends before the part does."""


@dataclass
class Body:
    """What the tree was sorted into."""

    texts: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    """Sources of the HTML among all its renderings, the chosen one or not."""
    loose: list[Loose] = field(default_factory=list)
    flags: dict[str, None] = field(default_factory=dict)
    plain: bool = False
    html: bool = False

    @property
    def text(self) -> str:
        return "\n\n".join(t for t in self.texts if t.strip())


def filename_of(part: Part, *, hint: str | None = None) -> str:
    disposition = headers.parameters(part.header("content-disposition"), hint=hint)
    kind = headers.parameters(part.header("content-type"), hint=hint)
    return disposition.get("filename") or kind.get("name") or disposition.get("name") or ""


def disposition_of(part: Part) -> str:
    value = (part.header("content-disposition") or b"").decode("latin-1")
    return value.split(";")[0].strip().lower()


def sort(root: Part, *, hint: str | None = None) -> Body:
    """The body's texts and everything else of a mail, in order of appearance."""
    body = Body()
    _sort(root, body, hint, related=False)
    return body


def _sort(part: Part, body: Body, hint: str | None, *, related: bool) -> None:
    for defect in part.defects:
        body.flags[defect] = None
    if part.content_type == "multipart/alternative":
        _alternative(part, body, hint)
    elif part.content_type == "multipart/related":
        for number, child in enumerate(part.children):
            _sort(child, body, hint, related=related or number > 0)
    elif part.children:
        for child in part.children:
            _sort(child, body, hint, related=related)
    elif is_text(part):
        _add_text(_without_files(part, body, hint), body, hint)
    else:
        name = filename_of(part, hint=hint)
        inline = disposition_of(part) != "attachment" and (related or part.header("content-id") is not None)
        body.loose.append(Loose(part, name, inline and part.content_type.startswith("image/")))


def _without_files(part: Part, body: Body, hint: str | None) -> Part:
    """The text without the uuencoded files in it."""
    if part.content_type == "text/html" or uu.BEGIN.search(part.source, part.start, part.end) is None:
        return part
    words, files = uu.opened(transfer.content(part)[0])
    for file in files:
        alone = Part((), "application/octet-stream", file.data, 0, len(file.data))
        body.loose.append(Loose(alone, headers.text(file.name, hint=hint), inline=False, cut=not file.whole))
    kept = tuple(h for h in part.headers if h.name != "content-transfer-encoding")
    return Part(kept, part.content_type, words, 0, len(words)) if files else part


_MARKED_UP = ("text/enriched", "text/richtext")


def is_text(part: Part) -> bool:
    """A text part that a reader shows in the flow of the mail."""
    return (part.content_type in _SHOWN or part.content_type in _MARKED_UP) and not _named(part)


_SHOWN = {
    "text/plain",
    "text/html",
    "text/x-amp-html",
    "text/x-plain",
    "text/english",
    "text/us-ascii",
    "text/markdown",
}


def _named(part: Part) -> bool:
    return disposition_of(part) == "attachment" or bool(filename_of(part))


def _alternative(part: Part, body: Body, hint: str | None) -> None:
    """One of several renderings: the plain one where it says something, else the last that does."""
    readings: list[Body] = []
    for child in part.children:
        reading = Body()
        _sort(child, reading, hint, related=False)
        readings.append(reading)
    filled = [r for r in readings if r.text.strip()]
    plain = [r for r in filled if r.plain and not _stands_in(r, filled)]
    chosen = plain[0] if plain else (filled[-1] if filled else None)
    for reading in readings:
        body.loose.extend(reading.loose)
        body.pages.extend(reading.pages)
    if chosen is not None:
        body.texts.extend(chosen.texts)
        body.plain, body.html = body.plain or chosen.plain, body.html or chosen.html
        body.flags.update(chosen.flags)
    if any("hidden_text" in r.flags for r in readings):
        body.flags["hidden_text"] = None


def _stands_in(plain: Body, filled: list[Body]) -> bool:
    """Whether a plain part says only that the mail is HTML."""
    longest = max(len(r.text) for r in filled)
    words = plain.text.lower()
    return longest > 2 * len(plain.text) and len(plain.text) < 300 and "html" in words


def _add_text(part: Part, body: Body, hint: str | None) -> None:
    text, flags, page = text_of(part, hint=hint)
    body.texts.append(text)
    if page:
        body.pages.append(page)
    if part.content_type == "text/html":
        body.html = True
    elif text.strip():
        body.plain = True
    for flag in flags:
        body.flags[flag] = None


class Text(NamedTuple):
    text: str
    flags: frozenset[str]
    page: str = ""
    """Its source, where it is HTML."""


def text_of(part: Part, *, hint: str | None = None) -> Text:
    """Decoded text of a text part; HTML as the text it shows."""
    data, defects = transfer.content(part, most=4 * MAX_TEXT)
    source = ""
    flags = {*defects, "truncated"} if part.size > 4 * MAX_TEXT else set(defects)
    declared = headers.parameters(part.header("content-type")).get("charset") or _meta(part, data)
    decoded = charset.decode(data, declared, hint=hint)
    if decoded.guessed:
        flags.add("charset_guessed")
    text = decoded.text[: 2 * MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    if part.content_type in _MARKED_UP:
        text = text.replace("<<", "&lt;")
    if part.content_type in ("text/html", "text/x-amp-html", *_MARKED_UP):
        source, page = text, html.to_text(text)
        text = page.text
        if page.hidden:
            flags.add("hidden_text")
    elif _flowed(part):
        text = _unflow(text, blank_belongs=_blank_belongs(part))
    text = wrappers.unsigned(text)
    if wrappers.is_armoured(text):
        flags.add("encrypted")
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        flags.add("truncated")
    return Text(text, frozenset(flags), source)


def _meta(part: Part, data: bytes) -> str | None:
    return html.declared_charset(data) if part.content_type == "text/html" else None


def _flowed(part: Part) -> bool:
    return headers.parameters(part.header("content-type")).get("format", "").lower() == "flowed"


def _blank_belongs(part: Part) -> bool:
    """Whether the blank at the end of a line is one of the text, and not only the sign that the line continues."""
    return headers.parameters(part.header("content-type")).get("delsp", "").lower() != "yes"


def _unflow(text: str, *, blank_belongs: bool) -> str:
    """RFC 3676: a line that ends in a space continues in the next one of the same quote depth."""
    out: list[str] = []
    run: list[str] = []
    depth, soft = 0, False
    for line in text.split("\n"):
        marks = len(line) - len(line.lstrip(">"))
        content = line[marks:].removeprefix(" ")
        if not (soft and marks == depth and content):
            if run:
                out.append(_quoted(depth, run))
            run, depth = [], marks
        elif not blank_belongs:
            run[-1] = run[-1].removesuffix(" ")
        run.append(content)
        soft = content.endswith(" ") and content.rstrip() != "--"
    out.append(_quoted(depth, run))
    return "\n".join(line.rstrip() if line.strip("> ") != "--" else line for line in out)


def _quoted(depth: int, run: list[str]) -> str:
    return ">" * depth + (" " if depth else "") + "".join(run)


def clean_name(name: str) -> str:
    """A file name without folders and control characters."""
    return re.sub(r"[\x00-\x1f]", "", re.split(r"[/\\]", name)[-1]).strip()
