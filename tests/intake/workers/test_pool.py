"""Reader processes: what they read is what this process would read, and one that hangs or dies costs one attachment."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from llm_assets.domain.errors import DeskError
from llm_assets.domain.mail.document import Message
from llm_assets.intake.checks.facts import PagesAsked, facts_from_wire
from llm_assets.intake.item import read_item
from llm_assets.intake.workers.job import Job
from llm_assets.intake.workers.limits import Limits
from llm_assets.intake.workers.pool import ReaderPool
from tests.support.mail.written_mail import mail, multipart, part

HOSTILE = (sys.executable, "-m", "tests.support.killed.hostile_worker")
QUICK = Limits(silence_seconds=2)


@pytest.fixture
def pool() -> Iterator[ReaderPool]:
    with ReaderPool(1, limits=QUICK, command=HOSTILE) as pool:
        yield pool


def jobs(*mails: bytes) -> list[Job]:
    return [Job(data, f"{n}.eml", "mail") for n, data in enumerate(mails)]


def read(pool: ReaderPool, *mails: bytes) -> list[Message]:
    return [found.message for found in pool.read_in_order(jobs(*mails))]


def pdf(order: str, name: str = "a.pdf") -> bytes:
    disposition = f"Content-Disposition: attachment; filename={name}"
    return part(f"%PDF-1.4 do {order} ", "application/pdf", disposition)


def note(text: str) -> bytes:
    return part(text, "text/plain", "Content-Disposition: attachment; filename=note.txt")


def texts(message: Message) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(a.text, a.text_source, a.flags) for a in message.attachments]


def test_messages_come_back_in_their_order_and_as_this_process_would_read_them() -> None:
    mails = [mail(f"Message {n}, where is my card?", message_id=f"<{n}@x>") for n in range(30)]
    mails[7] = multipart(part("see the note"), note("two kettles"))
    with ReaderPool(2) as pool:
        found = read(pool, *mails)
    assert found == [read_item(data, "mail", f"{n}.eml") for n, data in enumerate(mails)]


@pytest.mark.parametrize(("order", "flag"), [("hang", "timeout"), ("crash", "crashed"), ("exit", "crashed")])
def test_a_reader_that_hangs_or_dies_costs_that_attachment_only(
    pool: ReaderPool, order: str, flag: str
) -> None:
    hostile = multipart(part("Where is my card?"), note("before"), pdf(order), note("after"))
    found, next_one = read(pool, hostile, mail("Hello"))
    assert texts(found) == [("before", "plain", ()), ("", "none", (flag,)), ("after", "plain", ())]
    assert (found.ok, found.text, found.flags) == (True, "Where is my card?", (flag,))
    assert (next_one.ok, next_one.text) == (True, "Hello")


@pytest.mark.parametrize(("order", "flag"), [("hang", "timeout"), ("crash", "crashed")])
def test_a_file_that_breaks_the_look_at_its_pages_costs_its_process_and_says_how(
    pool: ReaderPool, order: str, flag: str
) -> None:
    now = time.monotonic()
    hostile, next_one = pool.read_in_order(
        [
            Job(b"%PDF-1.4 do " + order.encode(), "a.pdf", pages=PagesAsked(now + 1)),
            Job(b"Hello", "a.txt", pages=PagesAsked(now + 60)),
        ]
    )
    assert (hostile.as_json, hostile.lost) == (None, flag)
    assert next_one.as_json is not None
    assert facts_from_wire(next_one.as_json).text == "Hello"


def test_a_reader_that_eats_memory_costs_that_attachment_only(pool: ReaderPool) -> None:
    (found,) = read(pool, multipart(part("Where is my card?"), pdf("eat"), note("after")))
    broken, after = texts(found)
    assert (broken[0], broken[1], after[0]) == ("", "none", "after")
    assert "unreadable" in found.flags


def test_each_of_several_hostile_attachments_is_named_and_the_rest_is_read(pool: ReaderPool) -> None:
    parts = [pdf("crash", "1.pdf"), pdf("fine", "2.pdf"), pdf("exit", "3.pdf"), note("after")]
    (found,) = read(pool, multipart(part("Three files"), *parts))
    assert [a.flags for a in found.attachments] == [("crashed",), (), ("crashed",), ()]
    assert found.attachments[1].text.startswith("read by") and found.attachments[3].text == "after"


@pytest.mark.soak
def test_a_mail_full_of_hanging_attachments_loses_each_of_them(
    pool: ReaderPool,
) -> None:
    parts = [pdf(f"hang {n}", f"{n}.pdf") for n in range(3)]
    (found,) = read(pool, multipart(part("Many files"), *parts))
    assert [a.flags for a in found.attachments] == [("timeout",)] * 3


def test_a_hostile_file_in_a_forwarded_mail_costs_that_file_only(pool: ReaderPool) -> None:
    inner = multipart(part("The forwarded words"), pdf("crash")).replace(b"frontier", b"inner")
    (found,) = read(
        pool, multipart(part("See below"), b"Content-Type: message/rfc822\r\n\r\n" + inner, note("after"))
    )
    forwarded, after = found.attachments
    assert "The forwarded words" in forwarded.text and forwarded.flags == ("crashed",)
    assert after.text == "after"


def test_a_process_that_died_once_is_nobodys_fault(pool: ReaderPool, tmp_path: Path) -> None:
    """As when the kernel takes it for another one's memory."""
    (found,) = read(pool, multipart(part("Hello"), pdf(f"crash_once {tmp_path / 'died'}")))
    assert found.attachments[0].flags == () and found.attachments[0].text.startswith("read by")


