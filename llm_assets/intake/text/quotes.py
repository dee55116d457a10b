"""What the sender of a mail newly wrote: earlier mail that is quoted below, above or between is cut away.

Line by line, with bounded patterns, for the styles of Outlook, Gmail, Apple Mail, Thunderbird, Mail.ru and Yandex.
A forwarded mail is content when the forwarder adds nothing of their own. Signatures: `signature`.
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.text import signature
from llm_assets.intake.words import ByLanguage, WordFile, load_words

MAX_ATTRIBUTION = 320
"""Characters of the line (or joined lines) that introduces a quotation."""
MAX_MARK = 400
"""Characters of a line that announces an earlier mail; longer ones are text."""
MAX_BLANK = 30
"""Lines without words between such a line and what it announces."""
MAX_FORWARDS = 10
"""Mails forwarded inside each other that are separated."""
COVER_WORDS = 12
"""A forwarder's own text of at most so many words is a cover note: the forwarded mail is the content."""


class _QuoteWords(WordFile):
    verbs: ByLanguage
    verb_endings: ByLanguage
    quoted_verbs: ByLanguage
    openings: ByLanguage
    originals: ByLanguage
    forwards: ByLanguage
    forward_lines: ByLanguage
    forward_ends: ByLanguage
    sender_headers: ByLanguage
    other_headers: ByLanguage


_WORDS = load_words(Path(__file__).with_name("quotes.yaml"), _QuoteWords)
_VERB = re.compile(rf"(?<!\w){_WORDS.verbs.literal()}{_WORDS.verb_endings.literal()}?(?!\w)", re.I)
_QUOTED_VERBS = _WORDS.quoted_verbs.of()
_TIME = re.compile(r"(?<!\d)\d{1,2}[:.]\d{2}(?!\d)")
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|(?:19|20)\d\d)(?!\d)"
)
_MAILBOX = re.compile(r"[\w.+=-]{1,80}@[\w.-]{1,80}")
_ANGLE_MAILBOX = re.compile(r"[<(\[]\s*(?:mailto:)?[\w.+=-]{1,80}@[\w.-]{1,80}")
_OPENING = re.compile(rf"^(?:-{{2,}}\s*)?{_WORDS.openings.literal()}\s", re.I)
_QUOTED = re.compile(r"^\s{0,3}(?:>|&gt;)")
_BARRED = re.compile(r"^\s{0,3}[|│]")
_RULE = re.compile(r"[\s>]*+[-_=—*]{5,}+\s*+$")
_DASHES = r"[\s>]*+(?:\*?[-_=]{2,}+|\*{2,}+)[-_=*]*+\s*+"
_ORIGINAL = re.compile(rf"{_DASHES}{_WORDS.originals.pattern()}\s*[-_=*]*\s*$", re.I)
_FORWARD = re.compile(
    rf"{_DASHES}{_WORDS.forwards.pattern()}\s*[-_=*]*\s*:?\s*$|[\s>*]*+{_WORDS.forward_lines.pattern()}\s*:?\s*$",
    re.I,
)
_FORWARD_END = re.compile(rf"{_DASHES}{_WORDS.forward_ends.literal()}\b.{{0,60}}$", re.I)
_FROM = frozenset(_WORDS.sender_headers.of())
_HEADERS = _FROM | frozenset(_WORDS.other_headers.of())


class _Mark(NamedTuple):
    """Where an earlier mail begins, where its introduction ends, and what kind of mail it is."""

    start: int
    end: int
    kind: str


def new_text(text: str, *, sender: str = "", forwarded_to: Collection[str] = ()) -> str:
    """The sender's own words: without history and signature. The whole text when nothing else would remain.

    `forwarded_to` are the recipients of a mail whose subject says it was forwarded: a quoted mail that is not from one
    of them is then somebody else's and counts as content.
    """
    lines = text.split("\n")
    own = _own_lines(lines, frozenset(a.lower() for a in forwarded_to))
    signed = signature.cut(own, sender=sender)
    for candidate in (signed, own):
        joined = _join(candidate)
        if joined:
            return joined
    return _join(lines)


