"""What Dagster calls is a shell: it opens the desk, calls a use case and reports. Decisions and stores are elsewhere."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.repository import ROOT

DEFS = ROOT / "llm_assets" / "defs"
CALLED_BY_DAGSTER = {"asset", "multi_asset", "asset_check", "sensor", "schedule"}
STORES = {"ledger", "lake", "raw"}
MOST_LINES = 15

Function = ast.FunctionDef | ast.AsyncFunctionDef


def shells(tree: ast.AST) -> Iterator[Function]:
    """Functions that a decorator of dagster makes an asset, check, sensor or schedule."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and any(_name(d) in CALLED_BY_DAGSTER for d in node.decorator_list):
            yield node


def _name(decorator: ast.expr) -> str | None:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)


def lines_of_body(function: Function) -> int:
    """Lines from the first statement to the last one; the docstring does not count."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def opened_stores(tree: ast.AST) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in STORES}


FILES = {path.name: ast.parse(path.read_text("utf-8")) for path in sorted(DEFS.rglob("*.py"))}


@pytest.mark.parametrize("name", FILES)
def test_a_shell_has_at_most_fifteen_lines(name: str) -> None:
    assert {f.name: n for f in shells(FILES[name]) if (n := lines_of_body(f)) > MOST_LINES} == {}


@pytest.mark.parametrize("name", FILES)
def test_no_definition_opens_a_store(name: str) -> None:
    assert opened_stores(FILES[name]) == set()


def test_every_kind_of_definition_is_looked_at() -> None:
    found = {f.name for tree in FILES.values() for f in shells(tree)}
    assert found >= {"documents", "process_round", "review_queue", "morning_report", "control_set"}
    assert found >= {"check", "schema", "new_mail", "batches", "daily"}


LONG = """
@dg.asset(name="long")
def long(context):
    '''A docstring
    of two lines.'''
    with desk.open() as assembly:
        rows = assembly.ledger.usage(day)
"""


def test_a_long_shell_and_an_opened_store_are_found() -> None:
    tree = ast.parse(LONG + "        use(rows)\n" * MOST_LINES)
    assert [(f.name, lines_of_body(f)) for f in shells(tree)] == [("long", MOST_LINES + 2)]
    assert opened_stores(tree) == {"ledger"}
