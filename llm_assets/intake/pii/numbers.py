"""Numbers that are personal by their form: phones, payment cards, IBAN, IIN and BIN, bank accounts, plates.

Numbers that need a word beside them ("passport", "tel.") are in `context`. Every pattern is bounded, so time
grows with the length of the text and nothing else.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from llm_assets.domain.mail import check_digits
from llm_assets.intake.pii.span import Kind, Span
from llm_assets.intake.words import ByLanguage, WordFile, load_words

SPACES = " \u00a0\u2007\u2009\u202f"
DASHES = r"\-\u2010-\u2015"
GAP = rf"[{SPACES}().{DASHES}]{{0,3}}"
"""What may be between two digits of a phone number."""
WRAPPED = rf"[{SPACES}().{DASHES}\n]{{0,3}}"
"""The same where a mail's line may have been wrapped: only for numbers of a known length."""


class _NumberWords(WordFile):
    currencies: ByLanguage
    phones: ByLanguage
    kinds_of_phones: ByLanguage
    orders: ByLanguage


_WORDS = load_words(Path(__file__).with_name("numbers.yaml"), _NumberWords)
CURRENCY = re.compile(rf"[{SPACES}]{{0,2}}(?:[₸$€₽£%]|{_WORDS.currencies.literal()}(?![^\W\d_]))", re.I)
PHONE_WORDS = _WORDS.phones.of()
KINDS_OF_PHONES = _WORDS.kinds_of_phones.of()
ORDER_WORD = re.compile(_WORDS.orders.pattern(), re.I)
_RUN = re.compile(rf"\d[\d{SPACES}().{DASHES}\n]{{7,}}\d", re.ASCII)
_NUMBER = re.compile(
    r"(?<![A-Za-z\d+])(?<!\d[-.])(?<![A-Za-z]-)(?:"
    r"(?P<account>\d{20}|\d{5}[ .-]\d{3}[ .-]\d[ .-]\d{4}[ .-]\d{7}|\d{4}(?: \d{4}){4})(?!\d)"
    rf"|(?P<card>(?=[2-6]|8600|9860)(?:\d{{13,19}}|(?:\d{{4}}[{SPACES}{DASHES}.]{{0,2}}\n?[{SPACES}]{{0,2}}){{3}}\d{{4}}|\d{{4}}(?P<c>[{SPACES}{DASHES}]{{1,2}})\d{{4}}(?P=c)\d{{4}}(?P=c)"
    rf"(?:\d{{4}}(?:(?P=c)\d{{3}})?|\d{{1,3}})|3\d{{3}}[{SPACES}{DASHES}\n]{{1,2}}\d{{6}}[{SPACES}{DASHES}\n]{{1,2}}\d{{4,5}}))(?!\d)"
    r"|(?P<iin>\d{12})(?!\d)"
    rf"|(?P<trunk>[78]{GAP}[3-9]\d\d(?:{GAP}\d){{7}})(?!\d)(?!-\d)"
    rf"|(?P<local>\(?[79]\d\d\)?[{SPACES}{DASHES}]{{1,2}}\d{{3}}[{SPACES}{DASHES}.]\d\d[{SPACES}{DASHES}.]\d\d)(?!\d)(?!-\d)"
    rf"|(?P<national>0[1-9]\d{{1,4}}[{SPACES}{DASHES}]\d{{3,4}}[{SPACES}{DASHES}]?(?:\d{{3,4}}|\d\d[{SPACES}{DASHES}]\d\d)"
    rf"|\(?[2-9]\d\d(?:\)[{SPACES}]?|[{DASHES}.])\d{{3}}[{DASHES}.]\d{{4}}"
    rf"|(?:99[2-68]|375|380|971)[{SPACES}{DASHES}]\(?\d{{2,3}}\)?[{SPACES}{DASHES}]\d{{3}}[{SPACES}{DASHES}]\d\d[{SPACES}{DASHES}]?\d\d)(?!\d)(?!-\d)"
    rf"|(?P<zeros>00[1-9]\d{{0,2}}[{SPACES}{DASHES}](?:{GAP}\d){{7,12}})(?!\d)"
    r")|(?<![\d+])(?P<plus>\+(?:"
    rf"7(?:{WRAPPED}\d){{10}}|1(?:{GAP}\d){{10}}|(?:99[24568]|375|380|971)(?:{GAP}\d){{9}}|(?:993|37[34])(?:{GAP}\d){{8}}"
    rf"|(?:44|90)(?:{GAP}\d){{10}}|86(?:{GAP}\d){{11}}|\d(?:{GAP}\d){{9,13}}))(?!\d)",
    re.ASCII,
)
_CARD_NETWORKS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5\d{15}|5[06-8]\d{11,17}|2[2-7]\d{14,17}|3[47]\d{13}|3(?:[0689]\d{12,17}|5\d{14,17})"
    r"|6\d{12,18}|(?:8600|9860)\d{12}"
)
_FREEPHONE = re.compile(
    r"[78]800\d{7}|080[08]\d{6,7}|(?:44|49)800\d{6,8}|1?8(?:00|33|44|55|66|77|88)\d{7}|800\d{8}"
)
_RUSSIAN_ACCOUNT = re.compile(r"4(?:0[5-8]\d\d|2[3-6]\d\d)(?:398|643|810|840|978|156)\d{12}")
_THOUSANDS = re.compile(rf"\+?\d{{1,3}}(?:[{SPACES}.]\d{{3}})+")
_IBAN = re.compile(r"[A-Z]{2}(?<![A-Za-z\d]..) ?\d{2}(?:[ -]?[A-Za-z\d]){11,29}", re.ASCII)
_SMALL_IBAN = re.compile(_IBAN.pattern.replace("[A-Z]{2}", "kz", 1), re.ASCII)
_PLATE = re.compile(
    r"(?<![\w./-])(?:\d{3} ?(?:[A-Z]{3}|[АВЕКМНОРСТУХ]{3}) ?(?:0[1-9]|1\d|20)|\d{3} [A-Z]{2} (?:0[1-9]|1\d|20)"
    r"|[АВЕКМНОРСТУХ] ?\d{3} ?[АВЕКМНОРСТУХ]{2} ?\d{2,3}(?: ?RUS)?|[ABEKMHOPCTYX] \d{3} [ABEKMHOPCTYX]{2} \d{2,3}|[A-Z] \d{3} [A-Z]{2,3}|[A-Z]{2}(?:0[1-9]|[1-7]\d) [A-HJ-PR-Z]{3})(?![\w/-])"
)
_SEPARATORS = re.compile(r"[^0-9]+")
CONTEXT = 30
"""Characters before a number in which a word says what it is."""


