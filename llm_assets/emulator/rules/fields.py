"""Extraction: the facts a mail states, found by anchor words and patterns (numbers, dates, amounts, names, problems).

Every finding carries the words that prove it, copied from the text. Anchors are searched as plain strings, which
is many times quicker than one large pattern; patterns read only the few characters after an anchor. The words are in
`lexicon.py`.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from llm_assets.emulator.rules.anchors import Anchors
from llm_assets.emulator.rules.case import Case
from llm_assets.emulator.rules.choices import Choice
from llm_assets.emulator.rules.dates import NUMERIC, dates
from llm_assets.emulator.rules.lexicon import (
    ABSENCES,
    BEFORE_NUMBER,
    CLOSINGS,
    CODES,
    DEADLINES,
    DOCUMENTS,
    INTRODUCTIONS,
    PROBLEMS,
    REQUEST_ANCHORS,
    TOTALS,
    UNTIL,
)


class Found(NamedTuple):
    value: Any
    quote: str | None


Extractor = Callable[[Case], Found | None]

NUMBER_AFTER = re.compile(
    r"[\w-]{0,12}[\s:]{0,3}(?:(?:number|номер\w{0,3}|нөмір\w{0,5}|no\.?|num|№|n|#)[\s:.]{0,3}){0,2}"
    r"([a-zа-яё]{0,6}[-/]?\d[\w/.-]{1,24})"
)
AMOUNT = re.compile(r"(?<!\d)(?:\d{1,3}(?:[ \t\u00a0\u202f.,]\d{3})+|\d+)(?:[.,]\d{1,2})?(?!\d)")
PLACEHOLDER = re.compile(r"\[[A-Z]+_\d+\]|<[A-Z]+_\d+>")
NAME = re.compile(r"[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ][\w'’-]+(?:[ \t]+(?:[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ]\.?[\w'’-]*)){0,3}")
ANCHORS = Anchors(
    [
        *(*REQUEST_ANCHORS, *CODES, *TOTALS, *CLOSINGS, *INTRODUCTIONS, *DEADLINES, *UNTIL),
        *(anchor for _, anchors in (*DOCUMENTS, *PROBLEMS) for anchor in anchors),
    ]
)
FULL_NAME = re.compile(
    r"(?:[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ](?:\.|[a-zа-яёәғқңөұүһі'’-]+(?:-[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ]\w+)?)\s*){2,3}"
)
ORDER_CODE = re.compile(r"\b[A-ZА-Я]{1,4}-\d{3,}(?:-\d+)?\b")
PHONE = re.compile(r"\+?\d[\d\s()-]{8,16}\d")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
REPLY_MARK = re.compile(r"^(?:\s*(?:re|fwd?|fw|ответ|отв|пересл|hа)\s*:\s*)+", re.IGNORECASE)


def _present(case: Case, anchors: tuple[str, ...]) -> list[str]:
    if "anchors" not in case.notes:
        case.notes["anchors"] = ANCHORS.possible(case.words)
    possible: frozenset[str] = case.notes["anchors"]
    return [anchor for anchor in anchors if anchor in possible]


def _anchored(case: Case, anchors: tuple[str, ...], reach: int = 70) -> list[tuple[int, int]]:
    """Start and end of the window after each anchor word, in the order of the text."""
    lowered = case.lowered
    ends: dict[int, int] = {}
    for anchor in _present(case, anchors):
        at = lowered.find(anchor)
        tries = 0
        while at >= 0 and tries < 6:
            ends[at] = max(ends.get(at, 0), at + len(anchor))
            at = lowered.find(anchor, at + 1)
            tries += 1
    return [(at, min(ends[at] + reach, len(lowered))) for at in sorted(ends)]


def _number_near(case: Case, anchors: tuple[str, ...], earliest: int = 0) -> Found | None:
    lowered, text = case.lowered, case.text
    for start, end in _anchored(case, anchors):
        if start < earliest:
            continue
        word_end = start
        while word_end < end and (lowered[word_end].isalpha() or lowered[word_end] == "-"):
            word_end += 1
        match = NUMBER_AFTER.match(lowered, word_end, end)
        if match is None or sum(map(str.isdigit, match[1])) < 2:
            continue
        value = text[match.start(1) : match.end(1)].rstrip(".-/")
        if NUMERIC.fullmatch(value):
            continue
        return Found(value, text[start : match.start(1) + len(value)])
    return None


def request_number(case: Case) -> Found | None:
    """The number after a word for a request or order, else the first text that looks like such a number."""
    found = _number_near(case, REQUEST_ANCHORS)
    if found is None and (code := ORDER_CODE.search(case.written)) is not None:
        return Found(code[0], code[0])
    return found


def document_type(case: Case) -> Found | None:
    """The kind of the first business document that is named together with a number, else of a named one."""
    number = _document(case)
    return None if number is None else Found(number[0], number[1].quote)


def document_number(case: Case) -> Found | None:
    number = _document(case)
    return None if number is None else number[1]


def _document(case: Case) -> tuple[str, Found] | None:
    if "document" not in case.notes:
        case.notes["document"] = next(
            (
                (kind, found)
                for kind, anchors in DOCUMENTS
                if (found := _number_near(case, anchors)) is not None
            ),
            None,
        )
    document: tuple[str, Found] | None = case.notes["document"]
    return document


def document_date(case: Case) -> Found | None:
    """The date right after the document's number."""
    document = _document(case)
    if document is None or document[1].quote is None:
        return None
    start = case.text.find(document[1].quote) + len(document[1].quote)
    near = dates(case.text[start : start + 40], case.year)
    return Found(near[0].iso, near[0].quote) if near else None


