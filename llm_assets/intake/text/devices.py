"""The line that a telephone or a mail program adds under a mail: "Sent from my iPhone", "Get Outlook for Android".

A line counts only where it names a device or a program, so that "Sent by DHL on 5 May" stays.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from llm_assets.intake.words import ByLanguage, WordFile, load_words

MAX_LINE = 200
"""Characters of such a line, its links included."""
MAX_WORDS = 14
_LINKS = 4
"""Words that are links, at most."""


class _DeviceWords(WordFile):
    openings: ByLanguage
    things: ByLanguage
    closings: ByLanguage
    alone: ByLanguage
    advertises: ByLanguage
    telling: ByLanguage
    excuses: ByLanguage


_WORDS = load_words(Path(__file__).with_name("devices.yaml"), _DeviceWords)
_OPENING = re.compile(rf"\W{{0,3}}{_WORDS.openings.pattern()}(?!\w)", re.I)
_THING = re.compile(rf"(?<!\w){_WORDS.things.pattern()}(?![^\W_])", re.I)
_CLOSING = re.compile(rf"(?<!\w){_WORDS.closings.pattern()}\W*$", re.I)
_ALONE = re.compile(rf"\W{{0,3}}{_WORDS.alone.pattern()}", re.I)
_ADVERTISES = re.compile(rf"(?<!\w){_WORDS.advertises.pattern()}(?!\w)", re.I)
_TELLING = re.compile(rf"(?<!\w){_WORDS.telling.literal()}(?!\w)", re.I)
_LINK = re.compile(r"[<(]\s*https?://[^\s<>()]{1,150}\s*[>)]|https?://\S{1,150}", re.I)
_ADVERT_LINK = re.compile(r"https?://aka\.ms/", re.I)
_EXCUSE = re.compile(rf"[\s,.;–—-]*{_WORDS.excuses.pattern()}.*$", re.I)
_PLATFORM = re.compile(r"(?<!\w)(?:android|ios|iphone|ipad|mac|windows)(?!\w)", re.I)
_DATED = re.compile(
    r"\d[./]\d|\d{5}|\d{2,3}[ \u00a0]\d{3}|(?<!\d)\d{1,2}\s+(?!smart|phone|mobile|device|tablet|app)[^\W\d_A-ZА-Я]{3}"
)
"""A date, an amount or a number, which are in no such line. `Windows 10` and `BlackBerry 10 smartphone` are none."""
_TAIL_WORDS = 5
"""Words that may follow the device, as in `iPhone, an AT&T 5G smartphone`."""


def is_device_line(line: str) -> bool:
    if len(line) > MAX_LINE or not line.strip():
        return False
    if len(line.split()) > MAX_WORDS + _LINKS:
        return False
    if _ALONE.match(line):
        return True
    plain = _LINK.sub(" ", line) if "http" in line.lower() else line
    plain = plain.replace("[", " ").replace("]", " ").strip()
    if not plain or len(plain.split()) > MAX_WORDS or plain.endswith("?"):
        return False
    if "outlook" in plain.lower() and _is_advert(line, plain):
        return True
    opening = _OPENING.match(plain)
    if opening is None:
        return _CLOSING.search(plain) is not None and _names_device(plain)
    return _names_device(plain[opening.end() :])


def wrote_all(lines: Sequence[str]) -> bool:
    """Whether there is text and each line of it is of a device."""
    said = [line for line in lines if any(c.isalnum() for c in line)]
    return bool(said) and all(is_device_line(line) for line in said)


def _names_device(text: str) -> bool:
    text = _EXCUSE.sub("", text)
    if _TELLING.search(text) or _DATED.search(text):
        return False
    things = list(_THING.finditer(text))
    return bool(things) and len(text[things[-1].end() :].split()) <= _TAIL_WORDS


def _is_advert(line: str, plain: str) -> bool:
    """`Get Outlook for Android` in the words of any language: it begins with the verb, with Outlook or the platform."""
    told = _TELLING.search(plain) is not None or _DATED.search(plain) is not None
    if told or _PLATFORM.search(plain) is None or len(plain.split()) > 8:
        return False
    if _ADVERT_LINK.search(line):
        return True
    first = plain.split()[0].lower()
    begins = _ADVERTISES.match(plain) or first.startswith("outlook") or _PLATFORM.match(first)
    return bool(begins) and _ADVERTISES.search(plain) is not None
