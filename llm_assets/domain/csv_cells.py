"""Cells of tables for people: text that a spreadsheet would run as a formula stays text. Pure."""

import re
import unicodedata

_BEFORE = "\"'`\u2018\u2019\u201c\u201d\u00ab"
"""Quotation marks that people and programs put before a value."""
_FORMULA = frozenset("=+-@")
_CONTROL = frozenset("\t\r\n")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")


def defused(value: object) -> object:
    """The value, with an apostrophe before a text that begins like a formula. Numbers stay numbers.

    Full-width forms count like the signs they stand for, and what is invisible or quotes the text is looked through.
    Source: OWASP, "CSV Injection".
    """
    if not isinstance(value, str) or not value or _NUMBER.fullmatch(value):
        return value
    return f"'{value}" if value[0] in _CONTROL or _begins(value) in _FORMULA else value


def _begins(text: str) -> str:
    """The first character that a spreadsheet may take for the beginning."""
    for character in text:
        if character in _BEFORE or character.isspace() or unicodedata.category(character) in ("Cc", "Cf"):
            continue
        return unicodedata.normalize("NFKC", character)
    return ""
