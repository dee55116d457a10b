"""Evidence: where a quote is in a case, and whether the case states a value. Knows no prompts, columns or doubts."""

import re
from decimal import Decimal
from typing import Any, assert_never

from llm_assets.domain.mail.document import Case
from llm_assets.steps.extracted_fields.fields import Proof

_GROUP = re.compile(r"\d+")
_GAP = re.compile(r"[ \u00a0\u202f.,']")


def locate(case: Case, quote: str | None) -> dict[str, Any] | None:
    """Where a quote is: record, part (`subject`, `text`, an attachment's position or `sender`), start and end.

    White space is compared loosely, because line breaks in a mail mean nothing. None when the quote does not occur.
    """
    words = quote.split() if quote else []
    if not words:
        return None
    for document in case.documents:
        message = document.message
        parts = [("subject", message.subject), ("text", message.new_text or message.text)]
        parts += [(f"attachment:{i}", a.text) for i, a in enumerate(message.attachments)]
        if message.customer is not None:
            parts.append(("sender", message.customer.name))
        for part, text in parts:
            span = _find(text, words)
            if span is not None:
                return {"record_id": message.record_id, "part": part, "start": span[0], "end": span[1]}
    return None


def _find(text: str, words: list[str]) -> tuple[int, int] | None:
    start = text.find(words[0])
    while start >= 0:
        at = start + len(words[0])
        for word in words[1:]:
            gap = at
            while gap < len(text) and text[gap].isspace():
                gap += 1
            if gap == at or not text.startswith(word, gap):
                break
            at = gap + len(word)
        else:
            return start, at
        start = text.find(words[0], start + 1)
    return None


def is_stated(case: Case, proof: Proof, value: str, quote: str | None, *, scans_shown: bool) -> bool:
    """Whether the case states the value literally, or the quote states it in another form.

    With `scans_shown` a quote that does not occur in the text is accepted: it may be from a scan that only the model read.
    """
    if proof is Proof.OWN_TERMS:
        return True
    if locate(case, value) is not None and (proof is not Proof.AMOUNT or not quote):
        return True
    if not quote or (locate(case, quote) is None and not scans_shown):
        return False
    match proof:
        case Proof.AMOUNT:
            return abs(Decimal(value)) in _amounts(quote)
        case Proof.NAME:
            passage = _plain(quote)
            return all(word[: max(3, len(word) - 2)] in passage for word in value.casefold().split())
        case Proof.WORD_FOR_WORD:
            return _plain(value).lstrip("№#") in _plain(quote)
        case _:
            assert_never(proof)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _amounts(passage: str) -> set[Decimal]:
    """Every number that the digit groups of a passage may mean. One or two digits after a dot or comma are decimals."""
    groups = list(_GROUP.finditer(passage))
    found: set[Decimal] = set()
    for first, start in enumerate(groups):
        whole, end = "", start.start()
        for group in groups[first:]:
            gap = passage[end : group.start()]
            if whole and not _GAP.fullmatch(gap):
                break
            if gap in (".", ",") and len(group[0]) <= 2:
                found.add(Decimal(f"{whole}.{group[0]}"))
            whole, end = whole + group[0], group.end()
            found.add(Decimal(whole))
    return found
