"""Header values to text, names, addresses, dates and ids. Encoded words, parameters, raw 8-bit; no body here."""

import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote_to_bytes

from llm_assets.domain.mail.document import Address
from llm_assets.intake.bytes import charset as charsets
from llm_assets.intake.words import LANGUAGES, ByLanguage, WordFile, load_words

_WORD = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*(?:\?(?!=)[^?\r\n]*)*)\?=")
_BLANKS = re.compile(r"[ \t\r\n]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]]+@[^\s<>@,;:\"()]+")
MAX_ADDRESSES = 1_000
MAX_ENTRY = 1_000
"""Characters of one address with its name and comments."""
MAX_DATE = 200
MAX_PARAMETERS = 1_000


def text(value: bytes | None, *, hint: str | None = None) -> str:
    """Decoded and unfolded header text without control characters."""
    if not value:
        return ""
    joined = _BLANKS.sub(" ", decode_words(value, hint=hint).replace("\r", " ").replace("\n", " "))
    return _CONTROL.sub("", joined).strip()


def decode_words(value: bytes, *, hint: str | None = None) -> str:
    """RFC 2047. Neighbouring words of one charset are joined as bytes first: senders cut characters in two."""
    if b"=?" not in value:
        return charsets.decode(value, None, hint=hint).text
    out: list[str] = []
    pending, pending_charset = b"", ""
    position = 0
    for match in _WORD.finditer(value):
        between = value[position : match.start()]
        if between.strip() or (not pending and not pending_charset):
            if pending:
                out.append(charsets.decode(pending, pending_charset).text)
                pending = b""
            out.append(charsets.decode(between, None, hint=hint).text)
        name = match.group(1).split(b"*")[0].decode("latin-1").lower()
        if pending and name != pending_charset:
            out.append(charsets.decode(pending, pending_charset).text)
            pending = b""
        pending += _word_bytes(match.group(2), match.group(3))
        pending_charset = name
        position = match.end()
    if pending:
        out.append(charsets.decode(pending, pending_charset).text)
    out.append(charsets.decode(value[position:], None, hint=hint).text)
    return "".join(out)


def _word_bytes(kind: bytes, encoded: bytes) -> bytes:
    if kind in b"qQ":
        return binascii.a2b_qp(encoded.replace(b" ", b"_"), header=True)
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", encoded)
    clean = clean[:-1] if len(clean) % 4 == 1 else clean
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def parameters(value: bytes | None, *, hint: str | None = None) -> dict[str, str]:
    """Parameters of Content-Type or Content-Disposition: RFC 2231 with continuations, RFC 2047 and raw 8-bit."""
    if not value:
        return {}
    plain: dict[str, str] = {}
    split: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for name, raw in _raw_parameters(value):
        match = re.fullmatch(r"([^*]+)(?:\*(\d{1,3}))?(\*)?", name)
        if match is None:
            continue
        base, number, encoded = match.group(1), match.group(2), match.group(3) is not None
        if number is None and not encoded:
            plain.setdefault(base, text(raw, hint=hint))
        else:
            split.setdefault(base, {}).setdefault(int(number or 0), (encoded, raw))
    for base, sections in split.items():
        plain[base] = _joined(sections) or plain.get(base, "")
    return plain


_SEPARATORS = re.compile(rb"[;,\s]*")
_PARAMETER = re.compile(rb"""([^\s=;,"]{1,80})\s{0,20}=\s{0,20}(?:"((?:[^"\\]|\\.)*+)"?|([^;]*))""", re.S)
_NEXT = re.compile(
    rb"[\s,]++(?=(?:charset|boundary|format|delsp|type|size|name|filename|(?:creation|modification|read)-date)"
    rb"(?:\*\d{0,3}\*?)?=)",
    re.I,
)
"""Where a parameter begins although no semicolon ended the one before."""


def token(value: bytes | None) -> str:
    """The first word of Content-Disposition; a parameter is none."""
    match = re.match(rb"\s*[\"']?\s*([\w-]++)(?!\s*[=*])", value or b"")
    return match.group(1).decode("ascii", "replace").lower() if match is not None else ""


