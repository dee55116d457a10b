"""docs/reference/conformance.md is true: its tables hold exactly the cases, and its example prints the output shown."""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

from llm_assets.emulator.conformance.case import cases
from llm_assets.emulator.conformance.judge import Level
from llm_assets.emulator.errors import Protocol

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "conformance.md").read_text(encoding="utf-8")


ALL = set(get_args(Protocol))


class Row(NamedTuple):
    name: str
    protocols: str
    happens: str
    must: str
    ours: str


def table() -> list[Row]:
    found = re.findall(r"^\| `([a-z0-9-]+)` \| ([\w, ]+) \| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    return [Row(*cells) for cells in found]


def test_the_tables_hold_every_case_as_its_file_says_it() -> None:
    rows = table()
    assert sorted(row.name for row in rows) == list(cases())
    for row in rows:
        case = cases()[row.name]
        assert row.protocols == ("all" if set(case.protocols) == ALL else ", ".join(case.protocols))
        assert (row.happens, row.must) == (case.happens, case.must)


def test_each_table_is_in_the_order_of_its_names() -> None:
    for part in re.split(r"^### ", PAGE, flags=re.MULTILINE):
        names = re.findall(r"^\| `([a-z0-9-]+)` \|", part, re.MULTILINE)
        assert names == sorted(names)


def test_the_page_says_by_which_cases_a_gemini_client_is_not_judged() -> None:
    told = re.search(r"A Gemini client is not judged by (.+?):", PAGE, re.DOTALL)
    assert told is not None
    without = {name for name, case in cases().items() if set(case.protocols) == ALL - {"gemini"}}
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", told[1])) == without


def test_the_tables_name_what_our_engine_does_not_pass() -> None:
    assert {row.ours for row in table()} == {"passes"}


def test_every_level_is_explained() -> None:
    levels = set(re.findall(r"^\| (\w+) \| [\w -]+(?:, [\w …]+)? \|", PAGE, re.MULTILINE))
    assert set(Level.__args__) <= levels  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_example_client_passes_and_fails_as_the_page_says(tmp_path: Path) -> None:
    code, said = (re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) for kind in ("python", "text"))
    assert code is not None and said is not None
    (tmp_path / "client.py").write_text(code[1], encoding="utf-8")
    line = re.search(r"^python -m (.+ -- )python client.py$", PAGE, re.MULTILINE)
    assert line is not None
    command = [sys.executable, "-m", *line[1].split(), sys.executable, str(tmp_path / "client.py")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert ran.stdout == said[1]
    assert ran.returncode == 1
