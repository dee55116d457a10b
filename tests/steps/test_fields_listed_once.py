"""No module but `extracted_fields/` lists the fields. The emulator may, because it acts as a provider and cannot import them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_assets.steps.extracted_fields.fields import FIELDS

ROOT = Path(__file__).parents[2]
NAMES = {field.name for field in FIELDS}
OURS = {name for name in NAMES if "_" in name}
"""Words that mean a field wherever they are; "amount" and "deadline" are words of many modules."""
ORDINARY = {"amount", "currency", "deadline"}
"""Of these alone no list is one of fields: prices have the first two, settings the others."""
EXEMPT = (
    *("llm_assets/emulator", "llm_assets/steps/extracted_fields"),
    *("llm_assets/usecases/answers/check_file", "llm_assets/web/answers/openapi"),
)
"""Of the last two `document_type` is a name of the interface."""
MODULES = [
    path
    for folder in ("llm_assets", "resources")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not path.relative_to(ROOT).as_posix().startswith(EXEMPT)
]


def listed(source: str) -> list[set[str]]:
    """The fields that one literal, call, class or string names together, if they are two or more."""
    found = (NAMES & set(_together(node)) for node in ast.walk(ast.parse(source)))
    return [names for names in found if len(names) > 1 and not names <= ORDINARY]


def _together(node: ast.AST) -> Iterator[str]:
    match node:
        case (
            ast.Tuple(elts=parts)
            | ast.List(elts=parts)
            | ast.Set(elts=parts)
            | ast.Subscript(slice=ast.Tuple(elts=parts))
        ):
            yield from _constants(parts)
        case ast.Dict(keys=keys):
            yield from _constants(key for key in keys if key is not None)
        case ast.Call(args=args, keywords=keywords):
            yield from _constants(args)
            yield from (keyword.arg for keyword in keywords if keyword.arg is not None)
        case ast.ClassDef(body=body):
            for line in body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    yield line.target.id
        case ast.Constant(value=str(text)):
            yield from re.split(r"[\s,|]+", text)


def _constants(nodes: Iterator[ast.expr] | list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize(
    "source",
    [
        'QUOTED = ("request_number", "amount")',
        'DATES = ["deadline", "document_date"]',
        'TYPES = {"document_date": "DATE", "amount": "DECIMAL"}',
        'KEPT = {"topic", "currency"}',
        'Kept = Literal["topic", "currency"]',
        'row = dict(topic=1, currency="KZT")',
        'COLUMNS = "request_number, topic, status".split(", ")',
        "class Found(BaseModel):\n    topic: str\n    currency: str",
    ],
)
def test_a_list_of_fields_is_recognised(source: str) -> None:
    assert listed(source)


@pytest.mark.parametrize(
    "source", ['row["amount"]', 'f("topic", 1)', "amount, currency = money", '"the amount"']
)
def test_a_single_field_is_no_list(source: str) -> None:
    assert not listed(source)


def test_both_packages_are_looked_at_without_the_emulator() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in MODULES}
    assert "llm_assets/steps/drafts/step.py" in names
    assert any(name.startswith("resources/") for name in names)
    assert not any("emulator/" in name for name in names)


def test_the_prompt_file_names_no_field() -> None:
    text = (ROOT / "llm_assets" / "steps" / "extracted_fields" / "prompt.md").read_text(encoding="utf-8")
    assert not {name for name in NAMES if re.search(rf"\b{name}\b", text)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_other_module_lists_the_fields(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not {name for name in OURS if re.search(rf"\b{name}\b", source)}
    assert listed(source) == []