@pytest.mark.parametrize(("order", "kind"), [("hang", "timeout"), ("crash", "crashed"), ("raise", "crashed")])
def test_a_body_that_breaks_the_reader_leaves_the_header(pool: ReaderPool, order: str, kind: str) -> None:
    found, next_one = read(pool, mail(f"do {order}", subject="Карта"), mail("Hello"))
    assert (found.ok, found.error and found.error.kind, found.flags) == (False, kind, (kind,))
    assert (found.subject, found.customer_address, found.message_id) == (
        "Карта",
        "anna@post.example",
        "a1@post.example",
    )
    assert found.record_id == next_one.record_id, "known by Message-ID and sender, whatever could be read"
    assert next_one.ok


def test_a_lone_document_that_crashes_is_unreadable(pool: ReaderPool) -> None:
    (found,) = pool.read([Job(b"%PDF-1.4 do crash ", "invoice.pdf", "document")])
    message = found.message
    assert (message.ok, message.kind, message.error and message.error.kind) == (False, "document", "crashed")
    assert message.attachments[0].flags == ("crashed",)


def test_a_reader_that_takes_long_and_says_so_is_let_go_on(pool: ReaderPool) -> None:
    (found,) = read(pool, multipart(part("Hello"), pdf("work_long")))
    assert found.attachments[0].text.startswith("read by")


def test_a_reader_that_never_stops_saying_so_is_ended_all_the_same() -> None:
    with ReaderPool(1, limits=Limits(message_seconds=2), command=HOSTILE) as pool:
        (found,) = read(pool, multipart(part("Hello"), pdf("work_long")))
    assert (found.text, found.attachments[0].flags) == ("Hello", ("timeout",))


def test_what_a_reader_raises_is_logged_by_its_place_and_never_by_its_words(pool: ReaderPool) -> None:
    with capture_logs() as logs:
        read(pool, mail("do raise"))
    assert any("NotImplementedError at hostile_worker.py" in str(line) for line in logs)
    assert "secret" not in str(logs)


def test_a_process_is_replaced_after_its_share_of_messages() -> None:
    mails = [multipart(part("Hello"), pdf("tell")) for _ in range(4)]
    with ReaderPool(1, limits=Limits(messages=2), command=HOSTILE) as pool:
        readers = [found.attachments[0].text for found in read(pool, *mails)]
    assert readers[0] == readers[1] != readers[2] == readers[3]


def test_a_process_that_holds_too_much_is_replaced() -> None:
    mails = [multipart(part("Hello"), pdf("tell")) for _ in range(2)]
    with ReaderPool(1, limits=Limits(resident_bytes=1 << 20), command=HOSTILE) as pool:
        readers = [found.attachments[0].text for found in read(pool, *mails)]
    assert readers[0] != readers[1]


