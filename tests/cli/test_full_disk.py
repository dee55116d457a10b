"""A disk that fills up in the night: one sentence, nothing lost, and the same command goes on when there is room."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.houses.house import TODAY, Emulated, House
from tests.support.mail.invented_inbox import RECEIVED, fill

pytestmark = pytest.mark.slow

Resize = Callable[[str], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Resize]]:
    """A small file system of its own, and how to change its size."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "none", str(place)], capture_output=True
    )
    if made.returncode != 0:
        pytest.skip("a small file system cannot be mounted here")

    def resize(size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)

    yield place, resize
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.soak
def test_a_full_disk_is_one_sentence_and_the_night_goes_on_where_it_stopped(
    disk: tuple[Path, Resize], tmp_path: Path, emulated: Emulated
) -> None:
    place, resize = disk
    house = House(place / "home", emulated.running)
    inbox = tmp_path / "inbox"
    fill(inbox, TODAY)
    before = emulated.answered()
    for size in ("200k", "700k"):
        resize(size)
        full = house.night("--inbox", str(inbox))
        assert full.code == 1, full.out
        assert full.said_one_sentence("full", "run the same again"), full.err
    resize("50m")
    done = house.night("--inbox", str(inbox))
    assert done.code == 0, done.err
    assert done.report["totals"]["received"] == RECEIVED
    assert emulated.answered() - before == done.report["spend"]["requests"]
