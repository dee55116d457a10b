"""Nested JSON of form builders and CRMs as flat fields: each value under the label that a person saw, or under its key.

Objects that hold a question and its answer become one field; objects that only wrap leave no trace; other keys keep the
key of the object around them where their own says too little.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.records.mapping import plain
from llm_assets.intake.words import ByLanguage, WordFile, load_words

MAX_DEPTH = 12
"""Deeper objects are kept as JSON."""
MAX_LEAVES = 2_000


class _Keys(WordFile):
    wrappers: ByLanguage
    labels: ByLanguage
    answers: ByLanguage
    of_anything: ByLanguage


_KEYS = load_words(Path(__file__).with_name("nested.yaml"), _Keys)
_WRAPPERS, _LABELS, _ANSWERS, _OF_ANYTHING = (
    tuple(map(plain, words.of()))
    for words in (_KEYS.wrappers, _KEYS.labels, _KEYS.answers, _KEYS.of_anything)
)
_BRACKETS = re.compile(r"([^\[\]]{1,200})((?:\[[^\[\]]{0,200}\]){1,12})")
_NOT_AN_ANSWER = frozenset({"type", "id", "ref", "field", "fieldid", "questionid", "kind"})


class _Leaf(NamedTuple):
    path: tuple[str, ...]
    """Keys that name it, wrappers left out; a label stands alone."""
    value: str


def flat(content: Mapping[str, object]) -> dict[str, str]:
    """Every value of the object by a name of its own, in order."""
    leaves: list[_Leaf] = []
    titles = _titles(content)
    for key, value in content.items():
        for leaf in _leaves((key,), _unpacked(key, value), titles, 0):
            leaves.append(leaf)
            if len(leaves) >= MAX_LEAVES:
                return _named(leaves)
    return _named(leaves)


def _unpacked(key: str, value: object) -> object:
    """What wraps may hold its object as a text of JSON."""
    if not (isinstance(value, str) and value.startswith("{") and plain(key) in _WRAPPERS):
        return value
    try:
        inner = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return inner if isinstance(inner, dict) else value


def _named(leaves: Sequence[_Leaf]) -> dict[str, str]:
    """A value has its last key as its name where that is enough to know it by."""
    counts = Counter(plain(leaf.path[-1]) for leaf in leaves)
    fields: dict[str, str] = {}
    for path, value in leaves:
        alone = len(path) == 1 or (plain(path[-1]) not in _OF_ANYTHING and counts[plain(path[-1])] == 1)
        name = path[-1] if alone else " ".join(path)
        if name in fields:
            fields[name] = ", ".join(part for part in (fields[name], value) if part)
        else:
            fields[name] = value
    return fields


def _titles(content: Mapping[str, object]) -> dict[str, str]:
    """Typeform's titles of the questions, by the id to which its answers refer."""
    found: dict[str, str] = {}
    for holder in (content, *(v for v in content.values() if isinstance(v, dict))):
        definition = holder.get("definition")
        fields = definition.get("fields") if isinstance(definition, dict) else None
        for field in fields if isinstance(fields, list) else ():
            if isinstance(field, dict) and isinstance(field.get("title"), str):
                found |= {str(field[key]): field["title"] for key in ("id", "ref") if key in field}
    return found


def _leaves(path: tuple[str, ...], value: object, titles: Mapping[str, str], depth: int) -> Iterator[_Leaf]:
    if isinstance(value, dict) and depth < MAX_DEPTH:
        if titles and plain(path[-1]) == "definition":
            return
        answered = _answered(value, titles)
        if answered is not None:
            yield _Leaf((answered.label or path[-1],), _said(answered.answer, depth))
            return
        around = path[:-1] if plain(path[-1]) in _WRAPPERS else path
        bare = _bare(value)
        if bare is not None:
            yield _Leaf(path, _said(bare, depth))
            return
        for key, inner in value.items():
            yield from _leaves((*around, key), inner, titles, depth + 1)
    elif isinstance(value, list) and depth < MAX_DEPTH and any(isinstance(v, dict | list) for v in value):
        yield from _of_list(path, value, titles, depth)
    else:
        yield _Leaf(path, _said(value, depth))


def _of_list(
    path: tuple[str, ...], values: Sequence[object], titles: Mapping[str, str], depth: int
) -> Iterator[_Leaf]:
    """Answers of a list by their labels, bare values together, and other objects numbered where there are several."""
    together: list[str] = []
    around = path[:-1] if plain(path[-1]) in _WRAPPERS else path
    for number, value in enumerate(values, start=1):
        if not isinstance(value, dict):
            together.append(_said(value, depth))
        elif _answered(value, titles) is not None:
            yield from _leaves(path, value, titles, depth + 1)
        elif (bare := _bare(value)) is not None:
            together.append(_said(bare, depth))
        else:
            named = (*around, str(number)) if len(values) > 1 or not around else around
            for key, inner in value.items():
                yield from _leaves((*named, key), inner, titles, depth + 1)
    if any(together):
        yield _Leaf(path, ", ".join(part for part in together if part))


