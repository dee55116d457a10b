"""Compiles a JSON schema into a function that fills it from a case. Compiled once per schema, called once per request.

A property's meaning is taken from its name (`fields.py`), everything else from its type. Supported are objects, arrays,
enums, const, nullable by anyOf or type lists, $ref and $defs, and numeric and length bounds. `pattern` is obeyed
when the text itself holds a match.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import orjson

from llm_assets.emulator.rules.case import Case
from llm_assets.emulator.rules.choices import DOUBT_WORDS, Choice, Verdict
from llm_assets.emulator.rules.drafts import DRAFT_PARTS, draft, is_draft
from llm_assets.emulator.rules.fields import Found, department_among, extractor
from llm_assets.emulator.rules.summary import SUMMARY_PARTS, summary
from llm_assets.emulator.rules.urgency import reason_among, why_urgent

Node = Callable[[Case], Any]
Schema = dict[str, Any]
DEEPEST = 12
VERDICT_PARTS = frozenset(
    {"category", "runner_up", "second_category", "confidence", "doubt", "ambiguous", "reason"}
)


def fill(schema: bytes, case: Case) -> Any:
    """An answer that obeys the schema, given as JSON."""
    return compiled(schema)(case)


@lru_cache(maxsize=256)
def compiled(schema: bytes) -> Node:
    root: Schema = orjson.loads(schema)
    return _Compiler(root).node(root, "", 0)


class _Compiler:
    def __init__(self, root: Schema) -> None:
        self.root = root

    def resolve(self, schema: Schema) -> Schema:
        """Follows $ref and merges allOf into one schema."""
        for _ in range(DEEPEST):
            if "$ref" in schema:
                target: Any = self.root
                for step in schema["$ref"].removeprefix("#").strip("/").split("/"):
                    target = target[step] if step else target
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = {**target, **rest}
            elif "allOf" in schema:
                merged = {key: value for key, value in schema.items() if key != "allOf"}
                for part in schema["allOf"]:
                    merged |= self.resolve(part)
                schema = merged
            else:
                break
        return schema

    def node(self, schema: Schema, name: str, depth: int) -> Node:
        schema = self.resolve(schema)
        if depth > DEEPEST:
            return _constant(None)
        if "const" in schema:
            return _constant(schema["const"])
        variants = schema.get("anyOf") or schema.get("oneOf")
        if variants:
            return self._union(variants, name, depth)
        if "enum" in schema:
            return _enum(schema["enum"], name)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            return self._union([{**schema, "type": one} for one in kind], name, depth)
        match kind:
            case "object":
                return self._object(schema, name, depth)
            case "array":
                return self._array(schema, name, depth)
            case "boolean":
                return _boolean(name)
            case "integer" | "number":
                return _number(schema, name, kind == "integer")
            case "null":
                return _constant(None)
        return _string(schema, name)

    def _union(self, variants: list[Schema], name: str, depth: int) -> Node:
        real = [one for one in variants if self.resolve(one).get("type") != "null"]
        nullable = len(real) < len(variants)
        if not real or (nullable and depth > DEEPEST // 2):
            return _constant(None)
        inner = self.node(real[0], name, depth + 1)
        if not nullable:
            return inner
        find = extractor(name)
        resolved = self.resolve(real[0])
        if {"value", "quote"} <= (resolved.get("properties") or {}).keys():
            return lambda case: None if (answer := inner(case))["value"] is None else answer
        plain = resolved.get("type") not in ("object", "array")
        if not plain or name in VERDICT_PARTS | DRAFT_PARTS | SUMMARY_PARTS:
            return inner

        def maybe(case: Case) -> Any:
            if "enum" in resolved:
                return _chosen(case, resolved["enum"], name)
            found = None if find is None else find(case)
            return None if found is None else _coerced(found.value, resolved)

        return maybe

    def _object(self, schema: Schema, name: str, depth: int) -> Node:
        properties: dict[str, Schema] = schema.get("properties") or {}
        if {"value", "quote"} <= properties.keys():
            return self._field(properties, name, depth)
        special: dict[str, Node] = {}
        if "category" in properties:
            special = _verdict_nodes(
                self._names(properties["category"]), self._can_be_null(properties, "runner_up")
            )
            if not set(self._names(properties.get("doubt") or {})) >= DOUBT_WORDS:
                special.pop("doubt")  # a doubt in words of its own
        elif is_draft(properties):
            special = {part: _attribute("draft", part) for part in DRAFT_PARTS}
        elif {"urgent", "reason"} <= properties.keys():
            special = {
                "urgent": lambda case: why_urgent(case) is not None,
                "reason": partial(reason_among, known=self._names(properties["reason"])),
            }
        elif "summary" in properties:
            special = {part: _attribute("summary", part) for part in SUMMARY_PARTS}
        children = [
            (key, special[key] if key in special else self.node(child, key, depth + 1))
            for key, child in properties.items()
        ]
        return lambda case: {key: child(case) for key, child in children}

    def _field(self, properties: dict[str, Schema], name: str, depth: int) -> Node:
        """`{"value": …, "quote": …}`: a finding and the words that prove it."""
        find = extractor(name)
        value = self.resolve(properties["value"])
        options = [self.resolve(one) for one in value.get("anyOf") or value.get("oneOf") or [value]]
        real = next((one for one in options if one.get("type") != "null"), options[0])
        others = [
            (key, self.node(child, key, depth + 1))
            for key, child in properties.items()
            if key not in ("value", "quote")
        ]

        def field(case: Case) -> dict[str, Any]:
            found = _field_found(case, find, real, name)
            answer = (
                {"value": None, "quote": None}
                if found is None
                else {"value": _coerced(found.value, real), "quote": found.quote}
            )
            for key, child in others:
                answer[key] = child(case)
            return answer

        return field

    def _array(self, schema: Schema, name: str, depth: int) -> Node:
        items = self.resolve(schema.get("items") or {})
        least, most = int(schema.get("minItems", 0)), schema.get("maxItems")
        if name in SUMMARY_PARTS and items.get("type") == "string":
            listed = _attribute("summary", name)
            return lambda case: listed(case)[: most if most is not None else None]
        if depth >= DEEPEST // 2 and not least:
            return _constant([])
        facts = self._facts(items)
        if facts:
            return lambda case: [fact for find in facts if (fact := find(case)) is not None]
        inner = self.node(items, name.removesuffix("s"), depth + 1)
        find = extractor(name.removesuffix("s"))

        def array(case: Case) -> list[Any]:
            wanted = least if find is None or find(case) is None else max(least, 1)
            return [inner(case) for _ in range(wanted)]

        return array

    def _facts(self, items: Schema) -> list[Node]:
        """Of a list of facts, each with the words that prove it: a node for every fact that it may hold, which answers
        None where the text does not state it. A shape names its facts in `field`, or its only fact by a property."""
        nodes: list[Node] = []
        for shape in map(self.resolve, items.get("anyOf") or items.get("oneOf") or [items]):
            properties: dict[str, Schema] = shape.get("properties") or {}
            named = properties.keys() - {"quote"}
            if "quote" not in properties or not (named == {"field", "value"} or len(named) == 1):
                return []
            if "field" in named:
                value = self.resolve(properties["value"])
                nodes += [_fact(name, value, "value") for name in self._names(properties["field"])]
            else:
                [name] = named
                nodes.append(_fact(name, self.resolve(properties[name]), name))
        return nodes

    def _names(self, schema: Schema) -> tuple[str, ...]:
        schema = self.resolve(schema)
        options = [self.resolve(one) for one in schema.get("anyOf") or [schema]]
        return tuple(value for one in options for value in one.get("enum") or () if isinstance(value, str))

    def _can_be_null(self, properties: dict[str, Schema], name: str) -> bool:
        schema = self.resolve(properties.get(name) or {})
        options = [self.resolve(one) for one in schema.get("anyOf") or [schema]]
        return any(
            one.get("type") == "null" or "null" in (one.get("type") or ()) or None in (one.get("enum") or ())
            for one in options
        )


def _constant(value: Any) -> Node:
    return lambda case: value


def _attribute(what: str, part: str) -> Node:

    make = draft if what == "draft" else summary

    def read(case: Case) -> Any:
        if what not in case.notes:
            case.notes[what] = make(case)
        return case.notes[what][part]

    return read


def _verdict_nodes(names: tuple[str, ...], null_runner_up: bool) -> dict[str, Node]:
    """`category`, confidence, runner-up and the like: all from one classification."""

    def judged(case: Case) -> Verdict:
        described = case.instructions.categories
        known = names or tuple(choice.name for choice in described) or ("other",)
        return case.judge(known, described)

    def runner_up(case: Case) -> str | None:
        verdict = judged(case)
        if verdict.runner_up is not None or null_runner_up:
            return verdict.runner_up
        return next((name for name in names if name != verdict.best), names[0])

    def reason(case: Case) -> str:
        verdict = judged(case)
        if not verdict.matched:
            return "No word of the message belongs to a category."
        close = f"; close to {verdict.runner_up}" if verdict.doubt != "none" else ""
        return f"Matched: {', '.join(verdict.matched[:6])}{close}."

    return {
        "category": lambda case: judged(case).best,
        "runner_up": runner_up,
        "second_category": runner_up,
        "confidence": lambda case: judged(case).confidence,
        "doubt": lambda case: judged(case).doubt,
        "ambiguous": lambda case: judged(case).doubt != "none",
        "reason": reason,
    }


def _enum(values: list[Any], name: str) -> Node:
    nullable = None in values

    def choose(case: Case) -> Any:
        chosen = _chosen(case, values, name)
        return chosen if chosen is not None or nullable else values[0]

    return choose


def _chosen(case: Case, values: list[Any], name: str) -> Any:
    """The value that the text is about, or None."""
    texts = tuple(value for value in values if isinstance(value, str))
    find = extractor(name)
    found = None if find is None else find(case)
    if found is not None:
        for value in values:
            if str(value).lower() == str(found.value).lower():
                return value
    if not texts:
        return None
    described: tuple[Choice, ...] = case.instructions.departments if "department" in name else ()
    verdict = case.judge(texts, described)
    if verdict.matched:
        return verdict.best
    return verdict.best if verdict.best.lower().split("_")[0] in ("other", "none", "unknown") else None


def _field_found(case: Case, find: Any, schema: Schema, name: str) -> Found | None:
    if "enum" in schema:
        chosen = _chosen(case, schema["enum"], name)
        if chosen is None:
            return None
        found = None if find is None else find(case)
        return Found(chosen, None if found is None else found.quote)
    return None if find is None else find(case)


def _fact(name: str, value: Schema, key: str) -> Node:
    """A fact with its proof; None where the text does not state it, or states what the closed list does not hold."""
    find = extractor(name)
    texts = tuple(text for text in value.get("enum") or () if isinstance(text, str))
    if texts and name == "department":
        known = tuple(Choice(text, "") for text in texts)
        find = partial(department_among, known=known)

    def fact(case: Case) -> dict[str, Any] | None:
        found = None if find is None else find(case)
        if found is None or (texts and found.value not in texts):
            return None
        named = {"field": name} if key == "value" else {}
        return {**named, key: _coerced(found.value, value), "quote": found.quote or ""}

    return fact


def _boolean(name: str) -> Node:
    if name == "ambiguous":
        return lambda case: False
    find = extractor(name)
    return lambda case: find is not None and find(case) is not None


def _number(schema: Schema, name: str, whole: bool) -> Node:
    find = extractor(name)
    low, high = schema.get("minimum"), schema.get("maximum")
    step = schema.get("multipleOf")

    def number(case: Case) -> Any:
        found = None if find is None else find(case)
        value = _as_number(found.value) if found is not None else None
        if value is None:
            value = 0.5 if name in ("confidence", "score", "probability") and not whole else 0
        if low is not None:
            value = max(value, low)
        if high is not None:
            value = min(value, high)
        if step:
            value = value // step * step
        return int(value) if whole else value

    return number


def _as_number(value: Any) -> float | int | None:
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return None
    return int(number) if number.is_integer() else number


def _coerced(value: Any, schema: Schema) -> Any:
    """A finding converted to the type of the schema; None when that is impossible."""
    kinds = schema.get("type", "string")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "integer" in kinds or "number" in kinds:
        number = _as_number(value)
        return number if number is None or "number" in kinds else int(number)
    if "boolean" in kinds:
        return bool(value)
    text = str(value)
    return text[: schema["maxLength"]] if "maxLength" in schema else text


def _string(schema: Schema, name: str) -> Node:
    find = extractor(name)
    pattern = re.compile(schema["pattern"]) if "pattern" in schema else None
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    default = {"date": "1970-01-01", "date-time": "1970-01-01T00:00:00Z", "email": "unknown@example.com"}.get(
        schema.get("format", "")
    )

    def string(case: Case) -> str:
        found = None if find is None else find(case)
        text = str(found.value) if found is not None else default or ""
        if pattern is not None and not pattern.search(text):
            inside = pattern.search(case.text)
            text = inside[0] if inside is not None else text
        if not text and default is None:
            text = case.subject or case.text.strip()[:80]
        return (text if len(text) >= least else text.ljust(least, "."))[:most]

    return string
