"""Which parts of a mail are its body and which are attachments. Chooses and decodes; writes no text of its own."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from llm_assets.intake.bytes import charset, transfer, uu, wrappers
from llm_assets.intake.bytes.mime import Part
from llm_assets.intake.mail import headers, renderings, undeclared
from llm_assets.intake.mail.renderings import Rendering
from llm_assets.intake.pages import html
from llm_assets.intake.pages.visibility import without_unseen
from llm_assets.intake.trace import Note

MAX_TEXT = 2_000_000
"""Characters of one body part; longer ones are cut and flagged."""

MAX_PAGES = 3
"""HTML renderings with which each plain one is compared, the last ones."""


class Loose(NamedTuple):
    """A part that is not the body, with what its place in the tree says about it."""

    part: Part
    filename: str
    inline: bool
    cut: bool = False
    """The message ends before the part does."""


class Reason(NamedTuple):
    """What a rule chose or flagged in a part."""

    part: Part
    rule: str
    what: str = ""
    flag: str = ""


@dataclass
class Body:
    """What the tree was sorted into."""

    texts: list[Rendering] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    """Sources of the HTML among all its renderings, the chosen one or not."""
    loose: list[Loose] = field(default_factory=list)
    flags: dict[str, None] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    """One for each flag and choice."""

    @property
    def text(self) -> str:
        return "\n\n".join(t.text for t in self.texts if t.text.strip())

    @property
    def plain(self) -> bool:
        return any(t.kind == "plain" and t.text.strip() for t in self.texts)

    @property
    def html(self) -> bool:
        return any(t.kind != "plain" for t in self.texts)


def filename_of(part: Part, *, hint: str | None = None) -> str:
    disposition = headers.parameters(part.header("content-disposition"), hint=hint)
    kind = headers.parameters(part.header("content-type"), hint=hint)
    return disposition.get("filename") or kind.get("name") or disposition.get("name") or ""


def disposition_of(part: Part) -> str:
    return headers.token(part.header("content-disposition"))


_TEXT_NAME = re.compile(r"(?:^[^.]*|\.(?:txt|text|html?))$", re.I)


def sort(root: Part, *, hint: str | None = None) -> Body:
    """The body's texts, each once, and everything else of a mail, in order of appearance."""
    body = Body()
    own = disposition_of(root) != "attachment" or _TEXT_NAME.search(filename_of(root, hint=hint)) is not None
    _sort(root, body, hint, related=False, shown=own)
    if not body.text.strip():
        _promote(body, hint)
    texts = renderings.without_repeats(body.texts)
    if len(texts) < len(body.texts):
        said = (
            f"{len(body.texts) - len(texts)} of {len(body.texts)} texts left out: another one has their words"
        )
        body.reasons.append(Reason(root, "repeats", said))
    body.texts = texts
    return body


def notes_of(root: Part, body: Body) -> Iterator[Note]:
    """Its reasons with the numbers of their parts, as IMAP counts them."""
    numbers = {id(part): number for number, part in _numbered(root, "")}
    for reason in body.reasons:
        yield Note(reason.rule, reason.what, f"part {numbers[id(reason.part)]}", flag=reason.flag)


def _numbered(part: Part, number: str) -> Iterator[tuple[str, Part]]:
    yield number or "1", part
    for place, child in enumerate(part.children, start=1):
        yield from _numbered(child, f"{number}.{place}" if number else str(place))


