"""The parts of a document's total: net and tax, cash and change, lines of quantity, price and sum. Knows no case."""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations

from llm_assets.steps.extracted_fields.money import amounts
from llm_assets.steps.extracted_fields.number_words import folded

_TOTAL = re.compile(r"\b(?:итого|всего|к оплате|total|amount due|balance due|барлыгы|жиыны|толеуге)\b")
_COUNT = re.compile(
    r"\b(?:позици\w*|наименован\w*|items|шт|штук|количеств\w*|кол-во|pcs|qty|quantity|атау)\b"
)
_NET = re.compile(r"\b(?:без ндс|без учета ндс|net|excl|before tax|ккс-?сыз|ккссыз)\b")
_SUBTOTAL = re.compile(r"\b(?:sub-?\s?total|промежуточн\w*|подытог)\b")
_TAX = re.compile(r"(?:^|\s|\()(?:ндс|vat|ккс|sales tax|tax)\b")
_WITH_TAX = re.compile(r"\b(?:с ндс|с учетом ндс|incl\w*|including|gross|with vat|ккс-?пен)\b")
_CASH = re.compile(r"\b(?:наличн\w*|получено|внесено|cash|tendered|received|колма-кол|кабылданды)\b")
_CHANGE = re.compile(r"\b(?:сдача|change|кайтарым|артыгы)\b")
_OTHER = re.compile(
    r"\b(?:скидк\w*|discount|доставк\w*|shipping|delivery|жеңилдик|женилдик|аванс\w*|предоплат\w*|deposit|prepaid|advance|tip|чаев\w*"
    r"|карт\w*|card|безнал\w*|бонус\w*|bonus|округлен\w*|rounding|сервис\w*|service|комисси\w*|fee|пеня|штраф\w*|долг\w*|остаток"
    r"|жеткизу|комиссия)\b"
)
_PERCENT = re.compile(r"\d+(?:[.,]\d+)?\s*%")
_PRICE = re.compile(r"[^\W\d_]{0,4}\.?\s?\d[\d ]*(?:[.,]\d+)*\s?(?:[^\W\d_]{0,6}\.?|[$€£₸₽])")
"""A cell that holds nothing but an amount."""
_NEGATIVE = re.compile(r"(?:^|[\s:])-\s?\d[\d ]*[.,]\d\d(?!\d)")
_CELLS = re.compile(r"\t|\s{2,}|\s*[x×*=@]\s*|\s+х\s+|\|")
_LABELLED_LINE = 80
"""Characters of a line that may give net, tax, cash or change; a longer one is prose."""
_CENTS, _ROUNDING, _ROUNDED_SHARE = Decimal("0.02"), Decimal(1), Decimal("0.002")
"""Sums may differ by cents, and large ones by rounding to whole units."""


class Parts:
    """What the lines of a document say of its total."""

    def __init__(self, text: str) -> None:
        self.totals: set[Decimal] = set()
        self.net: set[Decimal] = set()
        self.tax: set[Decimal] = set()
        self.cash: set[Decimal] = set()
        self.change: set[Decimal] = set()
        self.products: list[Decimal] = []
        """Sums of the lines whose quantity times price is their sum."""
        self.unclear = False
        """Whether a line before the total has a price that is no quantity times price, so that the lines do not add up."""
        self.others = False
        """Whether a line names a discount, delivery or another payment, which no sum of ours knows."""
        lines = text.splitlines()
        for number, raw in enumerate(lines):
            line = folded(raw)
            if line.strip():
                self._read(line, raw, lines[number + 1] if number + 1 < len(lines) else "")

    def _read(self, line: str, raw: str, following: str) -> None:
        total = None if _SUBTOTAL.search(line) is not None else _TOTAL.search(line)
        self.others = self.others or _NEGATIVE.search(line) is not None
        if total is None and (_OTHER.search(line) is not None or _SUBTOTAL.search(line) is not None):
            self.others = self.others or (_SUBTOTAL.search(line) is None and any(c.isdigit() for c in line))
            return
        labelled = (
            (self.change, _CHANGE.search(line)),
            (self.cash, _CASH.search(line)),
            (self.net, _NET.search(line)),
            (self.tax, None if _WITH_TAX.search(line) else _TAX.search(line)),
            (self.totals, total),
        )
        for group, label in labelled:
            if label is not None:
                self._add(group, line, label.end(), following)
                return
        products = list(_product(raw))
        self.products += products
        if not products and not self.totals and _PRICE.fullmatch(_CELLS.split(raw.strip())[-1].strip()):
            self.unclear = True

    def _add(self, group: set[Decimal], line: str, end: int, following: str) -> None:
        """The amounts after a label: for a total all of its line, or of the next one; else the last."""
        rest = line[end:]
        if group is self.totals:
            if _COUNT.search(line) is None:
                text = rest if any(c.isdigit() for c in rest) else folded(following)
                group |= {value for cell in _cells(text) for value in amounts(cell)}
        elif len(line) <= _LABELLED_LINE and any(c.isdigit() for c in rest):
            group |= set(_last(rest))

    def contradicts(self, total: Decimal) -> bool:
        """Whether a total cannot come from these parts; False where they do not say enough."""
        if self.others:
            return False
        if len(self.cash) == len(self.change) == 1 and not _near(min(self.cash) - min(self.change), {total}):
            return True
        if len(self.net) == len(self.tax) == 1 and not _near(total, {min(self.net) + min(self.tax)}):
            return True
        if not self.products or self.unclear:
            return False
        lines = sum(self.products, Decimal(0))
        return not _near(total, {lines + tax for tax in (Decimal(0), *self.tax)})

    def knows_another(self, total: Decimal) -> bool:
        """Whether the document names its totals, and this is none of them."""
        return bool(self.totals) and not _near(total, self.totals)


def _near(value: Decimal, wanted: set[Decimal]) -> bool:
    slack = max(_CENTS, min(_ROUNDING, abs(value) * _ROUNDED_SHARE))
    return any(abs(value - one) <= slack for one in wanted)


def _cells(text: str) -> list[str]:
    """The parts of a line that hold digits, percentages left out."""
    return [cell for cell in _CELLS.split(_PERCENT.sub(" ", text)) if any(c.isdigit() for c in cell)]


def _last(text: str) -> Iterator[Decimal]:
    """The last amount of a line, if it has any."""
    cells = _cells(text)
    found = amounts(cells[-1]) if cells else None
    if found:
        yield max(found)


def _product(raw: str) -> Iterator[Decimal]:
    """The sum of a line whose cells hold quantity, price and their product."""
    cells = [amounts(cell) for cell in _CELLS.split(raw) if any(c.isdigit() for c in cell)]
    numbers = [min(cell) for cell in cells if len(cell) == 1]
    for first, second in combinations(numbers[:-1], 2):
        if (
            first > 0
            and second > 0
            and numbers[-1] > 0
            and abs(first * second - numbers[-1]) <= Decimal("0.02")
        ):
            yield numbers[-1]
            return
