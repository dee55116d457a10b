"""Addresses on the net: e-mail in every spelling, and the names that people have in chats and networks."""

import re
from collections.abc import Iterator
from pathlib import Path

from llm_assets.intake.pii.span import Kind, Span
from llm_assets.intake.words import ByLanguage, WordFile, load_words


class _OnlineWords(WordFile):
    at_signs: ByLanguage
    at_signs_in_brackets: ByLanguage
    dots: ByLanguage
    networks: ByLanguage


_WORDS = load_words(Path(__file__).with_name("online.yaml"), _OnlineWords)
_DOMAIN = re.compile(r"@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_LOCAL_PART = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-'"
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәіңғүұқөһАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯӘІҢҒҮҰҚӨҺ"
)
LONGEST_ZONE = 4
"""Letters of an address's last part where a space is before the @: a longer one is a surname in somebody's handle."""
LOCAL_PART_LIMIT = 64
"""Octets before the @, RFC 5321 section 4.5.3.1.1."""

_AT, _DOT = _WORDS.at_signs.literal(), _WORDS.dots.literal()
_IN_BRACKETS = rf"[(\[{{<] ?(?:@|{_AT}|{_WORDS.at_signs_in_brackets.literal()}) ?[)\]}}>]"
_ANY_DOT = rf"(?: ?[(\[{{] ?(?:\.|{_DOT}) ?[)\]}}] ?|\.| {_DOT} )"
_NAME, _ZONE = r"[\w-]{1,63}", r"[A-Za-zа-я][\w-]{1,23}"
_SPELLED = (
    re.compile(rf" ?{_IN_BRACKETS} ?{_NAME}(?:{_ANY_DOT}{_ZONE}){{1,3}}", re.I),
    re.compile(rf" (?:@|{_AT}) {_NAME}(?:(?: {_DOT} |[(\[] ?{_DOT} ?[)\]]){_ZONE}){{1,3}}", re.I),
    re.compile(rf" (?:AT|ат|(?i:{_WORDS.at_signs.literal('ru')})) ?{_NAME}(?:\.{_ZONE}){{1,3}}"),
    re.compile(rf"(?: @ |@ ){_NAME}(?:\.{_ZONE}){{1,3}}"),
    re.compile(rf"@{_NAME}(?:(?: {_DOT} | ?[(\[] ?{_DOT} ?[)\]] ?){_ZONE}){{1,3}}", re.I),
)
_LOCAL = re.compile(r"[\w.%+'-]{2,64}$")
_LOCAL_DOTS = re.compile(rf"(?:[\w-]{{1,40}}(?: {_DOT} |[(\[] ?{_DOT} ?[)\]])){{1,3}}[\w-]{{1,40}}$", re.I)
_SITES = re.compile(
    r"(?:t\.me|telegram\.me|telegram\.org|wa\.me|instagram\.com|facebook\.com|fb\.com|vk\.com|ok\.ru|tiktok\.com|twitter\.com|x\.com"
    r"|linkedin\.com/in|threads\.net)/@?(?P<value>[\w.+-]{3,60})",
    re.I,
)
_AT_NAME = re.compile(r"(?<![\w@./+-])@(?=\w{0,30}[A-Za-z])[\w](?:[\w.]{1,30}\w)(?![\w@])", re.ASCII)
_NETWORK = re.compile(
    rf"(?<![^\W_]){_WORDS.networks.literal()}[а-я]{{0,3}}\s?(?:[:—–-]|ник|логин|name)\s?@?(?P<value>(?=[\w.]*[a-z_])[A-Za-z][\w.]{{2,30}}\w)(?![\w@/-])",
    re.I,
)
_MARKS_OF_AT = ("@", "(", "[", "{", "<", *(f" {word}" for word in _WORDS.at_signs.of()))


def emails(text: str, lowered: str) -> Iterator[Span]:
    """Addresses as they are typed, and with words or brackets in place of their signs."""
    for domain in _DOMAIN.finditer(text):
        before = text[max(0, domain.start() - LOCAL_PART_LIMIT) : domain.start()]
        apart = before.endswith(" ") and len(domain.group().rpartition(".")[2]) <= LONGEST_ZONE
        local = len(before) - len((before.rstrip(" ") if apart else before).rstrip(_LOCAL_PART))
        if local > apart:
            yield Span(domain.start() - local, domain.end(), Kind.EMAIL)
    if not any(mark in lowered for mark in _MARKS_OF_AT):
        return
    for pattern in _SPELLED:
        for domain in pattern.finditer(text):
            start = max(0, domain.start() - LOCAL_PART_LIMIT)
            before = text[start : domain.start()].rstrip(" ")
            name = _LOCAL_DOTS.search(before) or _LOCAL.search(before)
            if name is not None and any(c.isalpha() for c in name.group()):
                yield Span(start + name.start(), domain.end(), Kind.EMAIL)


def handles(text: str, lowered: str) -> Iterator[Span]:
    """Names in chats and networks: `@name`, the end of a link, or behind the word for the network."""
    if "@" in text:
        for found in _AT_NAME.finditer(text):
            yield Span(found.start(), found.end(), Kind.HANDLE)
    if "/" in text:
        for found in _SITES.finditer(text):
            yield Span(found.start("value"), found.end("value"), Kind.HANDLE)
    if any(network in lowered for network in _WORDS.networks.of()):
        for found in _NETWORK.finditer(text):
            yield Span(found.start("value"), found.end("value"), Kind.HANDLE)