def deadline(case: Case) -> Found | None:
    """The first date after a word such as "by"; the date on which somebody is back is none."""
    for start, end in _anchored(case, DEADLINES, reach=32):
        near = dates(case.text[start:end], case.year)
        if near and not _absent(case, start):
            return Found(near[0].iso, near[0].quote)
    for at, _ in _anchored(case, UNTIL, reach=0):
        near = dates(case.text[max(0, at - 32) : at], case.year)
        if near and not _absent(case, at):
            return Found(near[-1].iso, near[-1].quote)
    return None


def _absent(case: Case, at: int) -> bool:
    """Whether the line around a place says that its writer is away."""
    line = case.lowered[case.lowered.rfind("\n", 0, at) + 1 : at + 40]
    return any(word in line for word in ABSENCES)


def first_date(case: Case) -> Found | None:
    found = dates(case.text, case.year)
    return Found(found[0].iso, found[0].quote) if found else None


def amount(case: Case) -> Found | None:
    money = _money(case)
    return None if money is None else Found(money[0], money[2])


def currency(case: Case) -> Found | None:
    money = _money(case)
    return None if money is None else Found(money[1], money[2])


def _money(case: Case) -> tuple[str, str, str] | None:
    """Amount, currency and their words: the largest after a word for "total", else the first."""
    if "money" not in case.notes:
        found = sorted(_sums(case))
        ends = [at for at, _ in _anchored(case, TOTALS, reach=0)]
        totals = [money for at, money in found if any(0 <= at - total <= 40 for total in ends)]
        first = found[0][1] if found else None
        case.notes["money"] = max(totals, key=lambda money: float(money[0])) if totals else first
    money: tuple[str, str, str] | None = case.notes["money"]
    return money


def _sums(case: Case) -> Iterator[tuple[int, tuple[str, str, str]]]:
    lowered, text = case.lowered, case.text
    present = set(_present(case, tuple(CODES)))
    for sign, code in CODES.items():
        if sign not in present:
            continue
        at = lowered.find(sign)
        tries = 0
        while at >= 0 and tries < 8:
            tries += 1
            before = [
                m for m in AMOUNT.finditer(lowered, max(0, at - 24), at) if not lowered[m.end() : at].strip()
            ]
            after = AMOUNT.match(
                lowered, at + len(sign) + (lowered[at + len(sign) : at + len(sign) + 1] == " ")
            )
            match = before[-1] if before else after if sign in BEFORE_NUMBER else None
            if match is not None and (value := plain_number(match[0])) is not None:
                quote = text[min(match.start(), at) : max(match.end(), at + len(sign))]
                yield match.start(), (value, code, quote)
            at = lowered.find(sign, at + 1)


def plain_number(text: str) -> str | None:
    """`12 500,50` and `12,500.50` as `12500.50`; None when it is not a number."""
    digits = re.sub(r"\s", "", text)
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0 and len(digits) - last - 1 in (1, 2):
        whole, fraction = digits[:last], "." + digits[last + 1 :]
    else:
        whole, fraction = digits, ""
    whole = re.sub(r"[.,]", "", whole)
    return whole + fraction if whole.isdigit() else None


