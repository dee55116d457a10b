"""What is wrong with a draft, computed: no model judges its own work here."""

import re
from collections.abc import Sequence

from llm_assets.domain.queue import Language

_KAZAKH = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC = re.compile(r"[а-яёәғқңөұүһі]", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)
_BROKEN = re.compile(r"\{\{|\}\}|\[[A-Z_ ]{3,}\d*_*\]|<[a-z_/]+>|\$\{|\\n|lorem ipsum|\ufffd", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[ \u00a0.,:/-]\d+)*")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_NAME = re.compile(r"(?<![.!?:\n«\"(]\s)(?<!^)(?<=\s)[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ][\w-]{2,}", re.MULTILINE)
_WORD = re.compile(r"\w{4,}")
_STEM = 5
MINIMUM_LETTERS = 20


def defects_of(body: str, *, language: Language, sources: Sequence[str]) -> list[str]:
    """The defects of a draft's body, in the order of the interface; `sources` is all it may draw facts from."""
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
    """Language by alphabet: Kazakh has nine letters Russian lacks; 2 % of them is far above any Russian name."""
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    if latin > cyrillic:
        return "en"
    return "kk" if len(_KAZAKH.findall(text)) > 0.02 * cyrillic else "ru"


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def made_up_numbers(text: str, known: str) -> list[str]:
    """Numbers of the text that stand nowhere in what is known, compared by their digits."""
    allowed = {_digits(n) for n in _NUMBER.findall(known)} | set(re.findall(r"\d+", known))
    return [n for n in _NUMBER.findall(text) if _digits(n) not in allowed and not _parts_known(n, allowed)]


def _parts_known(number: str, allowed: set[str]) -> bool:
    return all(part in allowed for part in re.findall(r"\d+", number))


def _made_up_names(body: str, known: str) -> list[str]:
    """Capitalised words inside a sentence whose stem occurs nowhere in what is known."""
    folded = known.casefold()
    return [n for n in _NAME.findall(body) if n.casefold()[:_STEM] not in folded]


def _repeats(body: str) -> bool:
    sentences = [" ".join(s.casefold().split()) for s in _SENTENCE.findall(body)]
    long = [s for s in sentences if len(s) > 15]
    return len(set(long)) < len(long)


def _shares_nothing(body: str, known: str) -> bool:
    """Fewer than two word stems in common with the case and the guidance: it would fit any mail."""
    stems = {w.casefold()[:_STEM] for w in _WORD.findall(known)}
    return len({w.casefold()[:_STEM] for w in _WORD.findall(body)} & stems) < 2