def _sort(part: Part, body: Body, hint: str | None, *, related: bool, shown: bool = False) -> None:
    """`shown`: its place in the tree makes the part the mail's own text, even with a file name."""
    for defect in sorted(part.defects):
        body.flags[defect] = None
        body.reasons.append(Reason(part, "mime", flag=defect))
    if part.content_type == "multipart/alternative":
        _alternative(part, body, hint)
    elif part.content_type == "multipart/related":
        for number, child in enumerate(part.children):
            own = number == 0 and disposition_of(child) != "attachment"
            _sort(child, body, hint, related=related or number > 0, shown=own)
    elif part.children:
        own = True
        for child in part.children:
            wrapped = shown and part.content_type == "multipart/signed" and child is part.children[0]
            own = own and (wrapped or _is_named_body(child, hint))
            _sort(child, body, hint, related=related, shown=own)
    elif is_text(part) or (shown and part.content_type in _SHOWN):
        _add_text(part, body, hint)
    else:
        name = filename_of(part, hint=hint)
        inline = disposition_of(part) != "attachment" and (related or part.header("content-id") is not None)
        body.loose.append(Loose(part, name, inline and part.content_type.startswith("image/")))


def _is_named_body(part: Part, hint: str | None) -> bool:
    """A text to be shown, under a name that programs give to the text of a mail."""
    shown = part.content_type in _SHOWN and disposition_of(part) != "attachment"
    return shown and renderings.is_body_name(filename_of(part, hint=hint))


def _promote(body: Body, hint: str | None) -> None:
    """Gives a mail without words the text that its program named like a file: by the name programs use for it, or
    the first one to be shown where there is no other text part."""
    files = [f for f in body.loose if f.part.content_type in _SHOWN]
    chosen = [f for f in files if renderings.is_body_name(f.filename)]
    if not chosen and not body.texts:
        chosen = [f for f in files if disposition_of(f.part) != "attachment"][:1]
    taken = {id(f) for f in chosen}
    body.loose = [f for f in body.loose if id(f) not in taken]
    for file in chosen:
        body.reasons.append(Reason(file.part, "named body", "a text with a file name chosen as the body"))
        _add_text(file.part, body, hint)


def _without_files(part: Part, body: Body, hint: str | None) -> Part:
    """The text without the uuencoded files in it."""
    if part.content_type in _PAGES or uu.BEGIN.search(part.source, part.start, part.end) is None:
        return part
    words, files = uu.opened(transfer.content(part)[0])
    for file in files:
        alone = Part((), "application/octet-stream", file.data, 0, len(file.data))
        body.loose.append(Loose(alone, headers.text(file.name, hint=hint), inline=False, cut=not file.whole))
    if files:
        body.reasons.append(Reason(part, "uuencode", f"{len(files)} files taken out of the text"))
    kept = tuple(h for h in part.headers if h.name != "content-transfer-encoding")
    return Part(kept, part.content_type, words, 0, len(words)) if files else part


_MARKED_UP = ("text/enriched", "text/richtext")


def is_text(part: Part) -> bool:
    """A text part that a reader shows in the flow of the mail."""
    return (part.content_type in _SHOWN or part.content_type in _MARKED_UP) and not _named(part)


_PAGES = {
    "text/html",
    "text/x-amp-html",
    "text/htm",
    "text/x-html",
    "text/vnd.html",
    "message/html",
    "text/xhtml",
    "text/xhtml+xml",
    "application/html",
    "application/xhtml+xml",
}
_SHOWN = {
    *_PAGES,
    "text/plain",
    "text/x-plain",
    "text/unknown",
    "text/english",
    "text/us-ascii",
    "text/markdown",
}


def _named(part: Part) -> bool:
    return disposition_of(part) == "attachment" or bool(filename_of(part))


