"""Bytes to text when the declared charset may be missing, unknown or wrong.

Knows the charsets that mail in English, Russian and Kazakh really comes in, asks chardet which of them it is and
judges every candidate by the letters it gives; all other charsets are left to chardet. No MIME and no headers here.
"""

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

from llm_assets.intake.bytes import surrogates

MAX_JUDGED = 6_000
"""Bytes a guess looks at; more of the same text changes nothing."""


class Decoded(NamedTuple):
    text: str
    charset: str
    guessed: bool
    """True when the declared charset was missing, unknown or did not fit the bytes."""


_ALIASES = {
    "ansi_x3.4-1968": "ascii", "ansi-x3.4-1968": "ascii", "us-ascii": "ascii", "x-user-defined": "",
    "unknown-8bit": "", "x-unknown": "", "cp-1251": "cp1251", "win-1251": "cp1251", "x-cp1251": "cp1251",
    "windows-874": "cp874", "x-mac-cyrillic": "mac_cyrillic", "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8", "iso-8859-6-i": "iso8859-6", "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949",
    "euc-kr": "cp949", "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "shift_jis": "cp932",
    "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "iso-8859-1": "cp1252", "latin-1": "cp1252",
    "latin1": "cp1252", "iso-8859-9": "cp1254", "windows-949": "cp949", "x-windows-949": "cp949",
    "macintosh-cyrillic": "mac_cyrillic", "strk1048-2002": "kz1048", "rk1048": "kz1048", "unicode-1-1-utf-7": "utf-7",
    "utf8": "utf-8", "utf-8-sig": "utf-8",
}  # fmt: skip
_NO_CHARSETS = frozenset({"punycode", "idna", "undefined", "unicode-escape", "raw-unicode-escape"})
"""Python's codecs for other purposes; some raise even when damaged bytes are to be replaced."""
_CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic", "kz1048")
_DOUBTED = frozenset({*_CYRILLIC, "cp1252", "iso8859-15", "koi8-u"})
_OF_OTHERS = frozenset({"cp1250", "cp1254", "iso8859-2"})
"""Of languages in Latin letters, and the default of some programs: doubted where the bytes are words in Cyrillic only."""
_UNLIKE_UTF8 = ("gb18030", "cp932", "cp949", "big5", "euc", "utf-16", "shift", "johab")
_SURE_UTF8 = 8
"""Characters beyond ASCII from which bytes that are valid UTF-8 are no other charset of several bytes a character."""
"""What programs write without knowing. Any rarer charset was meant by somebody and is believed when it fits."""
_ASKED = ("cp1251", "kz1048", "ptcp154", "koi8-r", "koi8-u", "cp866", "iso8859-5", "cp1252")
_MAC_FROM = 100
"""Bytes from which chardet may answer mac-cyrillic too: with it, 1 in 60 shorter headers in cp1251 are misread."""
_CAPITALS = {"cp1251": ("cp1251", "kz1048", "ptcp154"), "koi8-r": ("koi8-r", "koi8-u")}
"""The capitals of each are the small letters of the other; with it the charsets that put letters in the same places."""
_CASE_SHARED = frozenset(name for family in _CAPITALS.values() for name in family)
_LIKELY_BONUS, _HINT_BONUS, _CAPITALS_MALUS, _CAPITALS_SHARE = 0.5, 0.2, 0.2, 0.9
"""Chosen on 500 runs each of 1, 2, 4 and 40 Russian and Kazakh words, in small letters and in capitals."""
_MULTI_BYTE = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
_LEAST_CONFIDENCE = 0.02
"""Of short texts in twelve foreign charsets chardet named none with less; of damaged Shift-JIS it was 0.001 sure."""
_SINGLE_BYTE = ("cp125", "iso8859", "koi8", "kz1048", "cp866", "mac", "ascii", "latin")
_LETTERS = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
_RANK = {letter: 2.0 - 2.6 * i / len(_LETTERS) for i, letter in enumerate(_LETTERS)}
_RANK |= dict.fromkeys("әғқңөұүһі", 0.6)
_RANK |= dict.fromkeys("їєґў", -0.8)
_WORD = re.compile(r"[^\W\d_]+")
_TWO_ALPHABETS = re.compile("[A-Za-z][\u0400-\u052f]|[\u0400-\u052f][A-Za-z]")
_ODD = re.compile("[\u00c0-\u024f]|" + _TWO_ALPHABETS.pattern)
_MIXED_CASE = re.compile(r"[а-яёәғқңөұүһі][А-ЯЁӘҒҚҢӨҰҮҺІ]")
_DOUBLE_CP1251 = re.compile("(?:[РСТУ][\u00a0-\u00bf\u0402-\u040f\u0451-\u045f\u0490\u0491\u2010-\u2122]){2}")
_DOUBLE_LATIN = re.compile("(?:[\u00c2-\u00df][\u0080-\u00bf\u0152-\u02dc\u2010-\u2122]){2}|\u00e2\u20ac")
_KAZAKH_BYTES = (b"\x9d", b"\xbc", b"\xbe")
_CP1252 = {code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0)}
_C1 = {code: char if char != "\ufffd" else chr(code) for code, char in _CP1252.items()}


