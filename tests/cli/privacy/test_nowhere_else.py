"""A recorded night of Dagster that is killed once: requests hold what `mask` shows and nothing else, and no personal value
is in Dagster's storage, in logs, tags, file names or temporary folders."""

import io
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image, ImageDraw

from llm_assets.emulator import start
from tests.cli.privacy.test_masked_night import waiting
from tests.support.houses.house import TODAY, Emulated, House, runs
from tests.support.mail.invented_inbox import put
from tests.support.mail.written_mail import multipart, part
from tests.support.providers.recorded import texts

pytestmark = pytest.mark.slow

KEY = "sk-zq81-invented-key"
PEOPLE = {
    "sender": "Розалия Бекмурзина", "mail": "rozalia.bekmurzina@post.example", "phone": "+7 777 123 45 67",
    "iin": "900412400133", "card": "4000 0566 5566 5556", "address": "пр. Абая 150, кв. 12",
    "husband": "Тимур Бекмурзин", "en sender": "Philippa Lockwood", "en mail": "p.lockwood@post.example",
    "en phone": "+44 20 7946 0321", "en card": "5200 8282 8282 8210", "iban": "KZ86 125K ZT50 0410 0100",
}  # fmt: skip
WORDS = ("Бекмурзин", "Lockwood", "Розали")
VALUES = sorted({*PEOPLE.values(), *WORDS})


def letters() -> dict[str, bytes]:
    p = PEOPLE
    russian = (
        f"Здравствуйте! Меня зовут {p['sender']}, ИИН {p['iin']}. С карты {p['card']} дважды списали деньги.\n"
        f"Мой телефон {p['phone']}, адрес: {p['address']}. Мой муж {p['husband']} ждёт ответа.\n\n{p['sender']}\n{p['phone']}"
    )
    english = (
        f"Hello, my card {p['en card']} was declined, please refund to {p['iban']}. Call me: {p['en phone']}.\n\n"
        f"Kind regards\n{p['en sender']}"
    )
    return {
        f"{p['sender']}.eml": _letter(p["sender"], p["mail"], f"Списание, {p['sender']}", russian, 1),
        "2.eml": _letter(p["en sender"], p["en mail"], "Card declined", english, 2),
    }


def _letter(name: str, address: str, subject: str, text: str, number: int) -> bytes:
    head = f"From: {name} <{address}>\r\nTo: support@altyn.example\r\nSubject: {subject}\r\nMessage-ID: <{number}@post.example>"
    scan = part(_scan(name), "image/png", f'Content-Disposition: attachment; filename="{name}.png"')
    body = multipart(part(text), scan)
    return head.encode() + b"\r\n" + body


def _scan(name: str) -> bytes:
    page = Image.new("L", (900, 300), "white")
    ImageDraw.Draw(page).text(
        (40, 80), f"{name if name.isascii() else 'Statement'} IIN {PEOPLE['iin']}", fill=0, font_size=48
    )
    written = io.BytesIO()
    page.save(written, "PNG")
    return written.getvalue()


