"""The type that a document gives itself in its title, or by how it greets. Pure: the text of a page in, a type or None out.

What a document says of other ones is no title: `Basis: contract No 5`, `act to the contract`, an account number.
"""

import re
from itertools import islice

from llm_assets.steps.extracted_fields.fields import DocumentType
from llm_assets.steps.extracted_fields.kinds import Named, named_documents
from llm_assets.steps.extracted_fields.number_words import folded

_LOOKED_AT = 30
"""Lines of a page: a seller's address and bank may come before the title."""
_LONGEST = 14
"""Words of a line with a title, its number and date included."""
_BEFORE = 3
"""Words before the type: `Сатып алу-сату шарты`, `Electronic tax invoice`."""
_SENTENCE = 6
"""A line of more words that ends like a sentence is one."""
_WORD = re.compile(r"[^\W\d_]+")
_REFERS = re.compile(
    r"(?:\b(?:to|for|under|per|by|this|that|our|your|with|from|see|of the|к|ко|по|на|для|из|с|от|без|согласно|настоящ\w+|данн\w+|"
    r"ваш\w{0,3}|наш\w{0,3}|осы|бул|сиздин)|\bрасчетн\w+|\bлицев\w+|\bтекущ\w+)\s*$|[:(,]"
)
"""Before a type that somebody only mentions."""
_ACCOUNT = re.compile(r"(?:счет|шот)\w{0,3}")
_OF_AN_INVOICE = re.compile(r"\s*(?:$|(?:№|#|no\b|n\b|номер)|(?:на|к) оплат|\d{1,8}\b(?! ?\d{4}))")
"""After `счет`, which is an account where none of these follows."""
_OTHER_MEANING = re.compile(r"\s*(?::|of lading|of credit|of rights|лист\b|-лист|получател|плательщик)")
_GREETING = re.compile(
    r"(?:dear|to whom it may concern|уважаем\w+|здравствуйте|добрый день|курметти|саламатсыз\w*)\b"
)
_ALIKE = "ABCEHKMOPTXaceopxy"
_TO_CYRILLIC = str.maketrans(_ALIKE, "АВСЕНКМОРТХасеорху")
_MIND: tuple[tuple[str, str], ...] = (("act", "reconciliation"), ("act", "waybill"))
"""Of two types in one title the second is meant: an act of reconciliation, an act of delivery with its note."""


def titled(text: str) -> DocumentType | None:
    """None where no line is a title and none greets. What follows a greeting is a letter."""
    for line in islice((one.strip() for one in text.splitlines() if one.strip()), _LOOKED_AT):
        greets = _GREETING.match(folded(line)) is not None
        found = "letter" if greets else _of_line(line) or _of_line(_WORD.sub(_in_cyrillic, line))
        if found is not None:
            return found
    return None


def _in_cyrillic(word: re.Match[str]) -> str:
    """Of a word all of whose letters look Cyrillic: Tesseract takes `АКТ` for Latin."""
    alike = all(letter in _ALIKE or "\u0400" <= letter <= "\u052f" for letter in word[0])
    return word[0].translate(_TO_CYRILLIC) if alike else word[0]


def _of_line(line: str) -> DocumentType | None:
    words = _WORD.findall(line)
    if (
        not words
        or len(line.split()) > _LONGEST
        or (len(words) > _SENTENCE and line.endswith((".", ",", ";")))
    ):
        return None
    passage = folded(line)
    named = named_documents(passage)
    if not named or not _is_title(line, passage, named[0]):
        return None
    kinds = [each.kind for each in named]
    return _type(next((second for first, second in _MIND if kinds[0] == first and second in kinds), kinds[0]))


def _is_title(line: str, passage: str, first: Named) -> bool:
    before, after = passage[: first.start], passage[first.end :]
    if first.kind != "letter" and line[:1].islower():
        return False
    if before.strip() and line.endswith("."):
        return False
    if len(_WORD.findall(before)) > _BEFORE or _REFERS.search(before) or _OTHER_MEANING.match(after):
        return False
    is_account = _ACCOUNT.fullmatch(passage[first.start : first.end])
    return not is_account or _OF_AN_INVOICE.match(after) is not None


def _type(kind: str) -> DocumentType:
    match kind:
        case (
            "invoice" | "act" | "reconciliation" | "contract" | "waybill" | "receipt" | "statement" | "letter"
        ):
            return kind
    raise ValueError(f"{kind} is no type of document")