def _alternative(part: Part, body: Body, hint: str | None) -> None:
    """One of several renderings: the plain one where it says something of its own, else the last that does."""
    readings: list[Body] = []
    for child, shown in zip(part.children, _are_renderings(part.children), strict=True):
        reading = Body()
        _sort(child, reading, hint, related=False, shown=shown)
        readings.append(reading)
    filled = [r for r in readings if r.text.strip()]
    pages = [r for r in filled if any(t.kind == "html" for t in r.texts)] or [r for r in filled if r.html]
    plain = [
        r
        for r in filled
        if r.plain and not any(renderings.stands_in(r.text, p.text) for p in pages[-MAX_PAGES:] if p is not r)
    ]
    chosen = next(iter([*plain, *pages[::-1], *filled[::-1]]), None)
    for reading in readings:
        body.loose.extend(reading.loose)
        body.pages.extend(reading.pages)
    if chosen is not None:
        body.texts.extend(chosen.texts)
        body.flags.update(chosen.flags)
        body.reasons.extend(chosen.reasons)
        others = [r for r in readings if r is not chosen and r.texts]
        if others:
            body.reasons.append(Reason(part, "alternatives", _why_chosen(chosen, others)))
    if any("hidden_text" in r.flags for r in readings):
        body.flags["hidden_text"] = None


def _why_chosen(chosen: Body, others: Sequence[Body]) -> str:
    said = f"{_kinds([chosen])} chosen over {_kinds(others)}"
    if not any(reading.text.strip() for reading in others):
        return f"{said}, which has no words"
    if any(reading.plain for reading in others) and not chosen.plain:
        return f"{said}, which only stands in for it or repeats a part"
    return said


def _kinds(readings: Iterable[Body]) -> str:
    return " and ".join(dict.fromkeys(text.kind for reading in readings for text in reading.texts))


def _are_renderings(children: Sequence[Part]) -> list[bool]:
    """Of each child whether it is a rendering although it carries a name: no other of its type is one without."""
    types = {c.content_type for c in children if is_text(c)}
    only_files = not any(c.children or disposition_of(c) != "attachment" for c in children)
    out: list[bool] = []
    for child in children:
        kind = child.content_type
        out.append(kind not in types and (only_files or disposition_of(child) != "attachment"))
        if kind in _SHOWN and out[-1]:
            types.add(kind)
    return out


def _add_text(part: Part, body: Body, hint: str | None) -> None:
    found = text_of(_without_files(part, body, hint), hint=hint)
    body.texts.append(Rendering(found.text, found.kind))
    if found.page:
        body.pages.append(found.page)
    for flag in sorted(found.flags):
        body.flags[flag] = None
        guessed = f"charset guessed: {found.charset}" if flag == "charset_guessed" else ""
        body.reasons.append(Reason(part, "charset" if guessed else "text", guessed, flag))


class Text(NamedTuple):
    text: str
    flags: frozenset[str]
    page: str = ""
    """Its source, where it is HTML."""
    kind: Literal["plain", "html", "amp"] = "plain"
    charset: str = ""


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
    kind = _kind(part, text)
    if part.content_type in _MARKED_UP:
        text = text.replace("<<", "&lt;")
    if kind != "plain" or part.content_type in _MARKED_UP:
        source, page = text, html.to_text(text)
        text = page.text
        if page.hidden:
            flags.add("hidden_text")
    else:
        unflowed = _unflow(text, blank_belongs=_blank_belongs(part)) if _flowed(part) else text
        text = without_unseen(unflowed)
    text = wrappers.unsigned(text)
    if wrappers.is_armoured(text):
        flags.add("encrypted")
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        flags.add("truncated")
    return Text(text, frozenset(flags), source, kind, decoded.charset)


def _kind(part: Part, text: str) -> Literal["plain", "html", "amp"]:
    if part.content_type == "text/x-amp-html":
        return "amp"
    if part.content_type in _PAGES:
        return "html"
    if part.content_type not in ("text/plain", "text/unknown"):
        return "plain"
    said = (part.header("content-type") or b"").lower().startswith(b"text/plain")
    return "html" if undeclared.is_html(text, undeclared=not said) else "plain"


def _meta(part: Part, data: bytes) -> str | None:
    tagged = part.content_type in _PAGES or data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    return html.declared_charset(data) if tagged else None


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
    """A file name without folders, control characters and marks that turn the order of its letters."""
    return without_unseen(re.sub(r"[\x00-\x1f\x7f-\x9f]", "", re.split(r"[/\\]", name)[-1])).strip()
