"""What the README and the other pages name exists: links, targets, commands, settings, SQL, Dagster's names."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest
import typer
import yaml

from llm_assets.cli import app
from llm_assets.definitions import build_defs
from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.desk.tables import DOCUMENTS, LLM_USAGE, MORNING_REPORT, REVIEW_QUEUE
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.intake.pii.span import Kind
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.desk import Desk
from resources.lake.lake import Lake
from resources.settings.environment import SHIPPED_CONTROL_SET, Settings
from tests.support.pages import ROOT, coded, links, rows, section, text_of

README = text_of("README.md")
PAGES = [
    *(p.relative_to(ROOT) for p in sorted((ROOT / "docs").rglob("*.md"))),
    *(Path(name) for name in ("README.md", "CHANGELOG.md", "deploy/README.md", "data/samples/README.md")),
]
TABLES = (DOCUMENTS, *(s.table for s in STEPS), REVIEW_QUEUE, LLM_USAGE, MORNING_REPORT)
SOURCES = [p for folder in ("llm_assets", "resources") for p in sorted((ROOT / folder).rglob("*.py"))]
SHELL_WORDS = {"llm-assets", ".venv/bin/llm-assets"}


def _commands(group: typer.Typer) -> Iterator[str]:
    for command in group.registered_commands:
        assert command.callback is not None
        yield command.name or command.callback.__name__.replace("_", "-")
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from (f"{inner.name} {name}" for name in _commands(inner.typer_instance))


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _settings_rows() -> dict[str, list[str]]:
    return {coded(row[0])[0]: row for row in rows(section(README, "## Settings")) if len(row) == 3}


def _sentences() -> str:
    """All source code with literals that stand side by side joined, as Python does."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    return re.sub(r'"\s*\n\s*f?"', "", source)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(text_of(str(page))):
        if link.startswith("http"):
            continue
        name, _, anchor = link.partition("#")
        target = ROOT / page if not name else (ROOT / page).parent / name
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_path_in_backticks_exists(page: Path) -> None:
    named = {
        word
        for word in coded(text_of(str(page)))
        if re.match(r"(llm_assets|resources|docs|deploy|tests)/", word)
    }
    missing = {word for word in named if "…" not in word and not (ROOT / word.partition("::")[0]).exists()}
    assert missing <= {"llm_assets/steps/moderation/step.py", "llm_assets/steps/moderation/prompt.md"}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    assert set(re.findall(r"(?:`|^)make ([a-z]+)\b", text_of(str(page)), re.MULTILINE)) <= _targets()


def test_the_command_table_holds_exactly_the_commands() -> None:
    table = {coded(row[0])[0] for row in rows(section(README, "## Commands"))}
    assert {name for name in table if not name.startswith("make ")} == set(_commands(app))
    assert {name.removeprefix("make ") for name in table if name.startswith("make ")} <= _targets()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_command_line_in_an_example_names_a_command_and_options_it_has(page: Path) -> None:
    command = typer.main.get_command(app)
    examples = "\n".join(re.findall(r"^ *```\n(.*?)^ *```$", text_of(str(page)), re.DOTALL | re.MULTILINE))
    for line in examples.splitlines():
        words = line.split("#")[0].replace("'", " ").split()
        starts = [i for i in range(len(words)) if i == 0 or words[0] == "sudo"]
        at = max((i for i in starts if words[i] in SHELL_WORDS), default=None)
        if at is None:
            continue
        found, arguments = command, words[at + 1 :]
        while hasattr(found, "commands"):
            found = found.commands[arguments.pop(0)]
        options = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in arguments if word.startswith("--")} <= options, line


def test_the_settings_table_holds_exactly_the_settings() -> None:
    assert set(_settings_rows()) == {f"LLM_ASSETS_{name.upper()}" for name in Settings.model_fields}


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
    apart = {"settings.py", "status.py"}
    body = "\n".join(p.read_text(encoding="utf-8") for p in SOURCES if p.name not in apart)
    own = (ROOT / "resources" / "settings.py").read_text(encoding="utf-8")
    obeyed = bool(re.search(rf"settings\.{name}\b", body)) or bool(
        re.search(rf"self\.{name}\b|settings\.{name}\b", own)
    )
    says = "not enforced yet" in _settings_rows()[f"LLM_ASSETS_{name.upper()}"][2]
    assert says is not obeyed


def test_the_variables_of_the_sdks_are_named() -> None:
    names = {name for row in PROTOCOLS.values() for name in (row.key_env, row.base_url_env)}
    assert names <= set(coded(section(README, "## Settings")))


def test_the_queues_of_the_five_minutes_are_valid() -> None:
    example = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert example is not None
    queues = Queues.model_validate(yaml.safe_load(example[1]))
    assert queues.default.name == "support"


def test_the_views_are_listed_and_the_sql_runs_on_them(tmp_path: Path) -> None:
    part = section(README, "## Tables for analysts")
    assert {coded(row[0])[0] for row in rows(part)} == {table.name for table in TABLES}
    lake = Lake(tmp_path, TABLES)
    lake.publish()
    example = re.search(r"```sql\n(.*?)```", part, re.DOTALL)
    assert example is not None
    with duckdb.connect(str(lake.analytics), read_only=True) as connection:
        statements = connection.extract_statements(example[1])
        assert len(statements) == 3
        for statement in statements:
            assert connection.execute(statement).fetchall() == []


def test_the_names_in_dagster_are_its_names(tmp_path: Path) -> None:
    defs = build_defs(desk=Desk(Settings(home=tmp_path, provider="emulator"), STEPS))
    repository = defs.get_repository_def()
    names = {
        "schedule": {s.name for s in repository.schedule_defs},
        "sensor": {s.name for s in repository.sensor_defs},
        "asset": {k.to_user_string() for k in defs.resolve_asset_graph().get_all_asset_keys()},
    }
    table = rows(section(README, "## Running in Dagster"))
    for kind, name, _ in table:
        assert coded(name)[0] in names[kind]
    for kind in ("schedule", "sensor"):
        assert {coded(name)[0] for k, name, _ in table if k == kind} == names[kind]
    assert dg.AssetSelection.groups("desk").resolve(defs.resolve_asset_graph())


def test_every_kind_of_mask_is_explained() -> None:
    explained = re.findall(r"\[([A-Z]+)_n\]", section(text_of("docs/architecture.md"), "## Masking"))
    assert sorted(explained) == sorted(Kind)


@pytest.mark.parametrize("heading", ["## What messages mean", "## A mailbox is not read"])
def test_every_message_of_the_operations_page_is_one_of_ours(heading: str) -> None:
    source = _sentences()
    for row in rows(section(text_of("docs/operations.md"), heading)):
        for message in coded(row[0]):
            for fragment in re.split(r"…|\(.*?\)|`", message):
                words = fragment.strip(" ;:,.")
                assert words in source, message


def test_the_changelog_names_the_version_that_is_built() -> None:
    version = re.search(r'^version = "(.+)"$', text_of("pyproject.toml"), re.MULTILINE)
    assert version is not None
    assert f"## [{version[1]}]" in text_of("CHANGELOG.md")


def test_pages_name_no_folder_outside_the_project() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "*.md", "deploy"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    outside = re.compile(r"(?<![\w.~/])/(?:root|home|work|mnt|Users)/")
    assert [name for name in tracked if outside.search(text_of(name))] == []