class _Answered(NamedTuple):
    label: str
    answer: object


def _answered(value: Mapping[str, object], titles: Mapping[str, str]) -> _Answered | None:
    """The question and the answer of an object that holds one of each."""
    keys = {plain(key): key for key in value}
    title = _referred(value, titles)
    held = next((keys[a] for a in _ANSWERS if a in keys), None)
    if title is not None:
        return _Answered(title, value[held] if held is not None else _typed(value))
    if held is None or not _is_answer(plain(held), value[held]):
        return None
    answer = value[held]
    options = value[keys["options"]] if "options" in keys else None
    if isinstance(options, list):
        answer = _chosen(answer, options)
    label = next((_label(value[keys[n]]) for n in _LABELS if n in keys and keys[n] != held), "")
    return _Answered(label, answer) if label else None


def _is_answer(key: str, value: object) -> bool:
    """Whether a value is said in answer to something, and does not hold questions of its own."""
    if isinstance(value, dict):
        return key not in ("answers", "values") and not any(
            isinstance(v, dict | list) for v in value.values()
        )
    if isinstance(value, list):
        return not any(isinstance(one, dict) and _answered(one, {}) is not None for one in value)
    return True


def _label(value: object) -> str:
    if isinstance(value, dict):
        keys = {plain(key): key for key in value}
        said = next((value[keys[n]] for n in _LABELS if n in keys), None)
        if said is None:  # one label for each language
            said = next((one for one in value.values() if isinstance(one, str)), "")
        return _label(said)
    return value.strip() if isinstance(value, str) else ""


def _referred(value: Mapping[str, object], titles: Mapping[str, str]) -> str | None:
    field = value.get("field")
    if not titles or not isinstance(field, dict):
        return None
    return titles.get(str(field.get("id"))) or titles.get(str(field.get("ref")))


def _typed(value: Mapping[str, object]) -> object:
    """Typeform's answer: it stands under the name of its type."""
    kept = [inner for key, inner in value.items() if plain(key) not in _NOT_AN_ANSWER]
    return kept[0] if len(kept) == 1 else kept


def _chosen(answer: object, options: Sequence[object]) -> object:
    """The texts of chosen options, which are given by id."""
    texts = {
        str(o.get("id", o.get("value"))): str(o.get("text", o.get("label", "")))
        for o in options
        if isinstance(o, dict)
    }
    if isinstance(answer, list):
        return [texts.get(str(one), one) for one in answer]
    return texts.get(str(answer), answer)


def _bare(value: Mapping[str, object]) -> object | None:
    """The value of an object that has no label for it, as each number of a CRM's list of phones: VALUE and VALUE_TYPE."""
    keys = {plain(key): key for key in value}
    held = next((keys[a] for a in ("value", "values", "textanswers") if a in keys), None)
    if (
        held is None
        or len(value) > 6
        or (plain(held) != "textanswers" and not _is_answer("values", value[held]))
    ):
        return None
    others = [inner for key, inner in value.items() if key != held]
    return value[held] if not any(isinstance(inner, dict | list) for inner in others) else None


def unbracketed(pairs: Iterable[tuple[str, str]]) -> dict[str, object]:
    """Fields that a form names as PHP does, `fields[email][value]`, as nested objects. A field that was sent several
    times, as ticked boxes are, holds all its values."""
    tree: dict[str, object] = {}
    for name, value in pairs:
        found = _BRACKETS.fullmatch(name)
        keys = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])] if found is not None else [name]
        while len(keys) > 1 and not keys[-1]:
            keys.pop()
        at = tree
        for key in keys[:-1]:
            inner = at.setdefault(key, {})
            if not isinstance(inner, dict):
                break
            at = inner
        else:
            had = at.get(keys[-1], "")
            at[keys[-1]] = f"{had}, {value}" if isinstance(had, str) and keys[-1] in at else value
            continue
        tree[name] = value
    return {key: _listed(value) for key, value in tree.items()}


def _listed(value: object) -> object:
    """Objects whose keys are 0, 1, 2 as lists."""
    if not isinstance(value, dict):
        return value
    inner = [_listed(one) for one in value.values()]
    return inner if all(key.isdigit() for key in value) else dict(zip(value, inner, strict=True))


def _said(value: object, depth: int) -> str:
    """A value in words: what was chosen, separated by commas, and JSON only where it is too deep."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if depth < MAX_DEPTH and isinstance(value, dict):
        value = _spoken(value)
        if not isinstance(value, list):
            return _said(value, depth + 1)
    if isinstance(value, list):
        return ", ".join(part for part in (_said(one, depth + 1) for one in value) if part)
    return str(value)


def _spoken(value: Mapping[str, object]) -> object:
    """What an object of an answer says: a chosen label, or all its values but ids."""
    keys = {plain(key): key for key in value}
    for name in ("label", "labels", "value", "values", "answers", "text"):
        if name in keys:
            return value[keys[name]]
    return [inner for key, inner in value.items() if plain(key) not in ("id", "ref", "type")]
