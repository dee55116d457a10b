"""The defects of a draft, found by rules: no model judges its own work here."""

import re
from collections.abc import Sequence

from llm_assets.domain.desk.queue import Language

_KAZAKH = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC = re.compile(r"[а-яёәғқңөұүһі]", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)
_BROKEN = re.compile(
    r"\{\{|\}\}|\[[^\W\d_][^\[\]\n]{2,40}\]|<[a-z_/]+>|\$\{|\\n|lorem ipsum|\ufffd", re.IGNORECASE
)
_NUMBER = re.compile(r"\d+(?:[ \u00a0.,:/-]\d+)*")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_NAME = re.compile(r"(?<![.!?:\n«\"(]\s)(?<!^)(?<=\s)[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ][\w-]{2,}", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]{4,}")
_DIGITS = re.compile(r"\d+")
_ORDINAL = re.compile(r"^\s*\d{1,2}[.)]\s+", re.MULTILINE)
_POLITE = re.compile(r"вас|вам|вами|ваш\w*|сіз\w*")
"""Pronouns that are written with a capital letter out of politeness, also inside a sentence."""
_MONTHS = (
    ("january", "январ", "қаңтар"),
    ("february", "феврал", "ақпан"),
    ("march", "март", "наурыз"),
    ("april", "апрел", "сәуір"),
    ("may", "мая", "мамыр"),
    ("june", "июн", "маусым"),
    ("july", "июл", "шілде"),
    ("august", "август", "тамыз"),
    ("september", "сентябр", "қыркүйек"),
    ("october", "октябр", "қазан"),
    ("november", "ноябр", "қараша"),
    ("december", "декабр", "желтоқсан"),
)
_STEM = 5
MINIMUM_LETTERS = 20


def defects_of(body: str, *, language: Language, sources: Sequence[str]) -> list[str]:
    """The defects of a draft's body, in the order the interface names them. `sources` are all texts it may take facts from."""
    letters = len(_CYRILLIC.findall(body)) + len(_LATIN.findall(body))
    if letters < MINIMUM_LETTERS:
        return ["empty"]
    known = "\n".join(sources)
    found = {
        "broken": _BROKEN.search(body) is not None
        or not body.rstrip().endswith((".", "!", "?", ")", "»", '"')),
        "repeated": _repeats(body),
        "wrong_language": written_in(body) != language,
        "made_up": bool(made_up_numbers(body, known) or _made_up_names(body, known)),
        "too_generic": _shares_nothing(body, known),
    }
    return [name for name, present in found.items() if present]


def written_in(text: str) -> Language:
    """Language by alphabet. Kazakh has nine letters that Russian lacks; a share of 2 % is more than names in Russian have."""
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    if latin > cyrillic:
        return "en"
    return "kk" if len(_KAZAKH.findall(text)) > 0.02 * cyrillic else "ru"


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def made_up_numbers(text: str, known: str) -> list[str]:
    """Numbers of the text that do not occur in the known text, compared by their digits."""
    text = _ORDINAL.sub("", text)
    allowed = {_digits(n) for n in _NUMBER.findall(known)} | set(_DIGITS.findall(known))
    in_dates = allowed | _months_as_numbers(known.casefold())
    return [n for n in _NUMBER.findall(text) if _digits(n) not in allowed and not _parts_known(n, in_dates)]


def _parts_known(number: str, allowed: set[str]) -> bool:
    parts = _DIGITS.findall(number)
    return len(parts) > 1 and all(part in allowed for part in parts)


def _months_as_numbers(known: str) -> set[str]:
    """The months named in the known text, as numbers: a draft may write "18 ноября" as 18.11."""
    named = [number for number, names in enumerate(_MONTHS, 1) if any(name in known for name in names)]
    return {form for number in named for form in (str(number), f"{number:02}")}


def _made_up_names(body: str, known: str) -> list[str]:
    """Capitalised words inside a sentence whose stem does not occur in the known text."""
    folded = known.casefold()
    names = (n.casefold() for n in _NAME.findall(body))
    return [n for n in names if _stem(n, 3) not in folded and not _is_known_word(n, folded)]


def _is_known_word(word: str, known: str) -> bool:
    """A polite pronoun, or a month that the known text names in any of our languages or as a number."""
    if _POLITE.fullmatch(word):
        return True
    for number, names in enumerate(_MONTHS, 1):
        if word.startswith(names):
            return any(n in known for n in names) or re.search(rf"[-./]0?{number}\b", known) is not None
    return False


def _stem(word: str, shortest: int) -> str:
    """The beginning of a word that inflection does not change; in a short word even the last letter may be an ending."""
    return word[: max(shortest, min(_STEM, len(word) - 1))]


def _repeats(body: str) -> bool:
    sentences = [" ".join(s.casefold().split()) for s in _SENTENCE.findall(body)]
    long = [s for s in sentences if len(s) > 15]
    return len(set(long)) < len(long)


def _shares_nothing(body: str, known: str) -> bool:
    """Whether the draft shares fewer than two stems or numbers with the case and the guidance, so that it fits any mail."""
    words = _WORD.findall(known.casefold())
    beginnings = {w[:length] for w in words for length in range(4, _STEM + 1)}
    shared = {_stem(w, 4) for w in _WORD.findall(body.casefold())} & beginnings
    return len(shared) + len(set(_DIGITS.findall(body)) & set(_DIGITS.findall(known))) < 2
