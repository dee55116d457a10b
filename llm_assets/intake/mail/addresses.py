"""Address headers to names and addresses. Groups, comments, commas in names and broken entries; no other header here."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from llm_assets.domain.mail.document import Address
from llm_assets.intake.bytes import charset as charsets
from llm_assets.intake.mail import headers

MAX_ADDRESSES = 1_000
MAX_ENTRY = 1_000
"""Characters of one address with its name and comments."""
_MOST_PIECES = 5
"""Pieces of a name that has commas in it and no quotes."""
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]]+@(?:\[[^\s\[\]]*\]|[^\s<>@,;:\"()\[\]]+)")
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_COMMENT = r"\((?:[^()\\]|\\.)*\)"
_UNREAD = re.compile(f"{_QUOTED}|{_COMMENT}")
_QUOTED_LOCAL = re.compile(rf"\s*({_QUOTED})\s*@\s*([^\s<>@,;]+)")
_ANGLE = re.compile(r"<([^<>]*)")
_IN_SINGLE_QUOTES = re.compile(r"'[^']*'")
_WORD_IN_Q = re.compile(r"=\?[^?\s]{1,60}\?[qQ]\?[^?]{0,1000}\?=")
_SPECIAL = re.compile(r'[,;:<>()"@]')
_ROUTE = re.compile(r"<\s*@[^<>]*\Z")
"""Servers by which the mail should go, before the address (RFC 822)."""
_SEVERAL = re.compile(r"(?<=>)\s+(?=[^<>]{0,200}<[^<>@]{1,200}@)")
"""Between two addresses without a comma."""
_ESCAPED = re.compile(r"&lt;([^&<>]{1,300})&gt;", re.I)
_UNSEEN = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_LINK = re.compile(r"(?<![\w.+-])mailto:", re.I)
_SPELLED_AT = re.compile(r"(?<=\w)\s+(?:at|\(at\)|\[at\])\s+(?=\w)", re.I)
_OF_ARCHIVE = re.compile(r"\s*[\w.+-]{1,100} at (?:[\w-]{1,60}\.){1,9}\w{2,20}\s*")
"""An address alone as archives of mailing lists write it."""
_WIDE_AT = "\uff20".encode().decode("latin-1")


class _Entry(NamedTuple):
    text: str
    comma: bool
    """Whether a comma follows it."""


def addresses(values: Iterable[bytes], *, hint: str | None = None) -> tuple[Address, ...]:
    """Everybody a header names; groups opened, comments dropped, broken entries kept as a name without address."""
    out: list[Address] = []
    for value in values:
        entries = _joined(_entries(_with_safe_words(value.decode("latin-1"))))
        for entry in (e for several in entries for e in _apart(several)):
            address = _address(entry, hint)
            if address is not None:
                out.append(address)
            if len(out) >= MAX_ADDRESSES:
                return tuple(out)
    return tuple(out)


def _apart(entry: str) -> list[str]:
    """An entry that holds several addresses, one for each; a name may hold one, too, and quotes and comments hide one."""
    if entry.count("@") < 2 or any(sign in entry for sign in '"()'):
        return [entry]
    found = _SEVERAL.split(entry) if "<" in entry else entry.split()
    return found if all(piece.count("@") == 1 for piece in found) else [entry]


def _with_safe_words(value: str) -> str:
    """Encoded words with the characters escaped that mean something between addresses, `@` in its usual width, no `mailto:`."""
    value = value.replace(_WIDE_AT, "@")
    if "&lt;" in value.lower():
        value = _ESCAPED.sub(r"<\1>", value)
    if ":" in value:
        value = _LINK.sub("", value)
    if "=?" not in value:
        return value
    return _WORD_IN_Q.sub(lambda word: _SPECIAL.sub(lambda c: f"={ord(c.group()):02X}", word.group()), value)


def _entries(value: str) -> list[_Entry]:
    """Split at commas, semicolons and group names outside quotes, angle brackets and comments."""
    if not any(sign in value for sign in ',;:"'):  # nothing to split at, as in most headers
        return [_Entry(value, False)]
    out, current = [], ""
    quoted, angle, comment, escaped = False, False, 0, False
    for char in value:
        if escaped:
            escaped = False
            current += char
            continue
        if char == "\\" and (quoted or comment):
            escaped = True
            current += char
            continue
        if char == '"' and not comment:
            quoted = not quoted
        elif not quoted and char == "(":
            comment += 1
        elif not quoted and char == ")" and comment:
            comment -= 1
        elif not quoted and not comment and char in "<>":
            angle = char == "<"
        route = angle and char == "," and _ROUTE.search(current) is not None
        if not quoted and not comment and not route and (char in ",;" or (char == ":" and not angle)):
            if char != ":":
                out.append(_Entry(current, char == ","))
            current = ""
            angle = False
            continue
        current += char
    if quoted and value.count('"') % 2:
        last = value.rfind('"')
        return _entries(value[:last] + value[last + 1 :])
    return [*out, _Entry(current, False)]


def _joined(entries: list[_Entry]) -> list[str]:
    """Entries where a name that has commas in it and no quotes is one with the address behind it."""
    out: list[str] = []
    pieces: list[str] = []
    for text, comma in entries:
        if comma and text.strip() and "@" not in text and "<" not in text and len(pieces) < _MOST_PIECES:
            pieces.append(text)
            continue
        if pieces and "@" in text and "<" in text and text.strip()[:1] != "<":
            out.append(",".join([*pieces, text]))
        else:
            out += [*pieces, text]
        pieces = []
    return [*out, *pieces]


def _address(entry: str, hint: str | None) -> Address | None:
    entry = entry.strip()[:MAX_ENTRY]
    if not entry:
        return None
    shown = _UNREAD.sub(lambda m: "\x00" * len(m.group()), entry)
    comments = " ".join(c[1:-1] for c in _UNREAD.findall(entry) if c.startswith("("))
    angles = [m for m in _ANGLE.finditer(shown) if m.group(1).strip()]
    angle = next((m for m in reversed(angles) if "@" in entry[m.start(1) : m.end(1)]), None)
    angle = angle or (angles[-1] if angles else None)
    if angle is not None or "<" in shown:
        inside = entry[angle.start(1) : angle.end(1)] if angle is not None else ""
        found = _bare(inside if "@" in inside else _SPELLED_AT.sub("@", inside))
        before = entry[: angle.start() if angle is not None else shown.index("<")]
        named = _name(re.sub(_COMMENT, "", before).strip(" <"), hint) or _name(comments, hint)
        if not found and not inside.strip("<> ") and _ADDRESS.fullmatch(named):
            return Address("", named.lower())
        return Address(named, found) if found or named else None
    outside = re.sub(_COMMENT, "", entry)
    if " at " in outside and _OF_ARCHIVE.fullmatch(outside) is not None:
        outside = _SPELLED_AT.sub("@", outside)
    found = _bare(outside)
    if found:
        rest = _ADDRESS.sub("", outside).replace("<>", "").strip(" []<>")
        return Address(("" if "@" in rest else _name(rest, hint)) or _name(comments, hint), found)
    named = _name(entry, hint)
    hidden = _ADDRESS.search(named)
    if hidden is not None:
        rest = named.replace(hidden.group(), "").replace("<>", "")
        return Address(rest.strip(" <>\"'"), hidden.group().lower())
    return Address(named, "") if named else None


def _bare(value: str) -> str:
    """The address in what stands between angle brackets, or where a name and brackets are missing."""
    value = re.sub(_COMMENT, "", value).strip()
    if value.startswith("@") and ":" in value:
        value = value.rpartition(":")[2]
    quoted = _QUOTED_LOCAL.search(value)
    if quoted is not None:
        return (_utf8(quoted.group(1)) + "@" + _utf8(quoted.group(2))).lower()
    squeezed = re.sub(r"\s*@[\s@]*", "@", re.sub(r"\s*\.\s*", ".", value))
    match = _ADDRESS.search(squeezed)
    if match is None:
        return ""
    found = _utf8(match.group()).lower().strip("'\"").rstrip(".")
    return found if found.isascii() else _UNSEEN.sub("", found)


def _utf8(value: str) -> str:
    return charsets.decode(value.encode("latin-1"), None).text if not value.isascii() else value


def _name(value: str, hint: str | None) -> str:
    value = value.strip()
    unquoted = re.sub(r'"((?:[^"\\]|\\.)*)"', lambda m: re.sub(r"\\(.)", r"\1", m.group(1)), value)
    name = headers.text(unquoted.encode("latin-1"), hint=hint).strip().strip('"')
    return (name[1:-1] if _IN_SINGLE_QUOTES.fullmatch(name) else name).strip().strip('"').strip()
