"""Where a mail's signature begins: closing formulas, `-- `, names, contact lines, disclaimers. Device lines: `devices`.

Works on the sender's own lines, after `quotes` has cut the history. Cuts only from the end. What a desk asks a customer
for is kept wherever it is written: an account, a contract, an address to deliver to.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from llm_assets.intake.text import devices
from llm_assets.intake.words import ByLanguage, WordFile, load_words

MAX_LINES = 14
"""Non-empty lines a signature may have; a closing formula further up belongs to the text."""

MAX_LINE = 400
"""Characters of a line that may be read as a closing, a name or a contact; only disclaimers are longer."""

MAX_SHORT = 120
"""Characters of a line of a signature."""

_DELIMITER = re.compile(r"\s*(?:--|—|–|__)\s*")
_RULE = re.compile(r"\s*(?:[_=*]{5,}|-{10,})\s*")


class _SignatureWords(WordFile):
    closings: ByLanguage
    notices: ByLanguage
    about_itself: ByLanguage
    legal_words: ByLanguage
    contacts: ByLanguage
    postscripts: ByLanguage
    speaking: ByLanguage
    details: ByLanguage
    purposes: ByLanguage
    announcements: ByLanguage
    own_places: ByLanguage
    greetings: ByLanguage


_WORDS = load_words(Path(__file__).with_name("signature.yaml"), _SignatureWords)
_CLOSING = re.compile(
    rf"^\W{{0,3}}{_WORDS.closings.pattern()}"
    r"(?:[\s,.!;–—-]*$|\s*[,;.!–—-]\s*(?P<name>[^\W\d][\w.,'’ -]{0,60})$)",
    re.I,
)
_NOTICE = re.compile(rf"\W{{0,5}}{_WORDS.notices.pattern()}", re.I)
_ABOUT_ITSELF = re.compile(rf"\W{{0,5}}{_WORDS.about_itself.pattern()}", re.I)
_LEGAL = re.compile(_WORDS.legal_words.pattern(), re.I)
_CONTACT = re.compile(
    rf"(?:\+?\d[\d ()./-]{{6,}}\d)|(?:^|\W){_WORDS.contacts.literal()}\b\.?\s?[:.]?"
    r"|https?://|www\.|[\w.+-]{1,60}@[\w.-]{1,60}|\b\d{5,6}\b",
    re.I,
)
_TRACKERS = "\u1427"
"""A letter that a tracking extension of Gmail leaves behind."""
_POSTSCRIPT = re.compile(_WORDS.postscripts.pattern(), re.I)
_SPEAKS = re.compile(rf"(?<!\w){_WORDS.speaking.literal()}(?!\w)", re.I)
_DETAIL = re.compile(rf"(?<![\w-]){_WORDS.details.pattern()}(?![^\W_])\D{{0,40}}\d", re.I)
_PURPOSE = re.compile(_WORDS.purposes.pattern(), re.I)
_ANNOUNCEMENT = re.compile(_WORDS.announcements.pattern(), re.I)
_NUMBERS = re.compile(
    r"(?<![\w+])\d{12}(?!\w)|(?<!\w)(?:\d{4}[ -]){3}\d{4}(?!\w)|(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}|№\s?\d{3}|^#\s?\d{3,9}\W*$"
    r"|(?<!\w)\d{3} ?[A-ZА-Я]{2,3} ?\d{2}(?!\w)|(?<!\w)[A-Z]\d{3}[A-Z]{3}(?!\w)|(?<!\w)\d{14,20}(?!\w)|(?<!\d)\d\d[./-]\d\d[./-](?:19[3-9]|200)\d(?!\d)"
)
"""An IIN, a card, an IBAN, a numbered paper, a number plate, a birth date."""
_OWN_PLACE = re.compile(rf"\W{{0,3}}{_WORDS.own_places.pattern()}(?!\w)", re.I)
_GREETING = re.compile(rf"\W{{0,3}}{_WORDS.greetings.pattern()}\W{{0,3}}$", re.I)
_LIST_ITEM = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.)])\s")


class Signed(NamedTuple):
    kept: list[str]
    in_doubt: bool
    """Lines were kept that would be a signature if they did not give what a desk asks for, or are not set off as one."""
    doubtful: int | None = None
    """The first of them."""


def form_of(line: str, sender: str) -> str:
    """What a signature that begins with the line begins with."""
    if _DELIMITER.fullmatch(line) or _RULE.fullmatch(line):
        return "delimiter"
    if devices.is_device_line(line):
        return "device line"
    if _closes(line, sender):
        return "closing formula"
    return "sender's name" if _is_name(line, sender) else "disclaimer"


def cut(lines: Sequence[str], *, sender: str) -> Signed:
    """The lines without the signature and what follows it. `sender` is the name in the From header."""
    kept = _without_trailers(list(lines))
    end, doubtful = _start(kept, sender)
    return Signed(kept if end is None else _without_trailers(kept[:end]), doubtful is not None, doubtful)


def _without_trailers(lines: list[str]) -> list[str]:
    """Drops device lines and disclaimers from the end, and blank lines before them."""
    while True:
        while lines and not any(c.isalnum() and c not in _TRACKERS for c in lines[-1]):
            lines.pop()
        if not lines:
            return lines
        if devices.is_device_line(lines[-1]):
            lines.pop()
            continue
        start = _last_paragraph(lines)
        if start > 0 and _is_disclaimer(lines[start:]):
            del lines[start:]
            continue
        return lines


def _last_paragraph(lines: list[str]) -> int:
    start = len(lines) - 1
    while start > 0 and lines[start - 1].strip():
        start -= 1
    return start


def _is_disclaimer(paragraph: Sequence[str]) -> bool:
    """A notice by its title, or a paragraph about the mail itself in the words of a lawyer."""
    if _NOTICE.match(paragraph[0]):
        return True
    joined = " ".join(line[:MAX_LINE] for line in paragraph[:MAX_LINES])
    return _ABOUT_ITSELF.match(joined) is not None and _LEGAL.search(joined) is not None


class _Begins(NamedTuple):
    line: int | None
    """Where the signature begins, None when there is none."""
    doubtful: int | None
    """The first line above it where one might begin."""


def _start(lines: list[str], sender: str) -> _Begins:
    full = [i for i, line in enumerate(lines) if line.strip()]
    tail = full[-MAX_LINES:]
    doubtful: int | None = None
    for number, i in enumerate(tail):
        if i == full[0]:
            continue
        rest = [lines[j] for j in tail[number + 1 :]]
        opens = _opens(lines, i, rest, sender)
        if opens == "opens" and not (_is_asked_for(lines, full, i, sender)):
            return _Begins(i, doubtful)
        if doubtful is None and opens != "text":
            doubtful = i
    return _Begins(None, doubtful)


_Opens = Literal["opens", "doubtful", "text"]


def _opens(lines: Sequence[str], at: int, rest: list[str], sender: str) -> _Opens:
    """Whether a signature begins at the line; `doubtful` where only the form of it does."""
    line = lines[at]
    if len(line) > MAX_LINE:
        return "text"
    if _DELIMITER.fullmatch(line):
        return _below_delimiter(lines, at, rest, sender)
    rule, closes = _RULE.fullmatch(line) is not None, _closes(line, sender)
    if (
        lines[at - 1].strip()
        if rule
        else not (closes or _is_name(line, sender) or devices.is_device_line(line))
    ):
        return "text"
    if not all(map(_signature_like, rest)):
        return "text"
    if rule:
        set_off = any(_identifies(r, sender) for r in rest)
    else:
        set_off = not closes or not rest or _may_sign(rest[0], sender)
    return "opens" if set_off and not any(_gives_detail(r.strip()) for r in (line, *rest)) else "doubtful"


def _below_delimiter(lines: Sequence[str], at: int, rest: list[str], sender: str) -> _Opens:
    """`-- ` with the signature right below it is the convention. A dash between two sections of a letter is none."""
    read = [_read(r) for r in rest]
    asked = any(_gives_detail(r.strip()) or _LIST_ITEM.match(r) for r in rest)
    directly = at + 1 < len(lines) and bool(lines[at + 1].strip())
    signed = directly and (lines[at] == "-- " or _may_sign(rest[0], sender))
    if not rest or asked or any(len(r) > 200 for r in rest):
        return "opens" if not rest else "doubtful"
    if signed and not any(r.rstrip().endswith("?") for r in rest):
        return "opens"
    return "opens" if "text" not in read and any(_identifies(r, sender) for r in rest) else "doubtful"


def _is_asked_for(lines: Sequence[str], full: Sequence[int], at: int, sender: str) -> bool:
    """What the mail was written for: a name and numbers below "here are my data", or below a greeting and nothing else."""
    above = [lines[i] for i in full if i < at]
    if any(len(line) <= MAX_LINE and _ANNOUNCEMENT.search(line) for line in above[-2:]):
        return any(_CONTACT.search(lines[i]) or any(map(str.isdigit, lines[i])) for i in full if i >= at)
    if not _is_name(lines[at], sender):
        return False
    return above[-1].rstrip().endswith(":") or (
        at != full[-1] and all(len(line) <= 60 and _GREETING.match(line) is not None for line in above)
    )


def _identifies(line: str, sender: str) -> bool:
    """Names somebody: the sender, several words in capitals as names and posts have, a contact, a closing formula."""
    if _is_name(line, sender) or _CONTACT.search(line) or _closes(line, sender) or _NOTICE.match(line):
        return True
    words = re.findall(r"[^\W\d_]{2,}", line)
    return 2 <= len(words) <= 8 and sum(word[0].isupper() for word in words) * 2 > len(words)


def _may_sign(line: str, sender: str) -> bool:
    return len(line.split()) <= 3 or _identifies(line, sender)


def _closes(line: str, sender: str) -> bool:
    """A closing formula, alone or with a name behind it; "Thanks, and talk to you soon" is none."""
    match = _CLOSING.match(line)
    if match is None:
        return False
    name = match["name"]
    return (
        name is None or _is_name(name, sender) or all(w[0].isupper() for w in name.split() if w[0].isalpha())
    )


def _read(line: str) -> Literal["signature", "detail", "text"]:
    """What a line below a closing formula is."""
    if not _signature_like(line):
        return "text"
    return "detail" if _gives_detail(line.strip()) else "signature"


def _gives_detail(line: str) -> bool:
    if len(line) > MAX_SHORT:
        return False
    if _OWN_PLACE.match(line):
        return True
    given = _DETAIL.search(line) or _NUMBERS.search(line) or _PURPOSE.search(line)
    return given is not None


def _signature_like(line: str) -> bool:
    """Short, and not a sentence of the mail."""
    text = line.strip()
    if _NOTICE.match(text) or (_ABOUT_ITSELF.match(text) and _LEGAL.search(text[:MAX_LINE])):
        return True
    if devices.is_device_line(text):
        return True
    if len(text) > MAX_SHORT:
        return False
    if _DELIMITER.fullmatch(text) or _RULE.fullmatch(text) or _closes(text, ""):
        return True
    contact = _CONTACT.search(text) is not None
    words = len(text.split())
    if (_LIST_ITEM.match(text) and not contact) or text.endswith("?") or _POSTSCRIPT.match(text):
        return False
    if words >= 3 and _SPEAKS.search(text):
        return False
    if text.endswith((".", "!")) and words >= 4 and not contact:
        return False
    return words <= 9 or contact


def _is_name(line: str, sender: str) -> bool:
    """The sender's name, first name or initials alone on a line."""
    if len(line) > 60:
        return False
    words, names = _words(line), _words(sender)
    if not words or not names or len(words) > 5:
        return False
    full = {w for w in words if len(w) > 1}
    if full and full <= set(names):
        return True
    initials = "".join(n[0] for n in names)
    return len(words) == 1 and len(initials) >= 2 and words[0] in (initials, initials[::-1])


@lru_cache(maxsize=100)
def _words(text: str) -> list[str]:
    """Kept because the sender's name is compared with every line."""
    return re.findall(r"[^\W\d_]+", text.casefold())
