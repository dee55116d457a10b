"""A YAML file that a person edits, read within limits: what makes it hostile or ambiguous is one sentence with its place.

Nothing in a sentence quotes a value of the file: a password may be where it does not belong.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from llm_assets.domain.errors import ConfigurationError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C where PyYAML was built with it: eight times faster."""
MAX_BYTES = 5_000_000
MAX_DEPTH = 50
MAX_VALUES = 200_000
"""With every alias counted as often as it is used, so that a few lines cannot become a billion."""
_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,60}")
_MERGE = "<<"


class _UnusableError(Exception):
    """What is wrong, and in which line."""

    def __init__(self, what: str, mark: Any) -> None:  # PyYAML has no types
        super().__init__(what)
        self.where = f" at line {mark.line + 1}, column {mark.column + 1}"


def read_yaml(path: Path) -> Any:  # whatever the file holds; a model decides
    """Raises ConfigurationError with the file and the place in it."""
    try:
        text = _text(path)
        _check(text)
        return yaml.load(text, Loader=LOADER)  # noqa: S506 it is a safe one
    except OSError as err:
        raise ConfigurationError(f"cannot read {path}: {err.strerror}") from err
    except _UnusableError as err:
        raise _invalid(path, str(err), err.where) from err
    except (yaml.YAMLError, UnicodeDecodeError) as err:
        mark = getattr(err, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        what = getattr(err, "problem", None)
        if what is None:
            what = (
                "not UTF-8" if isinstance(err, UnicodeDecodeError) else "it holds characters that no text has"
            )
        raise _invalid(path, _QUOTED.sub("…", what), where) from err
    except (ValueError, OverflowError, TypeError, RecursionError) as err:
        raise _invalid(path, "a date or number in it does not exist", "") from err


def _invalid(path: Path, what: str, where: str) -> ConfigurationError:
    return ConfigurationError(f"{path} is not valid YAML{where}: {what}; correct the file and run again")


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{path} has more than {MAX_BYTES} bytes; it is no configuration file")
    return data.decode("utf-8-sig")


@dataclass
class _Open:
    """A list or mapping that has begun."""

    anchor: str | None
    is_mapping: bool
    values: int = 1
    keys: set[str] = field(default_factory=set)
    at_key: bool = True


def _check(text: str) -> None:
    """Reads the file as a stream, which costs no memory and no depth of calls. Raises _UnusableError."""
    counted: dict[str, int] = {}
    stack: list[_Open] = []
    for event in yaml.parse(text, Loader=LOADER):
        match event:
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                stack.append(_Open(event.anchor, isinstance(event, yaml.MappingStartEvent)))
                if len(stack) > MAX_DEPTH:
                    raise _UnusableError(f"it is nested deeper than {MAX_DEPTH} levels", event.start_mark)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                ended = stack.pop()
                _count(ended.anchor, ended.values, stack, counted, event)
            case yaml.ScalarEvent():
                _check_key(event, stack)
                _count(event.anchor, 1, stack, counted, event)
            case yaml.AliasEvent():
                _count(None, counted.get(event.anchor or "", 1), stack, counted, event)


def _check_key(event: Any, stack: list[_Open]) -> None:
    if not stack or not stack[-1].is_mapping or not stack[-1].at_key:
        return
    if event.value in stack[-1].keys and event.value != _MERGE:
        name = f"the key {event.value}" if _PLAIN_KEY.fullmatch(event.value) else "a key"
        raise _UnusableError(f"{name} is there twice", event.start_mark)
    stack[-1].keys.add(event.value)


def _count(anchor: str | None, values: int, stack: list[_Open], counted: dict[str, int], event: Any) -> None:
    """Adds a finished value to the list or mapping that holds it."""
    if anchor is not None:
        counted[anchor] = values
    if stack:
        stack[-1].values += values
        stack[-1].at_key = not stack[-1].at_key
        values = stack[-1].values
    if values > MAX_VALUES:
        raise _UnusableError(f"it holds more than {MAX_VALUES} values", event.start_mark)
