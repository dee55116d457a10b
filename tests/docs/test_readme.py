"""README writes what the program declares: commands, make targets, settings, queues, each once and in its order."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import typer

from llm_assets.cli import app
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.intake.pii.span import Kind
from resources.settings.environment import SHIPPED_CONTROL_SET, Settings
from tests.support.pages import ROOT, coded, make_targets, rows, section, text_of

README = text_of("README.md")
SOURCES = [p for folder in ("llm_assets", "resources") for p in sorted((ROOT / folder).rglob("*.py"))]


class Declared(NamedTuple):
    """A command and its options, as `--help` shows them."""

    name: str
    options: list[str]


def _declared(group: Any, before: str = "") -> Iterator[Declared]:  # Typer carries a Click of its own
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _declared(command, f"{name} ")
        else:
            shown = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
            yield Declared(before + name, [option.opts[0] for option in shown])


def _settings_rows() -> dict[str, list[str]]:
    return {coded(row[0])[0]: row for row in rows(section(README, "## Settings")) if len(row) == 3}


def test_the_commands_are_written_once_in_the_order_of_help_with_their_options() -> None:
    table = [row for row in rows(section(README, "## Commands")) if len(row) == 3]
    written = [Declared(coded(name)[0], coded(options)) for name, _, options in table]
    assert written == list(_declared(typer.main.get_command(app)))


def test_the_make_targets_are_written_once_in_the_order_of_the_makefile() -> None:
    table = [row for row in rows(section(README, "## Commands")) if len(row) == 2]
    written = [coded(name)[0].removeprefix("make ") for name, _ in table]
    assert written == make_targets()


def test_the_settings_are_written_once_in_the_order_in_which_they_are_declared() -> None:
    written = [coded(row[0])[0] for row in rows(section(README, "## Settings")) if len(row) == 3]
    assert written == [f"LLM_ASSETS_{name.upper()}" for name in Settings.model_fields]


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_default_of_a_setting_is_the_one_the_table_says(name: str) -> None:
    said = _settings_rows()[f"LLM_ASSETS_{name.upper()}"][1]
    default = Settings.model_fields[name].default
    if default is None:
        assert said == "none"
    elif default == SHIPPED_CONTROL_SET:
        assert said == "shipped"
    else:
        annotation = Settings.model_validate({name: coded(said)[0]}, context=None)
        assert getattr(annotation, name) == default


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_a_setting_that_nothing_obeys_says_so_and_no_other_does(name: str) -> None:
    """Showing a limit is not keeping it, so the status page does not count."""
    apart = {"environment.py", "status.py"}
    body = "\n".join(p.read_text(encoding="utf-8") for p in SOURCES if p.name not in apart)
    own = (ROOT / "resources" / "settings" / "environment.py").read_text(encoding="utf-8")
    obeyed = bool(re.search(rf"settings\.{name}\b", body)) or bool(
        re.search(rf"self\.{name}\b|settings\.{name}\b", own)
    )
    says = "not enforced yet" in _settings_rows()[f"LLM_ASSETS_{name.upper()}"][2]
    assert says is not obeyed


def test_the_variables_of_the_sdks_are_named() -> None:
    names = {name for row in PROTOCOLS.values() for name in (row.key_env, row.base_url_env)}
    assert names <= set(coded(section(README, "## Settings")))


def test_every_kind_of_mask_is_explained() -> None:
    explained = re.findall(
        r"\[([A-Z]+)_n\]", section(text_of("docs/explanation/masking.md"), "## What is masked")
    )
    assert sorted(explained) == sorted(Kind)


def test_the_changelog_names_the_version_that_is_built() -> None:
    version = re.search(r'^version = "(.+)"$', text_of("pyproject.toml"), re.MULTILINE)
    assert version is not None
    assert f"## [{version[1]}]" in text_of("CHANGELOG.md")
