"""Revisions: written only when the content is new, complete, and never changed."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from llm_assets.domain.errors import DeskError
from llm_assets.report.render import Rendered
from resources.report_files import newest_revision, read_json, write_revision

DAY = date(2026, 11, 20)


def pages(
    content: dict[str, object], at: str = "06:00"
) -> Callable[[int, Mapping[str, Any] | None], Rendered]:
    def render(revision: int, before: Mapping[str, Any] | None) -> Rendered:
        said = {"revision": revision, "generated_at": at, **content}
        return Rendered(html=f"<p>{revision} {at}", markdown=f"# {revision}", json=said)

    return render


def test_the_first_report_is_revision_one(tmp_path: Path) -> None:
    written = write_revision(tmp_path, DAY, {"n": 1}, pages({"n": 1}))
    assert (written.number, written.new) == (1, True)
    assert written.html == tmp_path / "2026-11-20" / "rev-1" / "report.html"
    assert written.html.read_text() == "<p>1 06:00"
    assert sorted(p.name for p in written.folder.iterdir()) == ["report.html", "report.json", "report.md"]
    assert read_json(written) == {"revision": 1, "generated_at": "06:00", "n": 1}


def test_the_same_content_at_another_time_is_no_new_revision(tmp_path: Path) -> None:
    write_revision(tmp_path, DAY, {"n": 1}, pages({"n": 1}))
    again = write_revision(tmp_path, DAY, {"n": 1}, pages({"n": 1}, at="07:00"))
    assert (again.number, again.new) == (1, False)
    assert again.html.read_text() == "<p>1 06:00"


def test_other_content_is_the_next_revision_and_the_first_stays(tmp_path: Path) -> None:
    first = write_revision(tmp_path, DAY, {"n": 1}, pages({"n": 1}))
    second = write_revision(tmp_path, DAY, {"n": 2}, pages({"n": 2}))
    assert (second.number, second.new) == (2, True)
    assert first.html.read_text() == "<p>1 06:00"
    back = write_revision(tmp_path, DAY, {"n": 1}, pages({"n": 1}))
    assert (back.number, back.new) == (3, True), "what the newest revision does not say is new again"


def test_ten_comes_after_nine(tmp_path: Path) -> None:
    for n in range(11):
        write_revision(tmp_path, DAY, {"n": n}, pages({"n": n}))
    newest = newest_revision(tmp_path, DAY)
    assert newest is not None and newest.number == 11
    assert newest_revision(tmp_path, date(2026, 11, 21)) is None


def test_a_revision_taken_meanwhile_is_never_overwritten(tmp_path: Path) -> None:
    asked: list[int] = []

    def late(revision: int, before: Mapping[str, Any] | None) -> Rendered:
        if not asked:
            write_revision(tmp_path, DAY, {"n": "other"}, pages({"n": "other"}))
        asked.append(revision)
        return pages({"n": "ours"})(revision, before)

    ours = write_revision(tmp_path, DAY, {"n": "ours"}, late)
    assert asked == [1, 2]
    assert (ours.number, read_json(ours)["n"]) == (2, "ours")
    assert read_json(ours)["revision"] == 2
    assert orjson.loads((tmp_path / "2026-11-20/rev-1/report.json").read_bytes())["n"] == "other"


def test_processes_that_say_the_same_at_once_write_it_once(tmp_path: Path) -> None:
    code = """
    import sys
    from datetime import date
    from pathlib import Path
    from llm_assets.report.render import Rendered
    from resources.report_files import write_revision
    for n in range(20):
        write_revision(Path(sys.argv[1]), date(2026, 11, 20), {"n": n}, lambda revision, before: Rendered(
            html="x" * 10000, markdown="", json={"revision": revision, "generated_at": sys.argv[2], "n": n}))
    """
    writers = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), str(tmp_path), str(i)])
        for i in range(3)
    ]
    assert [w.wait() for w in writers] == [0, 0, 0]
    night = tmp_path / "2026-11-20"
    numbers = sorted(int(p.name.removeprefix("rev-")) for p in night.iterdir())
    assert numbers == list(range(1, len(numbers) + 1))
    for number in numbers:
        said = orjson.loads((night / f"rev-{number}" / "report.json").read_bytes())
        assert said["revision"] == number
        assert (night / f"rev-{number}" / "report.html").read_text() == "x" * 10000


def test_a_page_that_cannot_be_built_leaves_nothing(tmp_path: Path) -> None:
    def broken(_number: int, _before: Mapping[str, Any] | None) -> Rendered:
        return Rendered(html="ok", markdown="ok", json={"n": object()})

    with pytest.raises(TypeError):
        write_revision(tmp_path, DAY, {"n": 1}, broken)
    assert list((tmp_path / "2026-11-20").iterdir()) == []


def test_a_disk_that_refuses_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file where the folder should be")
    with pytest.raises(
        DeskError, match="could not write the report of 2026-11-20: Not a directory; check free"
    ):
        write_revision(tmp_path / "reports", DAY, {}, pages({}))


def test_a_damaged_report_is_named_with_its_cure(tmp_path: Path) -> None:
    written = write_revision(tmp_path, DAY, {"n": 1}, pages({"n": 1}))
    (written.folder / "report.json").write_text("{")
    with pytest.raises(DeskError, match=r"rev-1/report\.json is no longer JSON; restore it"):
        write_revision(tmp_path, DAY, {"n": 1}, pages({"n": 1}))
