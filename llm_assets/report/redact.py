"""Redaction: removes from a written report the subjects and details of cases whose record was deleted. Pure.

It depends on the form of the templates beside it. Nothing else ever changes a revision. Numbers, queues and record ids
stay, because they remain true of that night.
"""

import re
from collections.abc import Collection
from functools import cache
from typing import Any

from llm_assets.report.cases import State
from llm_assets.report.pressing import STATE_WORDS
from llm_assets.words.language import LANGUAGES
from llm_assets.words.words import words_in

DELETED = "(deleted)"

_HTML_ROW = re.compile(r'<tr(?: data-record="[^"]*")?><td class="(?:subject|when)">.*?</tr>', re.DOTALL)
_HTML_ID = re.compile(r'^<tr data-record="([^"]*)"|<span class="id">([^<]*)</span>')
_HTML_SUBJECT = re.compile(r"<bdi>[^<]*</bdi>")
_HTML_DETAIL = re.compile(r'(<span class="muted">[^<:]*): [^<]*(?=</span>)')
_FORMER_DETAIL = re.compile(r'( in [^<]*)<span class="muted">[^<]*</span>')
"""As reports had it that named the step before the detail and not beside it."""
_CELL = re.compile(r"(?<!\\)\|")
_REVIEW_CELLS, _PRESSING_CELLS = (0, 4), (1,)
"""The cells of a Markdown table row that hold a subject or a doubt's detail.

Both tables have rows of six cells; the last cell but one distinguishes them: it is a detail in one, a state in the other.
"""


@cache
def _states() -> frozenset[str]:
    """The cells that hold a state, in every language, and in reports that named it by its code."""
    said = {words_in(language).say(text) for language in LANGUAGES for text in STATE_WORDS.values()}
    return frozenset({*said, *State})


def redacted_html(text: str, records: Collection[str]) -> str:
    def row(found: re.Match[str]) -> str:
        record = _HTML_ID.search(found.group())
        if record is None or (record[1] or record[2]) not in records:
            return found.group()
        kept = _HTML_SUBJECT.sub(f"<bdi>{DELETED}</bdi>", found.group())
        return _FORMER_DETAIL.sub(r"\1", _HTML_DETAIL.sub(r"\1", kept))

    return _HTML_ROW.sub(row, text)


def redacted_markdown(text: str, records: Collection[str]) -> str:
    return "".join(_line(line, records) for line in text.splitlines(keepends=True))


def _line(line: str, records: Collection[str]) -> str:
    cells = _CELL.split(line.rstrip("\n"))
    if len(cells) != 8 or cells[-2].strip() not in records:
        return line
    inner = cells[1:-1]
    for position in _PRESSING_CELLS if inner[4].strip() in _states() else _REVIEW_CELLS:
        inner[position] = f" {DELETED} "
    return "|".join(["", *inner, ""]) + "\n"


def redacted_json(report: dict[str, Any], records: Collection[str]) -> dict[str, Any]:
    """The report without details of these records: `report.json` holds no subject, but a detail may quote an answer."""
    review = [
        {**case, "detail": DELETED} if case.get("record_id") in records and case.get("detail") else case
        for case in report.get("review", [])
    ]
    return {**report, "review": review} if "review" in report else report
