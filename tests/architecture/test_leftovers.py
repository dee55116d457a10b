"""Nothing is left over from an edit: no name that nothing uses, and none that a module gives twice."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.support.repository import ROOT

HOUSES = ("llm_assets", "resources")
CALLED_BY_ALEMBIC = ROOT / "resources" / "migrations"
CALLED_BY_SQLALCHEMY = {"process_bind_param", "process_result_value"}
CALLED_BY_UVICORN = {"send_400_response"}
FOR_TESTS = {"mask_text"}
"""Masks a text that is no case, which only tests have."""
_WORD = re.compile(r"[A-Za-z_]\w*")

Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def modules() -> dict[Path, str]:
    paths = (path for house in HOUSES for path in sorted((ROOT / house).rglob("*.py")))
    return {p: p.read_text(encoding="utf-8") for p in paths if CALLED_BY_ALEMBIC not in p.parents}


def bound(body: list[ast.stmt]) -> Iterator[str]:
    """Names that these statements bind, as often as they do; of functions only those without a decorator."""
    for node in body:
        if isinstance(node, Named) and not node.decorator_list:
            yield node.name
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        yield from (x.id for target in targets for x in ast.walk(target) if isinstance(x, ast.Name))


def bound_twice(text: str) -> set[str]:
    scopes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Module | ast.ClassDef))
    return {name for scope in scopes for name, count in Counter(bound(scope.body)).items() if count > 1}


def defined(text: str) -> Iterator[str]:
    """Names of a module, and the undecorated functions in its classes: a decorator may be what calls a function."""
    tree = ast.parse(text)
    yield from bound(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from (f.name for f in node.body if isinstance(f, ast.FunctionDef) and not f.decorator_list)


def unused(texts: list[str], others: str = "") -> set[str]:
    """Names that are written only where they are defined."""
    definitions = Counter(name for text in texts for name in defined(text) if not name.startswith("__"))
    words = Counter(_WORD.findall("\n".join([*texts, others])))
    return {name for name, count in definitions.items() if words[name] <= count}


def test_no_module_and_no_class_gives_a_name_twice() -> None:
    assert {str(p): twice for p, text in modules().items() if (twice := bound_twice(text))} == {}


def test_no_name_is_defined_that_nothing_uses() -> None:
    data = (
        p for house in HOUSES for kind in ("*.html", "*.j2", "*.yaml") for p in (ROOT / house).rglob(kind)
    )
    others = "\n".join(p.read_text(encoding="utf-8") for p in data)
    assert unused(list(modules().values()), others) - CALLED_BY_SQLALCHEMY - CALLED_BY_UVICORN == FOR_TESTS


def test_the_names_are_found() -> None:
    assert bound_twice("A = 1\nB = 2\nA = 3\n") == {"A"}
    assert bound_twice("class C:\n    def f(self): ...\n    def f(self): ...\n") == {"f"}
    assert unused(["_A = 1\nB = 2\n", "from a import B\n"]) == {"_A"}
    assert unused(["class C:\n    def f(self): ...\nC()\n"]) == {"f"}
    assert unused(["def f(): ...\n"], "f") == set()
