"""Sizes that keep a room readable: folders, files and functions. Layers and circles are checked by import-linter."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import ROOT

MODULES, LINES, FUNCTION = 16, 400, 60
HOUSES = ("llm_assets", "resources", "tests")


def files() -> list[Path]:
    return [path for house in HOUSES for path in sorted((ROOT / house).rglob("*.py"))]


def too_full(paths: list[Path], most: int = MODULES) -> dict[Path, int]:
    counted = Counter(path.parent for path in paths if path.name != "__init__.py")
    return {folder: count for folder, count in counted.items() if count > most}


def lines_of(text: str) -> int:
    return len(text.splitlines())


def long_functions(text: str, most: int = FUNCTION) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if node.end_lineno is not None and node.end_lineno - first + 1 > most:
                yield node.name


def test_no_folder_holds_more_modules_than_a_person_can_survey() -> None:
    assert too_full(files()) == {}


@pytest.mark.parametrize("house", HOUSES)
def test_no_file_is_too_long(house: str) -> None:
    long = {
        p.as_posix(): n for p in (ROOT / house).rglob("*.py") if (n := lines_of(p.read_text("utf-8"))) > LINES
    }
    assert long == {}


@pytest.mark.parametrize("house", HOUSES)
def test_no_function_is_too_long(house: str) -> None:
    found = {
        p.as_posix(): names
        for p in (ROOT / house).rglob("*.py")
        if (names := [*long_functions(p.read_text("utf-8"))])
    }
    assert found == {}


def test_every_folder_of_the_platform_says_what_is_in_it() -> None:
    folders = {path.parent for path in files() if path.parts[len(ROOT.parts)] != "tests"}
    silent = [
        f for f in folders if ast.get_docstring(ast.parse((f / "__init__.py").read_text("utf-8"))) is None
    ]
    assert silent == []


def test_a_full_folder_and_a_long_function_are_found() -> None:
    assert too_full([Path("room") / f"{n}.py" for n in range(17)]) == {Path("room"): 17}
    assert [*long_functions("def short():\n    pass\n\n\ndef long():\n" + "    pass\n" * 60)] == ["long"]
