"""Characters that a program wrote as the two halves UTF-16 makes of them, joined again. Other damage is not mended here."""

import re

_BYTES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
_REFERENCES = re.compile(
    r"&#([xX][dD][89abAB][0-9a-fA-F]{2}|5[56]\d{3});&#([xX][dD][c-fC-F][0-9a-fA-F]{2}|5[67]\d{3});"
)
_HALF = re.compile(
    r"&#(?:[xX][dD][89abAB][0-9a-fA-F]{2}|[xX][dD][c-fC-F][0-9a-fA-F]{2}|55(?:29[6-9]|[3-9]\d\d)|56\d{3}|57(?:[0-2]\d\d|3[0-3]\d|34[0-3]));"
)


def joined_bytes(data: bytes) -> bytes | None:
    """UTF-8 from CESU-8, where each half was written by itself; None where there is none."""
    if b"\xed" not in data or _BYTES.search(data) is None:
        return None
    return _BYTES.sub(lambda m: _joined(m.group().decode("utf-8", "surrogatepass")).encode(), data)


def joined_references(source: str) -> str:
    """Markup where two character references name the halves of a character, with the character; a half alone is none."""
    if "&#" not in source:
        return source
    return _HALF.sub("", _REFERENCES.sub(_whole, source))


def _whole(match: re.Match[str]) -> str:
    high, low = (int(group[1:], 16) if group[0] in "xX" else int(group) for group in match.groups())
    if not 0xD800 <= high < 0xDC00 <= low < 0xE000:
        return match.group()
    return _joined(chr(high) + chr(low))


def _joined(halves: str) -> str:
    return halves.encode("utf-16", "surrogatepass").decode("utf-16")
