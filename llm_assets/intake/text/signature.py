"""Where a mail's signature begins: closing formulas, `-- `, names, contact lines, disclaimers, "sent from my phone".

Works on the sender's own lines, after `quotes` has cut the history. Cuts only from the end.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from llm_assets.intake.words import ByLanguage, WordFile, load_words

MAX_LINES = 14
"""Non-empty lines a signature may have; a closing formula further up belongs to the text."""

MAX_LINE = 400
"""Characters of a line that may be read as a closing, a name or a contact; only disclaimers are longer."""

_DELIMITER = re.compile(r"\s*(?:--|—|–|__)\s*")
_RULE = re.compile(r"\s*(?:[_=*]{5,}|-{10,})\s*")


class _SignatureWords(WordFile):
    closings: ByLanguage
    devices: ByLanguage
    notices: ByLanguage
    about_itself: ByLanguage
    legal_words: ByLanguage
    contacts: ByLanguage
    postscripts: ByLanguage
    speaking: ByLanguage


_WORDS = load_words(Path(__file__).with_name("signature.yaml"), _SignatureWords)
_CLOSING = re.compile(
    rf"^\W{{0,3}}{_WORDS.closings.pattern()}"
    r"(?:[\s,.!;–—-]*$|\s*[,;.!–—-]\s*(?P<name>[^\W\d][\w.,'’ -]{0,60})$)",
    re.I,
)
_DEVICE = re.compile(rf"^\W{{0,3}}{_WORDS.devices.pattern()}", re.I)
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
_LIST_ITEM = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.)])\s")


def cut(lines: Sequence[str], *, sender: str) -> list[str]:
    """The lines without the signature and what follows it. `sender` is the name in the From header."""
    kept = _without_trailers(list(lines))
    end = _start(kept, sender)
    return kept if end is None else _without_trailers(kept[:end])


def _without_trailers(lines: list[str]) -> list[str]:
    """Drops device lines and disclaimers from the end, and blank lines before them."""
    while True:
        while lines and not any(c.isalnum() and c not in _TRACKERS for c in lines[-1]):
            lines.pop()
        if not lines:
            return lines
        if len(lines[-1]) <= 120 and _DEVICE.match(lines[-1]):
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


def _start(lines: list[str], sender: str) -> int | None:
    """The line where the signature begins, None when there is none."""
    full = [i for i, line in enumerate(lines) if line.strip()]
    tail = full[-MAX_LINES:]
    for number, i in enumerate(tail):
        if i == full[0]:
            continue
        rest = [lines[j] for j in tail[number + 1 :]]
        if _opens(lines, i, rest, sender):
            return i
    return None


def _opens(lines: Sequence[str], at: int, rest: list[str], sender: str) -> bool:
    line = lines[at]
    if len(line) > MAX_LINE:
        return False
    if _DELIMITER.fullmatch(line):
        return all(len(r) <= 200 for r in rest)
    if _RULE.fullmatch(line):
        return not lines[at - 1].strip() and all(_signature_like(r) for r in rest)
    if _closes(line, sender) or _is_name(line, sender):
        return all(_signature_like(r) for r in rest)
    return bool(_DEVICE.match(line)) and all(_signature_like(r) or _DEVICE.match(r) for r in rest)


def _closes(line: str, sender: str) -> bool:
    """A closing formula, alone or with a name behind it; "Thanks, and talk to you soon" is none."""
    match = _CLOSING.match(line)
    if match is None:
        return False
    name = match["name"]
    return (
        name is None or _is_name(name, sender) or all(w[0].isupper() for w in name.split() if w[0].isalpha())
    )


def _signature_like(line: str) -> bool:
    """Short, and not a sentence of the mail."""
    text = line.strip()
    if _NOTICE.match(text) or (_ABOUT_ITSELF.match(text) and _LEGAL.search(text[:MAX_LINE])):
        return True
    if len(text) > 120:
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


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.casefold())