class Night(NamedTuple):
    house: House
    dagster: Path
    temporary: Path
    said: str
    sent: list[str]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder = tmp_path_factory.mktemp("nowhere")
    record, storage, temporary = folder / "record.jsonl", folder / "dagster", folder / "temporary"
    for made in (storage, temporary):
        made.mkdir(mode=0o700)
    (storage / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    running = start(folder / "emulator", record=record, exit_with_parent=os.getpid())
    try:
        emulated = Emulated(running)
        emulated.scenario("batches: [{when: {}, latency: 2}]\n")
        settings = {
            "OPENAI_API_KEY": KEY, "DAGSTER_HOME": str(storage), "TMPDIR": str(temporary),
            "LLM_ASSETS_GRACE_SECONDS": "300",
        }  # fmt: skip
        house = House(folder / "home", running, settings)
        for name, data in letters().items():
            put(house.home / "inbox", name, data, TODAY)
        (house.home / "inbox" / "leak.eml").symlink_to("/proc/self/environ")
        os.mkfifo(house.home / "inbox" / "pipe.eml")
        first = _materializing(house)
        while runs(first) and not waiting(emulated):
            pass
        first.send_signal(signal.SIGKILL)
        said = [*first.communicate()]
        assert first.returncode == -signal.SIGKILL, said
        second = _materializing(house)
        said += second.communicate(timeout=300)
        assert second.returncode == 0, said[-1][-3000:]
        yield Night(house, storage, temporary, "\n".join(said), list(texts(record)))
    finally:
        running.stop()


def _materializing(house: House) -> "subprocess.Popen[str]":
    """The night as Dagster runs it, in a process that may be killed."""
    words = [
        "-m",
        "dagster",
        "asset",
        "materialize",
        "--select",
        "group:desk",
        "--partition",
        TODAY.isoformat(),
    ]
    return subprocess.Popen(
        [sys.executable, *words, "-m", "llm_assets.definitions"],
        env=house.environment,
        cwd=house.home.parent,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        umask=0o077,
    )


def spellings(value: str) -> list[bytes]:
    """As it is, as JSON writes it where it keeps to ASCII, and as a path of an item in a URL."""
    return [value.encode(), json.dumps(value)[1:-1].encode()]


def holding(place: Path) -> list[tuple[str, str]]:
    """Files that hold a personal value or the key, in their content or in their name."""
    found = []
    for path in sorted(place.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        name = os.fsencode(path.relative_to(place))
        found += [
            (str(path), value)
            for value in (*VALUES, KEY)
            if any(form in content or form in name for form in spellings(value))
        ]
    return found


def test_no_request_holds_a_personal_value_or_the_key(night: Night) -> None:
    everything = "\n".join(night.sent)
    assert [value for value in (*VALUES, KEY) if value in everything] == []
    digits = "".join(c for c in everything if c.isdigit() or c == "\n")
    numbers = [
        "".join(c for c in PEOPLE[n] if c.isdigit()) for n in ("phone", "iin", "card", "en card", "en phone")
    ]
    assert [number for number in numbers if number in digits] == []


def test_a_mail_is_sent_as_mask_shows_it_and_in_no_other_form(night: Night) -> None:
    for path in sorted((night.house.home / "inbox").glob("*.eml")):
        if path.is_symlink() or not path.is_file():
            continue
        shown = night.house.run("mask", str(path)).out
        text = shown[shown.index("<case") : shown.index("</case>")] if "<case" in shown else shown.strip()
        assert any("_1]" in line for line in text.splitlines()), "something in it is masked"
        assert any(text in sent for sent in night.sent), path.name


def test_dagster_has_stored_none_of_it(night: Night) -> None:
    assert any(p.suffix == ".db" for p in night.dagster.rglob("*")), "it has stored something"
    assert holding(night.dagster) == []


def test_no_process_has_said_any_of_it(night: Night) -> None:
    assert "RUN_SUCCESS" in night.said
    assert [
        value for value in (*VALUES, KEY) if any(f.decode() in night.said for f in spellings(value))
    ] == []


def test_no_temporary_file_is_left_after_the_kill(night: Night) -> None:
    for place in (night.temporary, night.house.home / "spool", night.house.home / "raw" / ".partial"):
        assert [p for p in place.rglob("*") if p.is_file() and p.name != ".lock" and p.stat().st_size] == []


def test_no_file_name_of_the_house_is_a_name_of_a_person(night: Night) -> None:
    names = [
        os.fsencode(p.relative_to(night.house.home))
        for p in night.house.home.rglob("*")
        if "inbox" not in p.parts
    ]
    assert names
    assert [n for n in names for value in VALUES if any(form in n for form in spellings(value))] == []


def test_the_house_is_for_its_owner_alone(night: Night) -> None:
    modes = {
        stat.S_IMODE(p.lstat().st_mode)
        for p in (night.house.home, *night.house.home.rglob("*"))
        if "inbox" not in p.parts and not p.is_symlink()
    }
    assert modes == {0o700, 0o600}


def test_what_was_left_unread_is_said_once_and_by_doctor(night: Night) -> None:
    assert night.said.count("left unread in the inbox") == 2, "once in the life of each of two processes"
    said = night.house.run("doctor").out
    assert "1 link and 1 pipe" in said
    assert "leak" not in said