def _raw_parameters(value: bytes) -> Iterable[tuple[str, bytes]]:
    """What follows the first word, with or without the semicolon in between."""
    head, _, rest = value.partition(b";")
    if b"=" in head:
        bare = re.search(rb"(?:^|[\s,])[\w-]+(?:\*\d{0,3}\*?)?\s{0,20}=", head)
        rest = value[bare.start() :] if bare is not None else rest
    position = 0
    for _ in range(MAX_PARAMETERS):
        if position >= len(rest):
            return
        start = _SEPARATORS.match(rest, position).end()  # type: ignore[union-attr]  # matches nothing as well
        match = _PARAMETER.match(rest, start)
        if match is None:
            position = (rest.find(b";", start) + 1) or len(rest)
            continue
        name, quoted, bare_value = match.group(1).decode("latin-1").lower(), match.group(2), match.group(3)
        position = match.end()
        if quoted is not None:
            yield name, re.sub(rb'\\(["\\])', rb"\1", quoted)
            continue
        following = _NEXT.search(bare_value)
        if following is not None:
            position = match.start(3) + following.start()
            bare_value = bare_value[: following.start()]
        yield name, bare_value.strip() if name.endswith("*") else bare_value.strip().strip(b"'\"")


_CODED = re.compile(rb"[^%\s]*(?:%[89A-F][0-9A-F][^%\s]*)+", re.I)
"""A section with coded letters that forgot its asterisk."""


def _joined(sections: dict[int, tuple[bool, bytes]]) -> str:
    name, data, coded = "", b"", False
    for number in sorted(sections):
        encoded, raw = sections[number]
        if number == 0 and encoded and raw.count(b"'") >= 2:
            label, _, raw = raw.split(b"'", 2)
            name = label.decode("latin-1")
        coded = coded or encoded
        data += unquote_to_bytes(raw) if encoded or (coded and _CODED.fullmatch(raw)) else raw
    if b"=?" in data and not name:
        return text(data)
    return _BLANKS.sub(" ", charsets.decode(data, name or "utf-8").text).strip()


def addresses(values: Iterable[bytes], *, hint: str | None = None) -> tuple[Address, ...]:
    """Everybody a header names; groups opened, comments dropped, broken entries kept as a name without address."""
    out: list[Address] = []
    for value in values:
        for entry in _entries(value.decode("latin-1")):
            address = _address(entry, hint)
            if address is not None:
                out.append(address)
            if len(out) >= MAX_ADDRESSES:
                return tuple(out)
    return tuple(out)


def _entries(value: str) -> list[str]:
    """Split at commas, semicolons and group names outside quotes, angle brackets and comments."""
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
        if not quoted and not comment and (char in ",;" or (char == ":" and not angle)):
            if char != ":":
                out.append(current)
            current = ""
            angle = False
            continue
        current += char
    out.append(current)
    return out


def _address(entry: str, hint: str | None) -> Address | None:
    entry = entry.strip()[:MAX_ENTRY]
    if not entry:
        return None
    bare = re.sub(
        r'"(?:[^"\\]|\\.)*"', lambda m: m.group() if "@" in m.group() and "<" not in entry else "", entry
    )
    angle = re.search(r"<([^<>]*)>?\s*$", bare) or re.search(r"<([^<>]*)>", bare)
    comments = re.findall(r"\(((?:[^()\\]|\\.)*)\)", entry)
    if angle is not None:
        found = _bare_address(angle.group(1))
        name = entry[: entry.rfind("<")] if "<" in entry else entry
        named = _name(re.sub(r"\((?:[^()\\]|\\.)*\)", "", name), hint) or _name(" ".join(comments), hint)
        return Address(named, found) if found or named else None
    found = _bare_address(re.sub(r"\((?:[^()\\]|\\.)*\)", "", bare))
    if found:
        return Address(_name(" ".join(comments), hint), found)
    named = _name(entry, hint)
    inside = _ADDRESS.search(named)
    if inside is not None:
        return Address(named.replace(inside.group(), "").strip(" <>\"'"), inside.group().lower())
    return Address(named, "") if named else None


def _bare_address(value: str) -> str:
    value = value.strip()
    if value.startswith("@") and ":" in value:
        value = value.rpartition(":")[2]
    quoted = re.match(r'\s*("(?:[^"\\]|\\.)*")\s*@\s*([^\s<>@,;]+)', value)
    if quoted is not None:
        return (quoted.group(1) + "@" + quoted.group(2)).lower()
    squeezed = re.sub(r"\s*([.@])\s*", r"\1", value)
    match = _ADDRESS.search(squeezed)
    return _utf8(match.group()).lower().strip("'\"") if match is not None else ""


