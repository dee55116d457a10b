"""A case of the suite, read from its YAML file: the faults, and what a conforming client must achieve in spite of them."""

from functools import cache
from pathlib import Path
from typing import get_args

import yaml
from pydantic import Field, ValidationError

from llm_assets.domain.errors import ConfigurationError
from llm_assets.emulator.errors import Protocol
from llm_assets.emulator.scenario import Operation, Scenario, Strict

FOLDER = Path(__file__).parent / "scenarios"


class Expect(Strict):
    """The limits of a case, beyond the checks that every case has."""

    unanswered: int | None = Field(0, ge=0)
    """At most so many requests end without a usable answer that the client has read; null allows any number."""
    unexecuted: int | None = Field(0, ge=0)
    """At most so many requests never run."""
    tries: int = Field(4, ge=1)
    """No request is executed more often than this."""
    calls: dict[Operation, int] = Field(default_factory=dict)
    """No operation is called more often than this."""
    files_left: int | None = Field(None, ge=0)
    """At most so many files, or Anthropic batches, stay at the provider; null allows any number."""
    all_calls: int = Field(1000, ge=1)
    finishes: bool = True
    """The client must end with exit code 0; when False, any exit code will do."""


class Case(Strict):
    name: str
    title: str
    protocols: tuple[Protocol, ...] = get_args(Protocol)
    happens: str
    must: str
    requests: int = Field(6, ge=1)
    """Different requests the client sends, all in one batch."""
    starts: int = Field(3, ge=1)
    """How often the client is started while it fails with an exit code; after a kill it is always started again."""
    kill: tuple[Operation, ...] = ()
    """The client is killed once, at the first of these calls; the answer to that call is held back until then."""
    scenario: Scenario = Scenario()
    expect: Expect = Expect()


def read(path: Path) -> Case:
    """Reads a case. Raises ConfigurationError that names the place of the mistake."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Case.model_validate({"name": path.stem, **given})
    except (OSError, yaml.YAMLError, TypeError) as err:
        raise ConfigurationError(f"{path} is no case: {err}") from err
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f"{path}: {place}: {first['msg']}; see docs/reference/conformance.md."
        ) from err


@cache
def cases() -> dict[str, Case]:
    """All shipped cases by name, in the order of their names."""
    return {path.stem: read(path) for path in sorted(FOLDER.glob("*.yaml"), key=lambda path: path.stem)}


def case(name: str) -> Case:
    """The shipped case of this name. Raises ConfigurationError when there is none."""
    found = cases().get(name)
    if found is None:
        raise ConfigurationError(f"There is no case {name!r}; the command `list` names them.")
    return found
