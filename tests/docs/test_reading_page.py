"""The page about reading names the limits and flags that the reader has."""

import re
from dataclasses import fields
from pathlib import Path

from llm_assets.intake.reading import Reading

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "reading.md").read_text(encoding="utf-8")


def test_the_limits_of_the_page_are_those_of_the_reader() -> None:
    written = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", PAGE, re.M))
    reading = Reading()
    numbers = {
        f.name: str(getattr(reading, f.name))
        for f in fields(Reading)
        if f.type in ("int", "float", int, float)
    }
    assert written == numbers


def test_every_flag_of_the_page_is_one_the_code_sets() -> None:
    table, limits = PAGE.split("## Limits")[0], PAGE.split("## Limits")[1]
    cells = [
        line.split("|")[3] for line in table.splitlines() if line.startswith("| ") and line.count("|") == 4
    ]
    named = {
        flag
        for cell in (*cells, *re.findall(r"^\| `.*\|(.*)\|$", limits, re.M))
        for flag in re.findall(r"`(\w+)`", cell)
    }
    named |= {
        flag
        for line in table.splitlines()
        if line.startswith("| `")
        for flag in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    code = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "llm_assets").rglob("*.py"))
    sources = {"ocr", "office", "plain", "message", "none"}
    assert len(named) > 20
    assert [flag for flag in sorted(named - sources) if f'"{flag}"' not in code] == []
