"""Registered numbers in a passage: BIN, IIN and IBAN by their labels and check digits; labels of other kinds of number."""

import re
from collections.abc import Iterator

from llm_assets.domain.mail import check_digits

_PERSONAL = re.compile(r"(?:\b(?:бин|иин|бсн|жсн|bin|iin)\b[^\d\n]{0,12})(\d[\d ]{10,16}\d)(?!\d)")
_ACCOUNT = re.compile(r"(?<![A-Z0-9])([A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30})(?![A-Z0-9])")
_COUNTRY = frozenset(check_digits.IBAN_LENGTHS)
_OTHER_LABEL = re.compile(
    r"(?:\b(?:иин|бин|жсн|бсн|iin|bin|iban|иик|жск|бик|bic|тел|телефон\w*|моб|phone|mobile|whatsapp|ватсап|call|факс|fax|карт\w{0,3}|card|инн|кбе)\b)"
    r"(?:\s*(?:number|номер\w*|no))?[\s:.№#+*-]*$"
)


def wrong_digits(passage: str, folded: str) -> bool:
    """Whether a passage holds a BIN, IIN or IBAN whose check digit is wrong; the second text is the passage folded."""
    return not all(check_digits.iin(digits) for digits in _personal(folded)) or not all(
        check_digits.iban(code) for code in _accounts(passage)
    )


def labelled_otherwise(before: str) -> bool:
    """Whether the folded text before a number says that it is a person's, an account's, a card's or a telephone's."""
    return _OTHER_LABEL.search(before) is not None


def _personal(folded: str) -> Iterator[str]:
    for match in _PERSONAL.finditer(folded):
        digits = match[1].replace(" ", "")
        if len(digits) >= 11:
            yield digits[:12] if len(digits) == 12 else "0" * 12


def _accounts(passage: str) -> Iterator[str]:
    for match in _ACCOUNT.finditer(passage.upper()):
        code = match[1].replace(" ", "")
        if code[:2] in _COUNTRY and (len(code) == check_digits.IBAN_LENGTHS[code[:2]] or code[:2] == "KZ"):
            yield code