def customer_name(case: Case) -> Found | None:
    """The name under a closing formula, or after an introduction."""
    text, lowered = case.text, case.lowered
    for anchors, reach in ((CLOSINGS, 80), (INTRODUCTIONS, 50)):
        for start, end in _anchored(case, anchors, reach):
            anchor = next(one for one in anchors if lowered.startswith(one, start))
            window = text[start + len(anchor) : end].lstrip(" ,.!:\t\r\n")
            match = PLACEHOLDER.match(window) or NAME.match(window)
            if match is not None:
                return Found(match[0], match[0])
    signed = _closing_name(case.written)
    if signed is None and (PLACEHOLDER.fullmatch(case.sender) or FULL_NAME.fullmatch(case.sender)):
        return Found(case.sender, case.sender)
    return signed


def _closing_name(written: str) -> Found | None:
    """A name that ends a line or the mail, as people sign without a formula."""
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    for line in reversed(lines[1:]):
        tail = re.split(r"[.!?,;:]\s+", line)[-1].strip().rstrip(".")
        words = tail.split()
        if 2 <= len(words) <= 3 and FULL_NAME.fullmatch(tail):
            return Found(tail, tail)
    return None


def problem_type(case: Case) -> Found | None:
    for kind, anchors in PROBLEMS:
        for anchor in _present(case, anchors):
            at = case.lowered.find(anchor)
            if at >= 0:
                return Found(kind, sentence_at(case.text, at))
    return None


def sentence_at(text: str, at: int) -> str:
    """The words around a place: its line, at most 60 characters to each side, cut at spaces."""
    start = max(text.rfind("\n", 0, at) + 1, at - 60)
    end = text.find("\n", at)
    end = min(len(text) if end < 0 else end, at + 60)
    if start == at - 60:
        start = max(start, text.find(" ", start, at) + 1)
    if end == at + 60:
        space = text.rfind(" ", at, end)
        end = space if space > at else end
    return text[start:end].strip()


def topic(case: Case) -> Found | None:
    subject = REPLY_MARK.sub("", case.subject).strip()
    line = subject or next((line.strip() for line in case.text.splitlines() if len(line.strip()) > 10), "")
    if not line:
        return None
    words = " ".join(line.split()[:8])
    return Found(words, words if words in case.text else line[:80])


def department(case: Case) -> Found | None:
    return department_among(case, case.instructions.departments)


def department_among(case: Case, known: Sequence[Choice]) -> Found | None:
    """The department whose words the text has more of than of any other's, with the sentence of the first."""
    if not known:
        return None
    verdict = case.judge(tuple(choice.name for choice in known), tuple(known))
    if not verdict.matched or verdict.doubt != "none":
        return None
    at = case.lowered.find(verdict.matched[0])
    return Found(verdict.best, sentence_at(case.text, at) if at >= 0 else None)


def _pattern(pattern: re.Pattern[str], gate: str) -> Extractor:
    def find(case: Case) -> Found | None:
        match = pattern.search(case.text) if gate in case.text else None
        return None if match is None else Found(match[0], match[0])

    return find


def language(case: Case) -> Found | None:
    return Found(case.language, None)


BY_NAME: tuple[tuple[str, Extractor], ...] = (
    (r"document_?type|doc_type", document_type),
    (r"(document|invoice|contract|policy|act)_?(number|no|id)\b", document_number),
    (r"(document|invoice|contract|issue)_?date", document_date),
    (r"deadline|due|answer_by", deadline),
    (r"(request|order|ticket|case|application|claim)_?(number|no|id)\b|^number$|reference", request_number),
    (r"amount|total|sum$|price", amount),
    (r"currency", currency),
    (r"customer|client|sender_name|full_name|^name$|person|author", customer_name),
    (r"e_?mail", _pattern(EMAIL, "@")),
    (r"phone|tel$", _pattern(PHONE, "")),
    (r"department|team", department),
    (r"problem|issue|complaint", problem_type),
    (r"topic|subject|title|about", topic),
    (r"language|^lang$", language),
    (r"date|day$", first_date),
)


@lru_cache(maxsize=1024)
def extractor(name: str) -> Extractor | None:
    """The function that finds a property of this name; None for an unknown name."""
    lowered = name.lower()
    return next((find for pattern, find in BY_NAME if re.search(pattern, lowered)), None)
