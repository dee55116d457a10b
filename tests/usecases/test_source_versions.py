"""Which source files a version covers: an edit of a parser reads again, an edit of a mask or a prompt does not."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from llm_assets.domain.desk.step import Step
from llm_assets.steps import STEPS
from llm_assets.usecases.desk import source_versions
from llm_assets.usecases.desk.source_versions import DAY_READER, MASKING, READER, ROWS, modules_of, sources_of
from tests.support.repository import ROOT


def covered(modules: tuple[str, ...]) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in sources_of(modules)}


def folder(name: str) -> set[str]:
    files = (ROOT / name).rglob("*")
    return {
        p.relative_to(ROOT).as_posix()
        for p in files
        if p.suffix in (".py", ".yaml") and p.name != "__init__.py"
    }


@pytest.mark.parametrize("room", ["bytes", "mail", "text", "files", "records"])
def test_every_parser_is_part_of_the_readers_version_wherever_it_is(room: str) -> None:
    before_storing = (
        "submission",
        "nested",
        "drops",
        "tables",
        "workbook",
        "numbering",
        "apart",
    )  # files and forms to entries
    asked_elsewhere = {f"llm_assets/intake/records/{name}.py" for name in before_storing}
    asked_elsewhere |= {f"llm_assets/intake/records/{name}.yaml" for name in ("nested", "drops", "tables")}
    assert folder(f"llm_assets/intake/{room}") - asked_elsewhere <= covered(READER)


@pytest.mark.parametrize(
    "room", ["llm_assets/intake/pii", "llm_assets/steps", "llm_assets/report", "llm_assets/domain/desk"]
)
def test_masks_prompts_steps_and_reports_are_no_part_of_the_readers_version(room: str) -> None:
    assert not folder(room) & covered(READER)


def test_placing_in_cases_knows_no_mask_prompt_step_or_provider() -> None:
    desk = {f"llm_assets/domain/desk/{name}.py" for name in ("prompt", "step", "model_choice")}
    providers = {"llm_assets/domain/profile.py", "llm_assets/domain/protocol.py"}
    elsewhere = (
        folder("llm_assets/intake/pii") | folder("llm_assets/steps") | folder("llm_assets/domain/requests")
    )
    assert not (desk | providers | elsewhere) & covered(DAY_READER)


def test_placing_in_cases_changes_the_day_but_reads_no_message_again() -> None:
    threads = "llm_assets/intake/threads.py"
    assert threads in covered(DAY_READER) and threads not in covered(READER)


def test_all_rules_of_masking_are_part_of_its_version() -> None:
    assert folder("llm_assets/intake/pii") <= covered(MASKING)


def test_an_edited_parser_has_another_version_and_a_moved_one_has_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser, version = tmp_path / "parser.py", source_versions._version
    parser.write_text("LIMIT = 1", encoding="utf-8")
    monkeypatch.setattr(source_versions, "sources_of", lambda _: [parser])
    before = version(READER)
    moved = tmp_path / "elsewhere.py"
    parser.rename(moved)
    monkeypatch.setattr(source_versions, "sources_of", lambda _: [moved])
    assert version(READER) == before
    moved.write_text("LIMIT = 2", encoding="utf-8")
    assert version(READER) != before


def test_a_words_file_beside_a_parser_counts(tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text("a: b", encoding="utf-8")
    assert source_versions._data_beside(tmp_path) == {tmp_path / "words.yaml"}


def test_a_words_file_in_a_folder_below_counts_unless_that_is_a_package(tmp_path: Path) -> None:
    for below in ("words", "package"):
        (tmp_path / below).mkdir()
        (tmp_path / below / "ru.yaml").write_text("a: b", encoding="utf-8")
    (tmp_path / "package" / "__init__.py").write_text("", encoding="utf-8")
    assert source_versions._data_beside(tmp_path) == {tmp_path / "words" / "ru.yaml"}


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        pytest.param("from . import ole", {"bytes.ole"}, id="relative"),
        pytest.param(
            "from ..text import language as h, quotes", {"text.language", "text.quotes"}, id="from above"
        ),
        pytest.param("from .ole import IS_OUTLOOK", {"bytes.ole"}, id="a name of a module"),
        pytest.param(
            "import llm_assets.intake.item, llm_assets.intake.read", {"item", "read"}, id="two at once"
        ),
        pytest.param(
            "from llm_assets.intake.text import (  # the readers (both)\n    language,\n    NAME,\n)",
            {"text.language", "text"},
            id="lines, a comment with brackets and a name of the package",
        ),
        pytest.param(
            "from llm_assets.intake.text import language, \\\n    quotes",
            {"text.language", "text.quotes"},
            id="lines",
        ),
        pytest.param("def f():\n    from llm_assets.intake import item", {"item"}, id="in a function"),
        pytest.param("importlib.import_module('llm_assets.intake.item')", {"item"}, id="importlib"),
        pytest.param("from pathlib import Path\nimport json, resources", set(), id="not ours"),
        pytest.param("WHY = 'from llm_assets.intake import item'", set(), id="only words"),
        pytest.param(
            '"""Reads a line.\n\nimport the words of llm_assets first\n"""\nfrom . import ole',
            {"bytes.ole"},
            id="a sentence in a docstring",
        ),
        pytest.param(
            '"""As in\n\n    import llm_assets.mine\n    from llm_assets.intake import item\n"""',
            set(),
            id="an example in a docstring",
        ),
    ],
)
def test_imports_are_found_however_they_are_written(tmp_path: Path, text: str, modules: set[str]) -> None:
    file = tmp_path / "parser.py"
    file.write_text(text, encoding="utf-8")
    found = set(source_versions._imports("llm_assets.intake.bytes.parser", file))
    assert found == {f"llm_assets.intake.{name}" for name in modules}


def test_the_imports_found_in_the_text_are_those_of_the_parsed_files() -> None:
    for path in sources_of((*READER, *DAY_READER, *MASKING, *ROWS)):
        if path.suffix == ".py":
            code = path.read_text(encoding="utf-8")
            parsed = [
                node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            ours = [
                ast.unparse(node) for node in parsed if re.search(r"llm_assets|from \.", ast.unparse(node))
            ]
            found = [ast.unparse(statement) for statement in source_versions._statements(code)]
            assert sorted(found) == sorted(ours), path


def test_what_receives_mail_and_tells_versions_imports_no_parser() -> None:
    code = (
        "import sys, llm_assets.usecases.mail.receive as _, llm_assets.usecases.desk.source_versions as v; "
        "v.reader_version(); v.day_version(); print(*sys.modules)"
    )
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    parsers = {
        f"llm_assets.intake.{name}" for name in ("item", "read", "mail.body", "text.quotes", "pages.html")
    }
    assert parsers.isdisjoint(found), "each run is a process that would import them all"


def test_an_import_by_a_name_made_at_run_time_is_not_used() -> None:
    computed = [
        f"{path.name}:{node.lineno}"
        for path in {*sources_of((*READER, *DAY_READER, *MASKING, *ROWS))}
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__"))
        if not (node.args and isinstance(node.args[0], ast.Constant))
    ]
    assert computed == [], "a version cannot see what it imports"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_is_part_of_the_rules_with_its_whole_folder(step: Step) -> None:
    assert folder(f"llm_assets/steps/{step.name}") <= covered(tuple(modules_of(step)))
