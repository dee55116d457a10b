"""Every function that the walks of a mail and of a batch name exists."""

from importlib import import_module
from importlib.util import find_spec

import pytest

from tests.support.pages import coded, rows, section, text_of

PAGE = text_of("docs/explanation/architecture.md")
WALKS = ("## The walk of one mail", "## The walk of one batch")


def _named(walk: str) -> list[str]:
    return [name for row in rows(section(PAGE, walk)) for name in coded(row[1])]


def _module_of(name: str) -> str:
    """The longest beginning that is a module."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        path = ".".join(parts[:end])
        try:
            if find_spec(path) is not None:
                return path
        except ModuleNotFoundError:
            continue
    raise AssertionError(f"{name} begins with no module")


@pytest.mark.parametrize("name", sorted({name for walk in WALKS for name in _named(walk)}))
def test_a_function_that_is_named_exists(name: str) -> None:
    module = _module_of(name)
    found: object = import_module(module)
    for part in name.removeprefix(f"{module}.").split("."):
        found = getattr(found, part)
    assert callable(found)


@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_names_functions_at_almost_every_step_and_none_twice(walk: str) -> None:
    steps, named = rows(section(PAGE, walk)), _named(walk)
    assert len(steps) > 10
    assert sum(bool(coded(row[1])) for row in steps) >= len(steps) - 1
    assert sorted(set(named)) == sorted(named)