def test_a_reader_knows_no_keys(pool: ReaderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("LLM_ASSETS_DATABASE_URL", "postgresql://user:secret@db/desk")
    monkeypatch.setenv("PYTHON_KEYRING_TOKEN", "secret")
    monkeypatch.setenv("LC_MAILBOX_PASSWORD", "secret")
    (found,) = read(pool, multipart(part("Hello"), pdf("environment")))
    environment = json.loads(found.attachments[0].text)
    assert "secret" not in str(environment) and environment["OMP_THREAD_LIMIT"] == "1"


def test_a_reader_inherits_no_open_file(pool: ReaderPool, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret", encoding="ascii")
    held = os.open(tmp_path / "key", os.O_RDONLY)
    os.set_inheritable(held, True)
    try:
        (found,) = read(pool, multipart(part("Hello"), pdf("descriptors")))
    finally:
        os.close(held)
    assert str(tmp_path / "key") not in found.attachments[0].text
    assert "socket" in found.attachments[0].text, "it was looked"


def test_when_no_process_can_be_started_it_says_so() -> None:
    with ReaderPool(1, command=("false",)) as pool, pytest.raises(DeskError, match="ended with code 1"):
        read(pool, mail())


def test_a_file_that_is_gone_or_holds_other_bytes_is_lost_and_stops_nothing(
    pool: ReaderPool, tmp_path: Path
) -> None:
    there = tmp_path / "there.eml"
    there.write_bytes(mail("Hello"))
    found = list(
        pool.read_in_order(
            [
                Job(tmp_path / "gone.eml", "gone.eml", "mail"),
                Job(there, "there.eml", "mail", sha256="0" * 64),
                Job(there, "there.eml", "mail"),
            ]
        )
    )
    assert [f.lost for f in found] == ["No such file or directory", "other bytes than were received", ""]
    assert found[2].message.text == "Hello"


def test_jobs_are_taken_no_further_ahead_than_answers_wait_in_memory(pool: ReaderPool) -> None:
    taken = count()

    def endless() -> Iterator[Job]:
        for n in taken:
            yield Job(mail(f"Message {n}"), f"{n}.eml", "mail")

    answers = pool.read(endless())
    assert [next(answers).position for _ in range(5)] == [0, 1, 2, 3, 4]
    assert next(taken) <= 8


def test_nothing_is_left_when_nobody_listens_any_more(pool: ReaderPool) -> None:
    answers = pool.read(jobs(*[mail(f"Message {n}") for n in range(10)]))
    next(answers)
    answers.close()
    (found,) = read(pool, mail("Hello"))
    assert found.text == "Hello"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="watching a foreign process end needs pidfd_open")
def test_readers_end_with_their_parent_even_in_the_middle_of_a_parser(tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(told)])
    reader, child = (os.pidfd_open(int(pid)) for pid in told.read_text().split())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    gone = ended([reader], seconds=20)
    signal.pidfd_send_signal(child, signal.SIGKILL)
    assert gone
    os.close(reader)
    os.close(child)


PARENT = """
import sys
from tests.intake.workers.test_pool import *
with ReaderPool(1, limits=Limits(silence_seconds=600), command=HOSTILE) as pool:
    read(pool, multipart(part("Hello"), pdf(f"tell_and_hang {sys.argv[1]}")))
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="watching a foreign process end needs pidfd_open")
def test_programs_that_a_reader_started_end_with_it(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with ReaderPool(1, limits=QUICK, command=HOSTILE) as pool:
        (found,) = read(pool, multipart(part("Hello"), pdf(f"tell_and_hang {told}")))
    assert found.attachments[0].flags == ("timeout",)
    _, child = told.read_text().split()
    try:
        os.kill(int(child), 0)
    except ProcessLookupError:
        return
    watched = os.pidfd_open(int(child))
    assert ended([watched], seconds=10)
    os.close(watched)


def ended(processes: Sequence[int], seconds: float) -> bool:
    return bool(select.select(processes, [], [], seconds)[0])
