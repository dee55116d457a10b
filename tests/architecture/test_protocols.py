"""A protocol's name is written in its row and in its adapter, and nowhere else: the rest decides by the row's properties."""

import ast
from collections.abc import Iterator

import pytest

from llm_assets.domain.protocol import PROTOCOLS
from tests.support.repository import ROOT

MAY_NAME = ("llm_assets/domain/protocol.py", "llm_assets/emulator/", "resources/providers/")
"""The table, the adapters, and the emulator, which plays the providers."""


def named_in(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of every string literal that contains a protocol's name; docstrings are prose and may."""
    tree = ast.parse(text)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(word)) if id(node) not in prose:
                if any(name in word.lower() for name in PROTOCOLS):
                    yield node.lineno, word


@pytest.mark.parametrize("house", ["llm_assets", "resources"])
def test_no_module_decides_by_the_name_of_a_protocol(house: str) -> None:
    found = {
        f"{path.relative_to(ROOT).as_posix()}:{line}": word
        for path in sorted((ROOT / house).rglob("*.py"))
        if not path.relative_to(ROOT).as_posix().startswith(MAY_NAME)
        for line, word in named_in(path.read_text("utf-8"))
    }
    assert found == {}


def test_a_name_in_code_is_found_and_one_in_a_docstring_is_not() -> None:
    text = '"""About openai."""\nKEY = "OPENAI_API_KEY"\nif protocol == "anthropic":\n    pass\n'
    assert [*named_in(text)] == [(2, "OPENAI_API_KEY"), (3, "anthropic")]
