"""Every page leads to things that exist: links and anchors, paths, make targets, command lines, messages of ours."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from llm_assets.cli import app
from tests.support.pages import ROOT, anchors, coded, links, make_targets, rows, section, text_of

DOCS = sorted(p.relative_to(ROOT) for p in (ROOT / "docs").rglob("*.md"))
PAGES = [
    *DOCS,
    *(Path(name) for name in ("README.md", "CHANGELOG.md", "deploy/README.md", "data/samples/README.md")),
]
SOURCES = [p for folder in ("llm_assets", "resources") for p in sorted((ROOT / folder).rglob("*.py"))]
SHELL_WORDS = {"llm-assets", ".venv/bin/llm-assets"}
OF_EXAMPLES = {"llm_assets/steps/moderation/step.py", "llm_assets/steps/moderation/prompt.md"}
"""Files that a reader makes."""


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(text_of(str(page))):
        if link.startswith("http"):
            continue
        name, _, anchor = link.partition("#")
        target = ROOT / page if not name else (ROOT / page).parent / name
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_page_has_a_heading_twice(page: Path) -> None:
    """An anchor would lead to the first of them."""
    found = anchors(ROOT / page)
    repeated = {anchor for anchor in found if found.count(anchor) > 1}
    assert str(page) == "CHANGELOG.md" or repeated == set()


def test_the_index_leads_to_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    led = [(index.parent / link.partition("#")[0]).resolve() for link in links(text_of("docs/index.md"))]
    assert [page for page in DOCS if (ROOT / page).resolve() not in led and page.name != "index.md"] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_path_in_backticks_exists(page: Path) -> None:
    named = {
        word
        for word in coded(text_of(str(page)))
        if re.match(r"(llm_assets|resources|docs|deploy|tests)/", word) and not set(word) & set("…*{<")
    }
    missing = {word for word in named if not (ROOT / word.partition("::")[0]).exists()}
    assert missing <= OF_EXAMPLES


def test_every_page_that_the_program_names_exists() -> None:
    named = set(re.findall(r"docs/[\w/-]+\.md", "\n".join(p.read_text(encoding="utf-8") for p in SOURCES)))
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z]+)\b", text_of(str(page)), re.MULTILINE))
    assert named <= set(make_targets())


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_command_line_in_an_example_names_a_command_and_options_it_has(page: Path) -> None:
    command = typer.main.get_command(app)
    examples = "\n".join(re.findall(r"^ *```\n(.*?)^ *```$", text_of(str(page)), re.DOTALL | re.MULTILINE))
    for line in examples.splitlines():
        words = line.removeprefix("$ ").split("#")[0].replace("'", " ").split()
        starts = [i for i in range(len(words)) if i == 0 or words[0] == "sudo"]
        at = max((i for i in starts if words[i] in SHELL_WORDS), default=None)
        if at is None:
            continue
        found, arguments = command, words[at + 1 :]
        while hasattr(found, "commands"):
            found = found.commands[arguments.pop(0)]
        options = {option for parameter in found.params for option in parameter.opts}
        assert {word for word in arguments if word.startswith("--")} <= options, line


@pytest.mark.parametrize(
    ("page", "heading"),
    [
        ("docs/how-to/when-a-night-goes-wrong.md", "## What messages mean"),
        ("docs/how-to/read-mailboxes-over-imap.md", "## When a mailbox is not read"),
    ],
)
def test_every_message_that_is_explained_is_one_of_ours(page: str, heading: str) -> None:
    """Literals that stand side by side are joined, as Python does."""
    source = re.sub(r'"\s*\n\s*f?"', "", "\n".join(p.read_text(encoding="utf-8") for p in SOURCES))
    table = rows(section(text_of(page), heading))
    assert table
    for row in table:
        for message in coded(row[0]):
            for fragment in re.split(r"…|\(.*?\)|`", message):
                assert fragment.strip(" ;:,.") in source, message


def test_the_flags_of_the_emulator_are_written_once_in_its_order() -> None:
    command = [sys.executable, "-m", "llm_assets.emulator", "--help"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    table = rows(section(text_of("docs/reference/emulator.md"), "## Start it"))
    written = [flag.split()[0] for row in table for flag in coded(row[0]) if flag.startswith("--")]
    assert written == [flag for flag in re.findall(r"^  (--[a-z-]+)", said, re.MULTILINE) if flag != "--help"]


def test_pages_name_no_folder_outside_the_project() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "*.md", "deploy"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    outside = re.compile(r"(?<![\w.~/])/(?:root|home|work|mnt|Users)/")
    assert [name for name in tracked if outside.search(text_of(name))] == []
