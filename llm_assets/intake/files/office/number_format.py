"""Numbers as a spreadsheet's cell shows them, where its format says something that the number does not: leading zeros,
percent, currencies, units, masks (ECMA-376, part 1, section 18.8.31).

Grouping and rounding change nothing: digits stay as they are stored, and dates are left to the library, which gives them
as dates.
"""

import math
import operator
import re
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, getcontext
from functools import lru_cache
from typing import NamedTuple

BUILT_IN = {9: "0%", 10: "0.00%"}
"""Formats by number that are in no file; those of money take the currency of the reader's machine and say nothing."""
_MAX_CODE = 300
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General|Основной)|(?P<date>AM/PM|A/P|[ymdhsгд]+)|(?P<exponent>E[+-])|(?P<sign>[0#?.,%@/])|(?P<plain>.)",
    re.I | re.S,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip
_EXACT_DIGITS = 2
"""Digits more than the cell shows that are kept, where the number then is exact: 0.195 is 19.5 % whatever its format."""


class _Section(NamedTuple):
    tokens: tuple[tuple[str, str], ...]
    condition: tuple[str, float] | None

    @property
    def literals(self) -> str:
        return "".join(text for kind, text in self.tokens if kind == "literal")


def shown_number(code: str, value: float) -> str | None:
    """What the cell shows, None where that is the number itself."""
    if not math.isfinite(value):
        return None
    sections = _sections(code[:_MAX_CODE])
    section, negative_section = _chosen(sections, value)
    if not says_more(section):
        return None
    kinds = {kind for kind, _ in section.tokens}
    if "digit" not in kinds and "general" not in kinds:
        return section.literals.strip()
    number = _number(section, abs(value)) if "digit" in kinds else plain_number(abs(value))
    written = _masked(section, number) if _is_mask(section) else _between(section, number)
    marked = negative_section and any(sign in section.literals for sign in "-−(")
    return f"-{written.strip()}" if value < 0 and not marked else written.strip()


def plain_number(value: float) -> str:
    """All its digits, never with an exponent, and without the noise of binary fractions."""
    if not math.isfinite(value):
        return str(value)
    if value.is_integer():
        return str(int(value)) if abs(value) < 1e15 else f"{Decimal(repr(value)):f}".removesuffix(".0")
    return f"{Decimal(f'{value:.15g}'):f}"


def shown_duration(value: timedelta) -> str:
    """Hours, minutes and seconds, with as many hours as there are."""
    seconds = round(abs(value).total_seconds())
    hours, rest = divmod(seconds, 3_600)
    sign = "-" if value < timedelta() else ""
    return f"{sign}{hours}:{rest // 60:02}:{rest % 60:02}"


def is_telling(code: str) -> bool:
    """Whether any section of a format says more than the number."""
    return any(says_more(section) for section in _sections(code[:_MAX_CODE]))


def says_more(section: _Section) -> bool:
    kinds = [kind for kind, _ in section.tokens]
    if {"date", "exponent", "fraction", "text"} & set(kinds):
        return False
    if "percent" in kinds or _scale(section) or _is_mask(section):
        return True
    zeros = sum(1 for kind, text in _integer(section) if kind == "digit" and text == "0")
    return zeros > 1 or any(unicodedata.category(c)[0] in "LN" or c in "№#%°" or unicodedata.category(c) == "Sc"
                            for c in section.literals)  # fmt: skip


@lru_cache(maxsize=2_000)
def _sections(code: str) -> tuple[_Section, ...]:
    out: list[list[tuple[str, str]]] = [[]]
    conditions: list[tuple[str, float] | None] = [None]
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "skipped", match.group(match.lastgroup) if match.lastgroup else ""
        if kind == "plain" and text == ";":
            out.append([])
            conditions.append(None)
        elif kind in ("quoted", "escaped", "currency", "plain"):
            out[-1].append(("literal", text))
        elif kind == "bracket":
            found = _CONDITION.fullmatch(text)
            if found is not None:
                conditions[-1] = (found.group(1), float(found.group(2)))
            elif text.lower().strip("hms") == "" and text:
                out[-1].append(("date", text))
        elif kind == "sign":
            names = {"%": "percent", "@": "text", "/": "fraction", ".": "point", ",": "comma"}
            out[-1].append((names.get(text, "digit"), text))
        elif kind != "skipped":
            out[-1].append((kind, text))
    return tuple(_Section(tuple(t), c) for t, c in zip(out, conditions, strict=True))


def _chosen(sections: tuple[_Section, ...], value: float) -> tuple[_Section, bool]:
    """The section for a number, and whether it is the one that stands for negative numbers alone."""
    if any(section.condition is not None for section in sections):
        for section in sections:
            if section.condition is None or _COMPARE[section.condition[0]](value, section.condition[1]):
                return section, False
        return sections[-1], False
    if value < 0 and len(sections) > 1:
        return sections[1], True
    if value == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], False


def _integer(section: _Section) -> list[tuple[str, str]]:
    """Tokens before the decimal point."""
    kinds = [kind for kind, _ in section.tokens]
    return list(section.tokens[: kinds.index("point")] if "point" in kinds else section.tokens)


def _is_mask(section: _Section) -> bool:
    """Whether signs stand between the digits of a whole number, as in a phone number; a space may only group them."""
    kinds = [kind for kind, _ in section.tokens]
    if "digit" not in kinds or "point" in kinds:
        return False
    between = section.tokens[kinds.index("digit") : len(kinds) - kinds[::-1].index("digit")]
    signs = [text for kind, text in between if kind == "literal"]
    return any(not sign.isspace() for sign in signs) or (bool(signs) and ("digit", "#") not in between)


def _scale(section: _Section) -> int:
    """Commas after the last digit: each divides by a thousand."""
    kinds = [kind for kind, _ in section.tokens]
    if "digit" not in kinds:
        return 0
    last = len(kinds) - 1 - kinds[::-1].index("digit")
    count = 0
    while last + 1 + count < len(kinds) and kinds[last + 1 + count] == "comma":
        count += 1
    return count


def _number(section: _Section, value: float) -> str:
    kinds = [kind for kind, _ in section.tokens]
    exact = Decimal(f"{value:.15g}").scaleb(2 * kinds.count("percent") - 3 * _scale(section))
    after = section.tokens[kinds.index("point") :] if "point" in kinds else ()
    digits = [text for kind, text in after if kind == "digit"]
    kept = _rounded(exact, len(digits) + _EXACT_DIGITS)
    if kept != exact:
        kept = _rounded(exact, len(digits))
    whole, _, rest = f"{kept:f}".partition(".")
    rest = rest.rstrip("0").ljust(digits.count("0"), "0")
    zeros = sum(1 for kind, text in _integer(section) if kind == "digit" and text == "0")
    return whole.rjust(zeros, "0") + (f".{rest}" if rest else "")


def _rounded(number: Decimal, places: int) -> Decimal:
    """A number that fills all places of a decimal is left as it is."""
    if number.adjusted() + places >= getcontext().prec:
        return number
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _between(section: _Section, number: str) -> str:
    """The number with what stands before its first digit and after its last one."""
    places = [place for place, (kind, _) in enumerate(section.tokens) if kind in ("digit", "general")]
    said = ["%" if kind == "percent" else text if kind == "literal" else "" for kind, text in section.tokens]
    return "".join([*said[: places[0]], number, *said[places[-1] + 1 :]])


def _masked(section: _Section, number: str) -> str:
    """Digits from the right into their places; those that are left over stand before the first one."""
    left = list(number)
    out: list[str] = []
    places = [place for place, (kind, _) in enumerate(section.tokens) if kind == "digit"]
    for place in range(len(section.tokens) - 1, -1, -1):
        kind, text = section.tokens[place]
        if kind == "literal":
            out.append(text)
        elif kind == "percent":
            out.append("%")
        elif kind == "digit":
            out.append(left.pop() if left else "0" if text == "0" else "")
            if place == places[0]:
                out.append("".join(left))
    return "".join(reversed(out))
