"""A night of many doubts, once for the folder; each test has a copy of its own."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from llm_assets.emulator import start
from tests.support.databases import postgres
from tests.support.houses.house import TODAY, Emulated, House
from tests.support.mail.invented_inbox import OFFICE, SHOP, mail, put

__all__ = ["postgres"]
DOUBTS = 40
HOSTILE = '<script>document.title="taken"</script><img src=x onerror="document.title=1"> "{{7*7}}" </main>'
SENDERS = ("Aida <aida@post.example>", "Bek <bek@post.example>", "Чжан <zhang@post.example>")


@pytest.fixture(scope="session")
def _emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    running = start(tmp_path_factory.mktemp("emulator") / "home", latency=0.0, exit_with_parent=os.getpid())
    yield Emulated(running)
    running.stop()


@pytest.fixture(scope="session")
def _doubtful(_emulated: Emulated, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Mails that say too little, from a few senders; a hostile one; and one that is clear and has a draft."""
    house = House(tmp_path_factory.mktemp("doubtful") / "home", _emulated.running)
    inbox = house.home / "inbox"
    for number in range(1, DOUBTS):
        text = f"Добрый день, вопрос номер {number} по прошлому письму, ждём."
        sender = SENDERS[number % 3] if number % 4 == 0 else f"Гость {number} <g{number}@post.example>"
        to = SHOP if number % 2 else OFFICE
        put(
            inbox,
            f"{number:02}.eml",
            mail(text, number, to=to, subject=f"Письмо {number}", sender=sender),
            TODAY,
        )
    put(
        inbox, "h.eml", mail(HOSTILE, 90, to=OFFICE, subject=HOSTILE[:60], sender="x <x@post.example>"), TODAY
    )
    clear = "Hello, my new card was ordered ten days ago. When does the courier bring it?"
    put(inbox, "c.eml", mail(clear, 91, subject="New card"), TODAY)
    ran = house.night()
    assert ran.code == 0, ran.err
    assert ran.report["totals"]["review"] >= DOUBTS, ran.report["totals"]
    return house


@pytest.fixture
def house(tmp_path: Path, _doubtful: House, _emulated: Emulated) -> House:
    shutil.copytree(_doubtful.home, tmp_path / "home", copy_function=shutil.copy2)
    return House(tmp_path / "home", _emulated.running)
