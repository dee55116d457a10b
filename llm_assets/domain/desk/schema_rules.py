"""What a provider accepts of a JSON schema, and where a step's schema breaks it. Pure.

The rules of each protocol are data, in `resources/providers/`. A schema is judged as it would be sent: closed and without
bounds, as `strict_schema` makes it, and narrowed to a queue.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from llm_assets.domain.requests.request import JsonSchema

_CHILDREN = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")


@dataclass(frozen=True, slots=True)
class SchemaRules:
    """None stands for no limit that is known."""

    refused: frozenset[str]
    """Keywords that are not accepted."""
    formats: frozenset[str] | None
    """Formats of strings that are accepted; None for any."""
    every_required: bool
    """Whether every property has to be required."""
    optional: int | None = None
    """The most properties that are not required."""
    unions: int | None = None
    """The most properties of several types, as the schema spells them; a shared definition counts once."""
    properties: int | None = None
    depth: int | None = None
    """The most objects and lists inside one another."""
    enum_values: int | None = None
    """Of all enums together."""
    name_characters: int | None = None
    """Of all names and enum values together."""
    recursive: bool = False
    """Whether a definition may use itself."""
    starts_differ: bool = False
    """Whether objects that are alternatives must begin with properties of different names."""


class _Node(NamedTuple):
    where: str
    schema: JsonSchema


def schema_problem(schema: JsonSchema, rules: SchemaRules) -> str | None:
    """The first reason why a schema would be refused, with its place and the cure; None when none is known."""
    if not rules.recursive and (looped := _loop(schema)) is not None:
        return f"{looped} contains itself: write the levels out, or store the inner ones as text"
    if schema.get("type") != "object" or "properties" not in schema:
        return "the answer is no object with named fields: make the output model a class with fields, and none that contains itself"
    nodes = list(_nodes(schema))
    definitions = schema.get("$defs", {})
    for node in nodes:
        why = _of_node(node, rules) or _of_reference(node, definitions)
        if why is None and rules.starts_differ:
            why = _of_alternatives(node, definitions)
        if why is not None:
            return f"{node.where}: {why}" if node.where else why
    return _of_all(nodes, _depth(schema, schema.get("$defs", {}), frozenset()), rules)


def _of_node(node: _Node, rules: SchemaRules) -> str | None:
    schema = node.schema
    if bad := sorted(rules.refused & schema.keys()):
        return f"{bad[0]} is not accepted: use a plain type there and check the value in the output model"
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return "names of fields are left open, as in a dict: use a model with named fields, or a list of pairs"
        optional = sorted(schema.get("properties", {}).keys() - set(schema.get("required", ())))
        if optional and rules.every_required:
            return f"{optional[0]} is optional: make it required and allow None"
    given = schema.get("format")
    if given is not None and rules.formats is not None and given not in rules.formats:
        return f"the format {given} is not accepted: use plain text and check it in the output model"
    if any(isinstance(value, list | dict) for value in schema.get("enum", ())):
        return "an enum holds something else than text, numbers, booleans or null: name its values"
    return None


def _of_reference(node: _Node, definitions: Mapping[str, Any]) -> str | None:
    """A reference has nothing beside it: one protocol refuses what is there, the SDK of another takes it out. And it leads
    to a definition of the whole schema."""
    reference = node.schema.get("$ref")
    if reference is None:
        return None
    beside = sorted(name for name in node.schema if not name.startswith("$"))
    if beside:
        return f"{beside[0]} is not accepted beside a reference: put it into the class that the field names"
    if str(reference).removeprefix("#/$defs/") not in definitions:
        return f"{reference} is no definition of the schema: define it in $defs"
    return None


def _of_alternatives(node: _Node, definitions: Mapping[str, Any]) -> str | None:
    begun: set[str] = set()
    for one in node.schema.get("anyOf", ()):
        resolved = definitions.get(str(one.get("$ref", "")).removeprefix("#/$defs/"), one)
        first = next(iter(resolved.get("properties", {})), None)
        if first in begun:
            return f"two alternatives begin with {first}: give each another first field"
        if first is not None:
            begun.add(first)
    return None


def _of_all(nodes: Sequence[_Node], depth: int, rules: SchemaRules) -> str | None:
    fields = [name for n in nodes for name in n.schema.get("properties", {})]
    optional = sum(
        len(n.schema.get("properties", {}).keys() - set(n.schema.get("required", ()))) for n in nodes
    )
    enums = [value for n in nodes for value in n.schema.get("enum", ())]
    unions = sum("anyOf" in n.schema or isinstance(n.schema.get("type"), list) for n in nodes)
    characters = sum(len(str(value)) for value in (*fields, *enums))
    counted = (
        ("fields", len(fields), rules.properties, "split the step in two"),
        ("levels", depth, rules.depth, "make the output model flatter"),
        (
            "enum values",
            len(enums),
            rules.enum_values,
            "a queue needs fewer categories, or a field fewer choices",
        ),
        ("characters in names and enum values", characters, rules.name_characters, "shorten the names"),
        ("optional fields", optional, rules.optional, "make fields required and allow None"),
        (
            "fields of several types",
            unions,
            rules.unions,
            "give fields one type, with an empty text for nothing",
        ),
    )
    for what, found, most, cure in counted:
        if most is not None and found > most:
            return f"{found} {what}, and at most {most} are accepted: {cure}"
    return None


def _nodes(schema: JsonSchema) -> Iterator[_Node]:
    """Every node of the schema with its place; definitions once, where they are defined."""
    stack = [_Node("", schema)]
    while stack:
        node = stack.pop()
        yield node
        stack += [child for child in _children(node) if isinstance(child.schema, dict)]


def _children(node: _Node) -> Iterator[_Node]:
    def at(name: str) -> str:
        return f"{node.where}.{name}" if node.where else name

    for group in _CHILDREN:
        for name, child in node.schema.get(group, {}).items():
            yield _Node(at(name), child)
    for group in _LISTS:
        for child in node.schema.get(group, ()):
            yield _Node(node.where, child)
    if "items" in node.schema:
        yield _Node(at("items"), node.schema["items"])


def _depth(schema: Any, definitions: Mapping[str, Any], inside: frozenset[str]) -> int:  # a part of a schema
    """The most objects and lists inside one another, definitions followed; one that leads back to itself counts once."""
    if not isinstance(schema, dict):
        return 0
    used = str(schema.get("$ref", "")).rpartition("/")[2]
    if used:
        return 0 if used in inside else _depth(definitions.get(used), definitions, inside | {used})
    below = [*schema.get("properties", {}).values(), schema.get("items")]
    below += [child for group in _LISTS for child in schema.get(group, ())]
    own = int(schema.get("type") in ("object", "array"))
    return own + max((_depth(child, definitions, inside) for child in below), default=0)


def _loop(schema: JsonSchema) -> str | None:
    """A definition that leads back to itself."""
    definitions: Mapping[str, Any] = schema.get("$defs", {})
    uses = {name: set(_references(child)) for name, child in definitions.items()}
    for name in uses:
        seen: set[str] = set()
        waiting = set(uses[name])
        while waiting:
            used = waiting.pop()
            if used == name:
                return name
            if used not in seen:
                seen.add(used)
                waiting |= uses.get(used, set())
    return None


def _references(node: Any) -> Iterator[str]:  # a part of a JSON schema
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rpartition("/")[2]
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)
