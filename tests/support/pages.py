"""What tests of the documentation read from a Markdown page: tables, pictures, links, code."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.support.repository import ROOT


class Edge(NamedTuple):
    before: str
    after: str


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    body = text.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"^#{{1,{level}}} ", body, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """Cells of every table row, headings and rulers left out."""
    found: list[list[str]] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        ruled = (
            number + 1 < len(lines) and set(lines[number + 1]) <= set("|-: ") and "---" in lines[number + 1]
        )
        if line.startswith("|") and not set(line) <= set("|-: ") and not ruled:
            found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]])
    return found


def edges(text: str) -> set[Edge]:
    """Arrows of the section's state diagram, without those from the start and to the end."""
    drawn = re.findall(r"^\s+(\S+) --> ([^\s:]+)", text, re.MULTILINE)
    return {Edge(*pair) for pair in drawn if "[*]" not in pair}


def coded(cell: str) -> list[str]:
    """The words in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def links(text: str) -> Iterator[str]:
    yield from re.findall(r"\]\(([^)\s]+)\)", text)


def anchors(page: Path) -> list[str]:
    """What a link to one of the page's headings ends in; headings inside examples are none."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def make_targets() -> list[str]:
    """Targets that people call, in the order of the Makefile."""
    return [name for name in re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE) if name != "help"]