def digits_of(text: str) -> str:
    return _SEPARATORS.sub("", text)


def amount_like(text: str, end: int, number: str) -> bool:
    """Thousands in groups of three, or a currency right behind."""
    return _THOUSANDS.fullmatch(number) is not None or CURRENCY.match(text, end) is not None


def numbers(text: str) -> Iterator[Span]:
    """Phones, cards, IIN and accounts, left to right."""
    for run in _RUN.finditer(text):
        at = max(0, run.start() - 2)
        while at < run.end():
            found = _NUMBER.search(text, at, run.end() + 2)
            if found is None:
                break
            kind = _kind(text, found)
            if kind is None:
                at = found.start() + 1
            else:
                yield Span(found.start(), found.end(), kind)
                at = found.end()


def ibans(text: str) -> Iterator[Span]:
    """Accounts in capital letters, and Kazakhstan's in small letters too."""
    for pattern in (_IBAN, _SMALL_IBAN):
        for found in pattern.finditer(text):
            end = _iban_end(text, found.start())
            if end is not None:
                yield Span(found.start(), end, Kind.IBAN)


def plates(text: str) -> Iterator[Span]:
    """Number plates of cars of Kazakhstan, Russia and Britain, where their form is nobody else's."""
    for found in _PLATE.finditer(text):
        yield Span(found.start(), found.end(), Kind.PLATE)


def _iban_end(text: str, start: int) -> int | None:
    """Where the account ends by its country's length; None when the check digits are wrong."""
    length = check_digits.IBAN_LENGTHS.get(text[start : start + 2].upper(), 0)
    code = ""
    for at in range(start, min(len(text), start + 2 * length)):
        if text[at] not in " -":
            code += text[at]
        if len(code) == length:
            glued = text[at + 1 : at + 2].isalnum()
            return at + 1 if check_digits.iban(code.upper()) and not glued else None
    return None


def _kind(text: str, found: re.Match[str]) -> Kind | None:
    """What the candidate is, None when it is no personal number after all."""
    number = found.group()
    digits = digits_of(number)
    if is_freephone(digits) and found.lastgroup not in ("account", "card", "iin"):
        return None
    match found.lastgroup:
        case "account":
            return Kind.ACCOUNT if _RUSSIAN_ACCOUNT.fullmatch(digits) else None
        case "card":
            return Kind.CARD if _is_card(digits) else None
        case "iin":
            return Kind.IIN if check_digits.iin(digits) else None
        case "plus" | "zeros":
            zeros = digits.endswith("000000")
            return None if zeros and amount_like(text, found.end(), number) else Kind.PHONE
        case "trunk" | "local":
            return Kind.PHONE if _is_trunk_phone(text, found.start(), found.end()) else None
        case "national":
            return None if _is_order(text, found.start()) or len(digits) > 12 else Kind.PHONE
        case other:
            raise AssertionError(f"pattern group {other} has no rule")


def is_freephone(digits: str) -> bool:
    """A number that is free for who calls it: only companies and offices have one."""
    return _FREEPHONE.fullmatch(digits) is not None


def _is_card(digits: str) -> bool:
    """13 digits are a barcode far more often: cards of that length are no longer issued."""
    barcode = len(digits) == 13 and check_digits.gs1(digits)
    return _CARD_NETWORKS.fullmatch(digits) is not None and check_digits.luhn(digits) and not barcode


def _is_trunk_phone(text: str, start: int, end: int) -> bool:
    """A number without + is a phone unless it is an amount, or has no spaces and is behind the word for an order or contract."""
    number = text[start:end]
    if amount_like(text, end, number):
        return False
    return not number.isdigit() or not _is_order(text, start)


def _is_order(text: str, start: int) -> bool:
    """A word before the number in its line is that of an order, and none that of a phone."""
    before = text[max(0, start - CONTEXT) : start].rpartition("\n")[2].lower()
    return ORDER_WORD.search(before) is not None and not any(word in before for word in PHONE_WORDS)
