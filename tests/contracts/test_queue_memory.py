"""The memory of queues: what it keeps when queues.yaml loses something, and that a death leaves a whole file."""

from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.errors import DeskError
from resources.queue_memory import QueueMemory


def queue(name: str, *categories: str | dict[str, Any], **more: Any) -> Queue:
    listed = [{"name": c} if isinstance(c, str) else c for c in categories]
    return Queue.model_validate({"name": name, "categories": listed, **more})


def remembered(home: Path) -> dict[str, tuple[list[str], list[str]]]:
    return {
        q.name: ([c.name for c in q.categories], [c.name for c in lost])
        for q, lost in QueueMemory(home).all()
    }


def test_nothing_is_remembered_at_first(tmp_path: Path) -> None:
    assert remembered(tmp_path) == {} and not (tmp_path / "queues").exists()


def test_removed_queues_and_categories_are_kept_as_they_last_were(tmp_path: Path) -> None:
    memory = QueueMemory(tmp_path)
    memory.remember([queue("bank", "card", "loan", "other"), queue("shop", "order", review_below=0.9)])
    memory.remember([queue("bank", "card", "other")])
    memory.remember([queue("bank", {"name": "delivery", "was": "card"}, "other")])
    assert remembered(tmp_path) == {"bank": (["delivery", "other"], ["loan"]), "shop": (["order"], [])}
    assert {q.name: q.review_below for q, _ in memory.all()}["shop"] == 0.9


def test_a_renamed_queue_takes_along_what_it_had_lost(tmp_path: Path) -> None:
    memory = QueueMemory(tmp_path)
    memory.remember([queue("bank", "card", "loan")])
    memory.remember([queue("bank", "card")])
    memory.remember([queue("care", "card", was="bank")])
    assert remembered(tmp_path)["care"] == (["card"], ["loan"])


def test_a_category_that_returns_is_lost_no_more(tmp_path: Path) -> None:
    for categories in (["card", "loan"], ["card"], ["card", "loan"]):
        QueueMemory(tmp_path).remember([queue("bank", *categories)])
    assert remembered(tmp_path) == {"bank": (["card", "loan"], [])}


def test_an_unchanged_queue_writes_nothing_and_what_a_death_left_is_no_queue(tmp_path: Path) -> None:
    memory, file = QueueMemory(tmp_path), tmp_path / "queues" / "bank.json"
    memory.remember([queue("bank", "card")])
    before = file.stat().st_ino
    (tmp_path / "queues" / ".bank.json-0.tmp").write_text('{"queue": {"na')
    memory.remember([queue("bank", "card")])
    assert file.stat().st_ino == before
    assert remembered(tmp_path) == {"bank": (["card"], [])}


def test_what_another_version_stored_besides_is_passed_over(tmp_path: Path) -> None:
    memory, file = QueueMemory(tmp_path), tmp_path / "queues" / "bank.json"
    memory.remember([queue("bank", "card")])
    file.write_text(file.read_text().replace('"name": "card"', '"colour": "red",\n"name": "card"'))
    assert remembered(tmp_path) == {"bank": (["card"], [])}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"queue": {}, "lost": []}'])
def test_a_file_that_is_no_queue_is_named_with_its_cure(tmp_path: Path, text: str) -> None:
    QueueMemory(tmp_path).remember([queue("bank", "card")])
    (tmp_path / "queues" / "bank.json").write_text(text)
    with pytest.raises(DeskError, match=r"bank\.json cannot be read as a queue .* restore it from a backup"):
        remembered(tmp_path)