@lru_cache(maxsize=1_000)
def known(name: str | None) -> str:
    """Python's name of a charset, or empty when it is unknown."""
    if not name:
        return ""
    cleaned = name.strip().strip("\"'").lower().replace(" ", "-")
    cleaned = _ALIASES.get(cleaned, cleaned)
    try:
        info = codecs.lookup(cleaned) if cleaned else None
    except (LookupError, ValueError, UnicodeError):
        return ""
    if info is None or not info._is_text_encoding or info.name in _NO_CHARSETS:
        return ""
    return info.name


def decode(data: bytes, declared: str | None, *, hint: str | None = None) -> Decoded:
    """Text of the bytes, never with decoding damage that another charset would have avoided.

    `hint` is a charset seen elsewhere in the same mail; it is tried before guessing.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    for bom, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(bom):
            return Decoded(data[2:].decode(name, "replace"), name, False)
    charset = known(declared)
    if b"\x00" in data and not charset.startswith(("utf-16", "utf-32")):
        wide = _wide(data)
        if wide is not None:
            return wide
    if data.isascii() and not charset.startswith(("utf-7", "iso2022", "hz", "utf-16", "utf-32")):
        return _ascii(data, declared)
    if charset and charset != "ascii":
        fitting = _as_declared(data, charset)
        if fitting is not None:
            return fitting
    return _guess(data, known(hint), declared=charset)


def _ascii(data: bytes, declared: str | None) -> Decoded:
    text = data.decode("ascii")
    if "\x1b$" in text or "\x1b(" in text:
        name = "iso2022_kr" if "\x1b$)C" in text else "iso2022_jp_ext"
        try:
            return Decoded(data.decode(name), name, not declared)
        except UnicodeDecodeError:
            pass
    return Decoded(text, "ascii", False)


def _as_declared(data: bytes, charset: str) -> Decoded | None:
    """The declared reading, or None when it does not fit."""
    if charset.startswith(_SINGLE_BYTE):
        if _is_utf8(data):
            return Decoded(_mend(data.decode("utf-8")), "utf-8", True)
        text = _strict(data, charset)
        if text is None:
            return None
        doubted = charset in _DOUBTED or charset in _OF_OTHERS
        better = _better_single_byte(data, charset, text) if doubted else None
        return Decoded(text.translate(_C1), charset, False) if better is None else better
    if charset.startswith(_UNLIKE_UTF8):
        other = _wide(data) if charset == "utf-16" else None
        if other is None and _is_utf8(data):
            read = data.decode("utf-8")
            other = Decoded(read, "utf-8", True) if sum(c > "\x7f" for c in read) >= _SURE_UTF8 else None
        if other is not None:
            return other
    text = _strict(data, charset)
    if text is not None:
        mended = _mend(text)
        return Decoded(mended, charset, mended != text)
    if charset == "utf-8":
        return _paired(data) or _by_lines(data, "") or _damaged_utf8(data)
    loose = data.decode(charset, "replace")
    if loose.count("\ufffd") <= max(2, len(loose) // 50):
        return Decoded(loose, charset, True)
    return None


def _strict(data: bytes, charset: str) -> str | None:
    try:
        return data.decode(charset)
    except (UnicodeDecodeError, ValueError):
        if charset == "cp1252":
            return data.decode("latin-1").translate(_C1)
        return None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not data.isascii()


def _paired(data: bytes) -> Decoded | None:
    whole = surrogates.joined_bytes(data)
    text = _strict(whole, "utf-8") if whole is not None else None
    return Decoded(text, "utf-8", True) if text is not None else None


def _by_lines(data: bytes, hint: str) -> Decoded | None:
    """UTF-8 with lines of another charset, which a list or gateway added; None where the lines do not differ so."""
    lines = data.split(b"\n")
    whole = {number for number, line in enumerate(lines) if _is_utf8(line)}
    odd = [n for n, line in enumerate(lines) if n not in whole and not line.isascii()]
    surely = any(
        len(lines[n].decode("utf-8").encode("ascii", "ignore")) + _SURE_UTF8 <= len(lines[n].decode("utf-8"))
        for n in whole
    )
    if not surely or not odd:
        return None
    rest = b"\n".join(lines[n] for n in odd)
    if _damaged_utf8(rest) is not None:
        return None
    read = dict(zip(odd, _guess(rest, hint, declared="").text.split("\n"), strict=False))
    return Decoded(
        "\n".join(read.get(n) or line.decode("utf-8", "replace") for n, line in enumerate(lines)),
        "utf-8",
        True,
    )


def _damaged_utf8(data: bytes) -> Decoded | None:
    """UTF-8 cut or damaged in a few places; None when it is another charset."""
    text = data.decode("utf-8", "replace")
    good = sum(1 for c in text if ord(c) > 127 and c != "\ufffd")
    if good > 3 * text.count("\ufffd"):
        return Decoded(text.replace("\ufffd", ""), "utf-8", True)
    return None


def _wide(data: bytes) -> Decoded | None:
    """UTF-16 without a byte order mark: every second byte of most text is the same small number."""
    even, odd = data[0::2], data[1::2]
    pages = [sum(side.count(bytes([page])) for page in (0, 4)) / max(1, len(side)) for side in (even, odd)]
    if max(pages) < 0.6 or min(pages) > 0.4:
        return None
    name = "utf-16-be" if pages[0] > pages[1] else "utf-16-le"
    whole = data[: len(data) // 2 * 2]
    text = whole.decode(name, "replace")
    return Decoded(text.replace("\ufffd", ""), name, True)


def _better_single_byte(data: bytes, charset: str, text: str) -> Decoded | None:
    """Another single-byte reading that is clearly more like text than the declared one."""
    sample = data[:MAX_JUDGED]
    if charset == "cp1251" and _has_kazakh_bytes(sample):
        return Decoded(data.decode("kz1048", "replace"), "kz1048", True)
    high = sum(1 for b in sample if b >= 0x80)
    declared_score = score(text[:MAX_JUDGED])
    best = max(_CYRILLIC, key=lambda c: score(sample.decode(c, "replace")))
    best_score = score(sample.decode(best, "replace"))
    margin = 0.35 if high >= 6 else 0.8
    if best == charset or best_score < declared_score + margin or high < 3:
        return None
    found = data.decode(best, "replace")
    if charset in _OF_OTHERS and _TWO_ALPHABETS.search(found[:MAX_JUDGED]) is not None:
        return None
    return Decoded(found, best, True)


def _has_kazakh_bytes(data: bytes) -> bool:
    """Bytes that are ә, қ and ң in KZ-1048 and Macedonian letters in cp1251, amid Cyrillic that reads as words."""
    found = sum(data.count(byte) for byte in _KAZAKH_BYTES)
    high = sum(1 for b in data if b >= 0x80)
    return found * 100 >= high and found > 0 and score(data.decode("kz1048", "replace")) > 0.3


def score(text: str) -> float:
    """How much the non-ASCII letters look like Russian, Kazakh or accented Latin: about 1 for real text, below 0 for
    the wrong charset."""
    letters = [c for c in text if ord(c) >= 0x80]
    if not letters:
        return 0.0
    total = 0.0
    for char in letters:
        lower = char.lower()
        if lower in _RANK:
            total += _RANK[lower] - (0.35 if char != lower else 0.0)
        elif char == "\ufffd" or 0x80 <= ord(char) < 0xA0:
            total -= 4.0
        elif char in "«»—–“”„’‘№…•§°©® \u2026":
            total += 0.3
        elif "\u00c0" <= char <= "\u024f":
            total += 0.2
        else:
            total -= 1.5
    total -= 3.0 * len(_MIXED_CASE.findall(text))
    if _ODD.search(text) is not None:
        total -= sum(map(_strangeness, _WORD.findall(text)))
    return total / len(letters)


def _strangeness(word: str) -> float:
    """Words made mostly of accented letters, or of two alphabets at once, come from a wrong charset."""
    accented = sum("\u00c0" <= c <= "\u024f" for c in word)
    if accented and accented * 2 > len(word) and len(word) > 2:
        return 1.0 * accented
    cyrillic = sum("\u0400" <= c <= "\u052f" for c in word)
    return 1.0 * min(cyrillic, len(word) - cyrillic) if 0 < cyrillic < len(word) else 0.0


def _guess(data: bytes, hint: str, *, declared: str) -> Decoded:
    if _is_utf8(data):
        return Decoded(_mend(data.decode("utf-8")), "utf-8", declared != "utf-8")
    damaged = _paired(data) or _by_lines(data, hint) or _damaged_utf8(data)
    if damaged is not None:
        return damaged
    sample = data[:MAX_JUDGED]
    likely = _likely(sample, hint)
    hinted = [hint] if hint not in ("", "ascii", "utf-8") else []
    candidates = dict.fromkeys([*hinted, *_CYRILLIC, "cp1252", *sorted(likely)])
    if "kz1048" not in {*likely, hint}:
        candidates.pop("kz1048", None)
    best = max(
        candidates,
        key=lambda c: _worth(sample, c, likely=c in likely) + _HINT_BONUS * (c == hint),
    )
    high = sum(1 for b in sample if b >= 0x80)
    if high > 8 and score(sample.decode(best, "replace")) < 0.0:
        other = _any_charset(sample)
        if other:
            return Decoded(data.decode(other, "replace").replace("\ufffd", ""), other, True)
    text = data.decode(best, "replace") if best != "cp1252" else _strict(data, "cp1252") or ""
    return Decoded(text, best, True)


def _likely(sample: bytes, hint: str) -> set[str]:
    """What chardet takes the bytes for. It reads capitals badly, so a text in capitals is shown in small letters."""
    mac = len(sample) >= _MAC_FROM or hint == "mac-cyrillic"
    asked = (*_ASKED, "mac-cyrillic") if mac else _ASKED
    answers = [_chardet(sample, asked)]
    for charset, family in _CAPITALS.items():
        text = sample.decode(charset, "replace")
        if text.isupper():
            name, confidence = _chardet(text.lower().encode(charset, "replace"), asked)
            if name in family:
                answers.append(_Answer(name, _CAPITALS_SHARE * confidence))
    likely = {max(answers, key=lambda answer: answer.confidence).charset} - {""}
    if "ptcp154" not in likely and _has_kazakh_bytes(sample):
        likely.add("kz1048")
    return likely


def _worth(sample: bytes, charset: str, *, likely: bool) -> float:
    """The score of a reading, more when chardet names it, but not for words of two alphabets: "cafй" is French.

    A reading in capitals competes with one in small letters, and is a little less likely.
    """
    text = sample.decode(charset, "replace")
    believed = likely and not (_TWO_ALPHABETS.search(text) or _MIXED_CASE.search(text))
    bonus = _LIKELY_BONUS if believed else 0.0
    if charset in _CASE_SHARED and text.isupper():
        return score(text.lower()) - _CAPITALS_MALUS + bonus
    return score(text) + bonus


class _Answer(NamedTuple):
    charset: str
    """Empty for bytes that are no text."""
    confidence: float


def _chardet(sample: bytes, asked: tuple[str, ...] | None) -> _Answer:
    """Its answer among the charsets asked for, or among all that mail comes in."""
    from chardet import EncodingEra, detect

    eras = EncodingEra.MODERN_WEB | EncodingEra.LEGACY_ISO if asked is None else EncodingEra.ALL
    found = detect(sample, encoding_era=eras, compat_names=False, include_encodings=asked)
    return _Answer(known(found["encoding"]), found["confidence"])


def _any_charset(sample: bytes) -> str:
    """What chardet takes the bytes for among all charsets of mail; empty when it does not know either.

    One damaged character hides a charset of several bytes a character, so the bytes that do not fit are left out.
    """
    found = _chardet(sample, None)
    if found.confidence >= _LEAST_CONFIDENCE:
        return found.charset
    for charset in _MULTI_BYTE:
        found = _chardet(sample.decode(charset, "ignore").encode(charset), None)
        if found.charset == charset and found.confidence >= _LEAST_CONFIDENCE:
            return charset
    return ""


def _mend(text: str) -> str:
    """UTF-8 that was once read as cp1251 or cp1252 and saved again, brought back line by line."""
    for pattern, charset in ((_DOUBLE_CP1251, "cp1251"), (_DOUBLE_LATIN, "cp1252")):
        if pattern.search(text):
            text = "\n".join(_mend_line(line, charset) for line in text.split("\n"))
    return text


def _mend_line(line: str, charset: str) -> str:
    if line.isascii():
        return line
    back = bytearray()
    for char in line:
        try:
            back += char.encode(charset)
        except UnicodeEncodeError:
            if ord(char) > 0xFF:
                return line
            back.append(ord(char))
    try:
        mended = back.decode("utf-8")
    except UnicodeDecodeError:
        return line
    return mended if score(mended) > score(line) else line