def _utf8(value: str) -> str:
    return charsets.decode(value.encode("latin-1"), None).text if not value.isascii() else value


def _name(value: str, hint: str | None) -> str:
    value = value.strip()
    unquoted = re.sub(r'"((?:[^"\\]|\\.)*)"', lambda m: re.sub(r"\\(.)", r"\1", m.group(1)), value)
    return text(unquoted.encode("latin-1"), hint=hint).strip().strip("\"'").strip()


def message_ids(values: Iterable[bytes]) -> tuple[str, ...]:
    """Ids without angle brackets, in order, each once."""
    seen: dict[str, None] = {}
    for value in values:
        decoded = value.decode("utf-8", "replace")
        for found in re.findall(r"<([^<>]+)>", decoded) or decoded.split()[:1]:
            seen[_BLANKS.sub("", found)] = None
    return tuple(s for s in seen if s)


def first_date(values: Iterable[bytes]) -> datetime | None:
    """Of several Date headers the first that says a moment: a relay may have broken one and added another."""
    return next((found for found in map(date, values) if found is not None), None)


def date(value: bytes | None) -> datetime | None:
    """The moment with its own offset; None when there is none that can be meant. A missing offset reads as UTC."""
    if not value:
        return None
    cleaned = re.sub(r"\((?:[^()])*\)", " ", text(value[:MAX_DATE]))
    for spelled in (cleaned, _spelled(cleaned)):
        found = _iso(spelled) or _rfc(spelled) or _rfc(spelled.replace("-", " "))
        if found is not None:
            return found
    return None


def _rfc(value: str) -> datetime | None:
    if _ODD_ZONE.search(value):
        return None
    parsed = parsedate_tz(value)
    if parsed is None:
        return None
    offset = parsed[9] if parsed[9] is not None else 0
    try:
        zone = timezone(timedelta(seconds=offset)) if abs(offset) < 86_400 else UTC
        return datetime(*parsed[:6], tzinfo=zone)
    except (ValueError, OverflowError):
        return None


_ODD_ZONE = re.compile(r"(?<![\d+-])[+-]\d{1,2}:\d\d\s*$|(?:GMT|UTC?)\s?[+-]\d|\bMSK\b|\d\s?[AP]M\b", re.I)
"""Zones and halves of the day that the standard parser reads past without a word."""
_LEGIBLE = re.compile(
    r"(?<!\d)(?P<day>\d{1,2})[ .-]{1,2}(?P<month>[^\W\d]{3,10}|\d{1,2})[ .,-]{1,2}(?P<year>\d{4}|\d\d)(?!\d)[^\d:]{0,12}"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
)
_HALF = re.compile(r"\s?([AP])M\b", re.I)
_OFFSET = re.compile(r"(?:GMT|UTC?)?\s*([+-]\d{1,2}):?([0-5]\d)?(?!\d)|(\bMSK\b)", re.I)


class _HeaderWords(WordFile):
    months: ByLanguage
    more_months: dict[str, int]


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """First letters of a month -> its number."""
    data = load_words(Path(__file__).with_name("headers.yaml"), _HeaderWords)
    named = {name: n for language in LANGUAGES for n, name in enumerate(data.months.of(language), 1)}
    return named | data.more_months


def _spelled(value: str) -> str:
    """What is legible of a date in another spelling or with a broken tail, as ISO 8601; the value itself otherwise."""
    match = _LEGIBLE.search(value)
    if match is None:
        return value
    month = int(match["month"]) if match["month"].isdigit() else _months().get(match["month"][:3].lower(), 0)
    year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
    hour, rest = int(match["hour"]), value[match.end() :]
    half = _HALF.match(rest)
    if half is not None:
        hour, rest = hour % 12 + (12 if half.group(1) in "pP" else 0), rest[half.end() :]
    clock = f"{hour:02}:{match['minute']}:{match['second'] or '00'}"
    return f"{year}-{month:02}-{int(match['day']):02}T{clock}{_offset(rest)}"


def _offset(rest: str) -> str:
    zone = _OFFSET.match(rest.lstrip())
    if zone is None:
        return "+00:00"
    if zone.group(3):
        return "+03:00"
    return f"{int(zone.group(1)):+03}:{zone.group(2) or '00'}"


def _iso(value: str) -> datetime | None:
    if not re.match(r"\s*\d{4}-\d\d?-", value):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
