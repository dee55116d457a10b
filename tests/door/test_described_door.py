"""The door's OpenAPI document, against the routes and the error codes that the code has."""

import ast
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import jsonschema
from starlette.routing import Route

from llm_assets.usecases.answers.door import Door
from llm_assets.web.answers import app
from llm_assets.web.answers.openapi import CODES, document
from tests.support.repository import ROOT

SHELL = ROOT / "llm_assets" / "web" / "answers"
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def test_every_address_is_described_with_its_method() -> None:
    starlette = app._routed(app._Endpoint(cast(Door, SimpleNamespace()), 1))
    served = {
        (route.path.replace(":path", ""), method.lower())
        for route in starlette.routes
        if isinstance(route, Route)
        for method in (route.methods or ())
        if method != "HEAD"
    }
    described = {(path, method) for path, item in document()["paths"].items() for method in item}
    assert described == served


def codes_raised() -> Iterator[str]:
    """The third word of each refusal."""
    for path in SHELL.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "RefusedError":
                yield from (n.value for n in ast.walk(node.args[2]) if isinstance(n, ast.Constant))


def test_every_code_of_an_error_is_described_and_none_that_is_not_raised() -> None:
    raised = {*codes_raised(), "not_found", "method_not_allowed"}  # those two depend on the status
    assert raised == {code for codes in CODES.values() for code in codes}


def references(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        yield from ([found["$ref"]] if isinstance(found.get("$ref"), str) else [])
        for each in found.values():
            yield from references(each)
    elif isinstance(found, list):
        for each in found:
            yield from references(each)


def test_the_document_is_whole() -> None:
    whole = document()
    assert whole["openapi"] == "3.1.0"
    for reference in references(whole):
        place: Any = whole
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]
        assert place
    for schema in whole["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for item in whole["paths"].values():
        for operation in item.values():
            assert all("description" in each or "$ref" in each for each in operation["responses"].values())
    names = [operation["operationId"] for item in whole["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))
