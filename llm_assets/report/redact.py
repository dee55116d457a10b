"""Redact: a written report without what it says of cases whose record was deleted. Pure; beside the templates it follows.

A revision is never changed otherwise. Numbers, queues and record ids stay: what the night was stays true.
"""

import re
from collections.abc import Collection
from typing import Any

DELETED = "(deleted)"

_HTML_ROW = re.compile(r'<tr><td class="(?:subject|when)">.*?</tr>', re.DOTALL)
_HTML_ID = re.compile(r'<span class="id">([^<]*)</span>')
_HTML_SUBJECT = re.compile(r"<bdi>[^<]*</bdi>")
_HTML_DETAIL = re.compile(r'( in [^<]*)<span class="muted">[^<]*</span>')
_CELL = re.compile(r"(?<!\\)\|")
_REVIEW_CELLS, _PRESSING_CELLS = (0, 4), (1,)
"""Columns of the tables of Markdown that hold a subject or a doubt's detail: those of six cells are told by the last but
one, which is a detail in one and a state in the other."""
_STATES = frozenset({"ok", "review", "open", "dead"})


def redacted_html(text: str, records: Collection[str]) -> str:
    def row(found: re.Match[str]) -> str:
        said = _HTML_ID.search(found.group())
        if said is None or said.group(1) not in records:
            return found.group()
        return _HTML_DETAIL.sub(r"\1", _HTML_SUBJECT.sub(f"<bdi>{DELETED}</bdi>", found.group()))

    return _HTML_ROW.sub(row, text)


def redacted_markdown(text: str, records: Collection[str]) -> str:
    return "".join(_line(line, records) for line in text.splitlines(keepends=True))


def _line(line: str, records: Collection[str]) -> str:
    cells = _CELL.split(line.rstrip("\n"))
    if len(cells) != 8 or cells[-2].strip() not in records:
        return line
    inner = cells[1:-1]
    for position in _PRESSING_CELLS if inner[4].strip() in _STATES else _REVIEW_CELLS:
        inner[position] = f" {DELETED} "
    return "|".join(["", *inner, ""]) + "\n"


def redacted_json(report: dict[str, Any], records: Collection[str]) -> dict[str, Any]:
    """`report.json` names no subject; a doubt's detail may quote an answer."""
    review = [
        {**case, "detail": DELETED} if case.get("record_id") in records and case.get("detail") else case
        for case in report.get("review", [])
    ]
    return {**report, "review": review} if "review" in report else report