def _join(lines: Sequence[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n ")


def _own_lines(lines: list[str], forwarded_to: frozenset[str] = frozenset(), depth: int = 0) -> list[str]:
    """The text from the top to the point where only history follows."""
    out: list[str] = []
    said = False
    position = 0
    while position < len(lines):
        mark = _mark_at(lines, position)
        if mark is None:
            line = lines[position]
            if not _QUOTED.match(line):
                out.append(line)
                said = said or any(c.isalnum() for c in line)
            position += 1
            continue
        if mark.kind == "quote":
            position = _after_quote(lines, mark.end)
            continue
        passed_on = mark.kind == "forward" or (bool(forwarded_to) and _from_others(lines, mark, forwarded_to))
        if passed_on and depth < MAX_FORWARDS and (not said or is_cover(out)):
            return _with_forwarded(out, lines[mark.end :], depth)
        if said:
            return out
        position = mark.end
    return out


def _with_forwarded(cover: list[str], rest: list[str], depth: int) -> list[str]:
    start = _after_forward_head(rest)
    inner = [_FORWARD_END.sub("", line) if len(line) <= MAX_MARK else line for line in rest[start:]]
    if inner and sum(1 for line in inner if _QUOTED.match(line)) * 2 > sum(
        1 for line in inner if line.strip()
    ):
        inner = [re.sub(r"^\s{0,3}>\s?", "", line) for line in inner]
    return [*signature.cut(cover, sender=""), "", *_own_lines(inner, depth=depth + 1)]


def _after_forward_head(rest: list[str]) -> int:
    """Past the forwarded mail's header lines or its `date, name <address>:` line."""
    position = 0
    while position < len(rest) and not rest[position].strip(" >"):
        position += 1
    block = _header_block(rest, position, least=1)
    if block > position:
        return block
    attribution = _attribution(rest, position)
    return attribution if attribution is not None else position


def _mark_at(lines: list[str], position: int) -> _Mark | None:
    line = lines[position]
    if len(line) > MAX_MARK or not line.strip():
        return None
    if _FORWARD.match(line):
        return _Mark(position, position + 1, "forward")
    if _ORIGINAL.match(line):
        following = _next_words(lines, position + 1)
        return _Mark(position, max(_header_block(lines, following, least=1), position + 1), "history")
    if _RULE.match(line):
        following = _next_words(lines, position + 1)
        end = _header_block(lines, following) if following - position <= 3 else following
        return _Mark(position, end, "history") if end > following else None
    end = _header_block(lines, position) if _header_name(line) in _FROM else position
    if end > position:
        return _Mark(position, end, "history")
    attribution = _attribution(lines, position)
    if attribution is None:
        return None
    following = _next_words(lines, attribution)
    quoted = following < len(lines) and _marked(lines[following])
    return _Mark(position, attribution, "quote" if quoted else "history")


def _marked(line: str) -> bool:
    return bool(_QUOTED.match(line) or _BARRED.match(line))


def _after_quote(lines: list[str], position: int) -> int:
    """Past the marked lines and the blank or wrapped ones among them."""
    last = position
    current = position
    while current < len(lines):
        if _marked(lines[current]):
            last = current + 1
        elif lines[current].strip():
            if (
                current + 1 < len(lines)
                and _marked(lines[current + 1])
                and last == current
                and _wrapped(lines, current)
            ):
                current += 1
                continue
            break
        current += 1
    return last


def _wrapped(lines: list[str], position: int) -> bool:
    """The tail of a quoted line that a mail server broke."""
    return len(lines[position].split()) <= 3 and len(lines[position - 1]) >= 65


def _next_words(lines: list[str], position: int) -> int:
    last = min(len(lines), position + MAX_BLANK)
    while position < last and not lines[position].strip(" \t>*"):
        position += 1
    return position


def _header_block(lines: list[str], position: int, *, least: int = 2) -> int:
    """The line after a block of `From: … Sent: … Subject: …`; `position` itself when there is none."""
    found: list[str] = []
    current = end = position
    gap = 0
    while current < len(lines) and current - position < 14:
        name = _header_name(lines[current])
        if name:
            found.append(name)
            end, gap = current + 1, 0
        elif not found or gap or (not lines[current].strip() and len(found) > 1):
            break
        else:
            gap += 1
        current += 1
    known = set(found)
    sender_first = bool(found) and (found[0] in _FROM or (least == 1 and bool(known & _FROM)))
    return end if len(known) >= least and sender_first else position


def _header_name(line: str) -> str:
    """The header a line of a quoted head gives, e.g. `subject`; empty for any other line."""
    name, colon, _ = line[:60].lstrip(" >*|\t").partition(":")
    plain = name.rstrip(" *\t").lower()
    return plain if colon and plain in _HEADERS else ""


def _attribution(lines: list[str], position: int) -> int | None:
    """The line after an `On … wrote:`, which mail programs break over up to five lines; None when there is none."""
    joined = ""
    for count in range(5):
        if position + count >= len(lines):
            return None
        line = lines[position + count].strip()
        if count == 0 and _QUOTED.match(line) and not any(verb in line for verb in _QUOTED_VERBS):
            return None
        if not line:
            if count == 0 or not _OPENING.match(joined):
                return None
            continue
        joined = f"{joined} {line.strip('*_ ')}".strip()
        if len(joined) > MAX_ATTRIBUTION:
            return None
        if _introduces(joined):
            return _past_verb(lines, position + count + 1)
        if count == 0 and not (
            _OPENING.match(joined) or _DATE.search(joined) or _TIME.search(joined) or "<" in joined
        ):
            return None
    return None


def _past_verb(lines: list[str], position: int) -> int:
    """Past a `> wrote:` that was broken off the line with the address."""
    following = _next_words(lines, position)
    if following >= len(lines) or len(lines[following]) > 40:
        return position
    tail = lines[following].strip("> \t")
    return following + 1 if tail.endswith(":") and _VERB.fullmatch(tail[:-1].strip()) else position


def _introduces(line: str) -> bool:
    """Reads as `date, name <address> wrote:` in one of its many forms."""
    if not line.endswith((":", "----", "：", ">", ")")):
        return False
    dated = bool(_DATE.search(line) or _TIME.search(line))
    boxed = bool(_ANGLE_MAILBOX.search(line))
    if line.endswith((">", ")")) and not boxed:
        return False
    if _VERB.search(line) and line.endswith((":", "-", "：")):
        return dated or boxed or (bool(_OPENING.match(line)) and bool(_MAILBOX.search(line)))
    return dated and boxed and bool(re.match(r"[\w\"'«(-]", line)) and len(line.split()) <= 25


def _from_others(lines: list[str], mark: _Mark, recipients: frozenset[str]) -> bool:
    """The quoted mail names a sender, and it is none of the people this mail went to."""
    named = next((line for line in lines[mark.start : mark.end] if _header_name(line) in _FROM), "")
    boxes = {box.lower() for box in _MAILBOX.findall(named)}
    return bool(named) and not boxes & recipients


def is_cover(own: Sequence[str]) -> bool:
    """Nothing, or a note like "FYI" or "please process" that only passes the mail on."""
    return sum(len(line.split()) for line in signature.cut(own, sender="")) <= COVER_WORDS
