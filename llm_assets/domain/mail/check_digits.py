"""Check digits of numbers that identify people: payment cards, bank accounts, Kazakhstan's personal numbers.

ASCII digits in, yes or no out; where the numbers are in a text is not decided here.
"""

import re
from operator import mul

_DOUBLED = bytes.maketrans(bytes(range(10)), bytes([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]))
_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_IIN_WEIGHTS = (tuple(range(1, 12)), (*range(3, 12), 1, 2))
_IIN_DATE = re.compile(r"\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[0-6]")
_BIN_HEAD = re.compile(r"\d\d(?:0[1-9]|1[0-2])[4-6][0-4]")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+")

IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "XK": 20,
}  # fmt: skip
"""Characters of an IBAN by country, from the IBAN registry of ISO 13616."""


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: every second digit from the right doubled, digit sum divisible by 10."""
    values = digits.encode("ascii").translate(_VALUES)
    total: int = sum(values[-1::-2]) + sum(values[-2::-2].translate(_DOUBLED))
    return total % 10 == 0


def gs1(digits: str) -> bool:
    """A barcode or location number (GTIN, GLN): weights 3 and 1 from the right, GS1 General Specifications 7.9.1."""
    values = digits.encode("ascii").translate(_VALUES)
    total: int = sum(values[-1::-2]) + 3 * sum(values[-2::-2])
    return total % 10 == 0


def iban(code: str) -> bool:
    """ISO 13616 with ISO 7064 MOD 97-10: head moved to the end, letters as 10 to 35, remainder 1.

    `code` without spaces, in capitals; a length that is not its country's is wrong.
    """
    if IBAN_LENGTHS.get(code[:2]) != len(code) or _IBAN.fullmatch(code) is None:
        return False
    number = int("".join(str(int(c, 36)) for c in code[4:] + code[:4]))
    return number % 97 == 1


def iin(digits: str) -> bool:
    """Kazakhstan's IIN of a person or BIN of a company: 12 digits, head plausible, last digit the check digit.

    The first 11 digits are weighed 1 to 11, modulo 11; a remainder of 10 is weighed again with 3 to 11, 1, 2, and
    a number that leaves 10 once more is never issued (Rules for the national registers of identification numbers).
    A person's begins with the birth date and 0 to 6 for century and sex; a company's with year and month, 4 to 6
    for its kind and 0 to 4 for its seat.
    """
    if _IIN_DATE.match(digits) is None and _BIN_HEAD.match(digits) is None:
        return False
    values = digits.encode("ascii").translate(_VALUES)
    for weights in _IIN_WEIGHTS:
        remainder: int = sum(map(mul, weights, values)) % 11
        if remainder < 10:
            return remainder == values[11]
    return False
