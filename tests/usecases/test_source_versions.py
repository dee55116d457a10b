"""Which source files a version covers: an edit of a parser reads again, an edit of a mask or a prompt does not."""

from pathlib import Path

import pytest

from llm_assets.domain.desk.step import Step
from llm_assets.steps import STEPS
from llm_assets.usecases.desk import source_versions
from llm_assets.usecases.desk.source_versions import DAY_READER, MASKING, READER, modules_of, sources_of
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
    asked_elsewhere = {"llm_assets/intake/records/submission.py"}  # reads a posted form before it is stored
    assert folder(f"llm_assets/intake/{room}") - asked_elsewhere <= covered(READER)


@pytest.mark.parametrize(
    "room", ["llm_assets/intake/pii", "llm_assets/steps", "llm_assets/report", "llm_assets/domain/desk"]
)
def test_masks_prompts_steps_and_reports_are_no_part_of_the_readers_version(room: str) -> None:
    assert not folder(room) & covered(READER)


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


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_is_part_of_the_rules_with_its_whole_folder(step: Step) -> None:
    assert folder(f"llm_assets/steps/{step.name}") <= covered(tuple(modules_of(step)))
