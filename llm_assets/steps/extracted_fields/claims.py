"""Claims: a value that an answer gives for a field, the passage it names, and whether the value follows from it."""

import re
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple, assert_never

from llm_assets.domain.mail.document import Case
from llm_assets.steps.extracted_fields import deadline, kinds
from llm_assets.steps.extracted_fields.dates import days
from llm_assets.steps.extracted_fields.evidence import MARKS, Place, pieces, places, written_on
from llm_assets.steps.extracted_fields.fields import Field, Proof
from llm_assets.steps.extracted_fields.money import amounts, currencies
from llm_assets.steps.extracted_fields.number_words import folded, with_digits
from llm_assets.steps.extracted_fields.registered import labelled_otherwise

_WORD = re.compile(r"\w+")
_INITIALS = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_DIGIT = re.compile(r"\d")
_LONG_NUMBER = re.compile(r"\d{3,}")
_CUT_AFTER = re.compile(r"\d|[-/.]\d|[-/]?[^\W\d_](?![^\W\d_])|[-/][a-z]{2}|[-/][A-ZА-ЯӘҒҚҢӨҰҮҺІ]{2}")
_CUT_BEFORE = re.compile(
    r"(?:\d|\d[-/.]|(?<![^\W\d_])(?!(?:n|no|nr|n|inv|ref|num|id)\b[-/]?$)[^\W\d_]{1,4}[-/]?)$"
)
_YESTERDAY = re.compile(r"\b(?:yesterday|вчера\w*|кеше\w*)\b")
_TODAY = re.compile(r"\b(?:today|сегодня\w*|бугин\w*)\b")


class Claim(NamedTuple):
    """A value, its quote, and the places where the case has this quote."""

    field: Field
    value: str
    quote: str
    places: tuple[Place, ...]

    @property
    def passages(self) -> tuple[str, ...]:
        """The passage as each place has it; the quote itself where it is in a picture or in several pieces."""
        return tuple(dict.fromkeys(place.passage for place in self.places)) or (self.quote,)


def claim(case: Case, field: Field, value: str, quote: str | None, *, scans_shown: bool) -> Claim | None:
    """The value with its passage; None when the case has no such passage.

    A value without a quote is its own passage where the case holds it literally. With `scans_shown` any quote counts: it
    may be from a scan that only the model read.
    """
    words = (quote or "").strip()
    own = field.proof in (Proof.OWN_TERMS, Proof.ONE_OF)
    if not words and not own:
        words = value.strip()
    found = tuple(places(case, words))
    if found:
        return Claim(field, value, words, found)
    parts = pieces(words)
    if len(parts) > 1:
        located = [tuple(places(case, part)) for part in parts]
        if all(located):
            return Claim(field, value, words, ())
    return Claim(field, value, words, ()) if quote and scans_shown else None


def follows(case: Case, about: Claim) -> bool:
    """Whether the value follows from its passage."""
    proof = about.field.proof
    match proof:
        case Proof.AMOUNT:
            return any(_states_amount(passage, about.value) for passage in about.passages)
        case Proof.NAME:
            return any(_names(passage, about.value) for passage in about.passages)
        case Proof.WORD_FOR_WORD:
            return any(_holds(passage, before, about.value) for passage, before in _with_before(about))
        case Proof.CURRENCY:
            return _in_currency(about)
        case Proof.PAST_DATE | Proof.DEADLINE:
            return _dated(case, about)
        case Proof.ONE_OF:
            return not any(_contradicts(about, folded(passage)) for passage in about.passages)
        case Proof.OWN_TERMS:
            return all(any(places(case, number)) for number in _LONG_NUMBER.findall(about.value))
        case _:
            assert_never(proof)


def _states_amount(passage: str, value: str) -> bool:
    try:
        return abs(Decimal(value)) in amounts(passage)
    except InvalidOperation:
        return False


def _names(passage: str, value: str) -> bool:
    """Whether every word of a name is a word of the passage, which may be inflected: one or two letters of its end
    differ, and up to four follow. A word with a digit is no other: `[NAME_1]` is not `[NAME_2]`."""
    said = _words(passage)
    return all(any(_inflects(part, word) for word in said) for part in _words(value))


def _words(text: str) -> list[str]:
    """Folded; `L.L.C.` is one word."""
    return _WORD.findall(_INITIALS.sub("", folded(text)))


def _inflects(part: str, word: str) -> bool:
    if _DIGIT.search(part):
        return part == word
    if len(part) <= 2:
        return word.startswith(part) and (len(part) == 1 or len(word) <= len(part) + 1)
    kept = len(part) - (2 if len(part) > 6 else 1 if len(part) > 3 else 0)
    return word.startswith(part[:kept]) and len(word) <= len(part) + 4


def _with_before(about: Claim) -> list[tuple[str, str]]:
    return [(place.passage, place.before) for place in about.places] or [(about.quote, "")]


def _holds(passage: str, before: str, value: str) -> bool:
    """Whether the passage holds the whole number or code, which no label says is something else."""
    text = passage.translate(MARKS)
    wanted = value.translate(MARKS).strip().lstrip("№# ")
    if not wanted:
        return False
    pattern = re.compile(r"\s*".join(re.escape(c) for c in wanted if not c.isspace()), re.IGNORECASE)
    for match in pattern.finditer(text):
        left = text[: match.start()]
        if _CUT_AFTER.match(text, match.end()) is None and _CUT_BEFORE.search(left) is None:
            return not (_LONG_NUMBER.search(wanted) and labelled_otherwise(folded(before + left)))
    return False


def _in_currency(about: Claim) -> bool:
    if not about.places:
        return about.value.upper() in (currencies(about.quote) or {about.value.upper()})
    for texts in (about.passages, [p.nearby for p in about.places], [p.text for p in about.places]):
        found = set().union(*(currencies(text) for text in texts))
        if found:
            return about.value.upper() in found
    return False


def _contradicts(about: Claim, passage: str) -> bool:
    match about.field.name:
        case "document_type":
            return kinds.contradicts_document(about.value, passage)
        case "problem_type":
            return kinds.contradicts_problem(about.value, passage)
        case _:
            return False


def _dated(case: Case, about: Claim) -> bool:
    wanted = date.fromisoformat(about.value)
    around = [place.nearby for place in about.places]
    for texts in (about.passages, around):
        found: set[date] = set()
        for number, text in enumerate(texts):
            written = written_on(
                case, about.places[min(number, len(about.places) - 1)] if about.places else None
            )
            found |= _meant(with_digits(folded(text)), about.field.proof, written)
        if found:
            return wanted in found
    return False


def _meant(text: str, proof: Proof, written: tuple[date, ...]) -> set[date]:
    if proof is Proof.DEADLINE:
        return deadline.possible(text, written)
    found = {
        meant
        for day in days(text)
        for year in {one.year - back for one in written for back in (0, 1)}
        if (meant := day.within(year)) is not None
    }
    if _YESTERDAY.search(text) is not None:
        found |= {one - timedelta(days=1) for one in written}
    if _TODAY.search(text) is not None:
        found |= set(written)
    return found
