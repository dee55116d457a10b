"""A released draft as a mail: whole after any program has read it, in its customer's thread, the same bytes each time."""

import email
import random
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default

import pytest

from llm_assets.domain.mail.document import Address
from llm_assets.usecases.drafts.reply import MOST_REFERENCES, Reply, mail_address, message_id_for

REPLY = Reply(
    message_id=message_id_for("2026-11-20", "c1", "t1"),
    sender="support@altyn.example",
    to=Address("Айгүл Сейтқали", "aigul@post.example"),
    subject="Re: Карта",
    body="Здравствуйте!\n\nКарта будет у вас через 5–7 рабочих дней.\n",
    topic="RE: Отв: Карта",
    answers="1@post.example",
    references=["0@post.example", "1@post.example"],
    at=datetime(2026, 11, 21, 3, 0, tzinfo=UTC),
)


def read(reply: Reply) -> EmailMessage:
    found = email.message_from_bytes(reply.as_bytes(), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def raw(reply: Reply, name: str) -> str:
    """A header as it is written, unfolded only."""
    found = email.message_from_bytes(reply.as_bytes())
    return str(found[name]).replace("\r\n", "") if found[name] is not None else ""


def name_in(written: str) -> str:
    """Python's own reader of addresses drops a blank at the end of an encoded word."""
    name = written.rpartition("<")[0].strip()
    if name.startswith('"'):
        return name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return str(make_header(decode_header(name)))


def text_of(reply: Reply) -> str:
    payload = read(reply).get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_a_mail_program_reads_what_was_released() -> None:
    found = read(REPLY)
    assert (found["Subject"], found["Thread-Topic"]) == ("Re: Карта", "Карта")
    assert found["To"].addresses[0].display_name == "Айгүл Сейтқали"
    assert found["To"].addresses[0].addr_spec == "aigul@post.example"
    assert (found["From"], found["X-Unsent"]) == ("support@altyn.example", "1")
    assert found["Date"].datetime == REPLY.at
    assert text_of(REPLY) == REPLY.body.replace("\n", "\r\n")
    assert REPLY.as_bytes() == replace(REPLY).as_bytes()


def test_ids_of_any_length_are_written_as_they_are() -> None:
    """An encoded word in their place makes Outlook start another thread."""
    long = [f"{'AM0PR05MB6834D2C88EE7DD0B43' * 6}{n}@eurprd05.prod.mail.example" for n in range(3)]
    reply = replace(REPLY, answers=long[2], references=long)
    assert raw(reply, "In-Reply-To") == f"<{long[2]}>"
    assert raw(reply, "References").split() == [f"<{each}>" for each in long]


def test_of_a_long_thread_the_first_and_the_newest_are_named() -> None:
    thread = [f"{n}@post.example" for n in range(60)]
    named = raw(replace(REPLY, references=thread), "References").split()
    assert len(named) == MOST_REFERENCES
    assert (named[0], named[-1]) == ("<0@post.example>", "<59@post.example>")


HOSTILE = (
    "x\r\nBcc: all@evil.example",
    "x\nBcc: all@evil.example",
    "a\u2028b",
    "=?utf-8?q?x?=",
    "\ud800",
    "\x00",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_mail_becomes_a_header(text: str) -> None:
    given = replace(
        REPLY,
        subject=text,
        topic=text,
        answers=text,
        references=[text],
        sender=text,
        to=Address(text, f"{text}@post.example"),
        body=text,
    )
    found = read(given)
    assert found["Bcc"] is None and found["To"] is None and found["From"] is None
    names = {"Message-ID", "Date", "Subject", "Thread-Topic", "In-Reply-To", "References", "X-Unsent"}
    assert set(found.keys()) <= names | {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}


def test_any_subject_and_name_comes_back_whole() -> None:
    chance = random.Random(7)
    letters = 'abc XYZ 09 =?_"\\<>,;:@() привет ҚҰҢӘ 漢字 😀 é'
    for _ in range(300):
        text = " ".join("".join(chance.choices(letters, k=chance.randrange(1, 150))).split())
        reply = replace(REPLY, subject=text, to=Address(text[:60].strip(), "a@post.example"))
        found = read(reply)
        assert found["Subject"] == text
        assert name_in(raw(reply, "To")) == text[:60].strip()
        assert found["To"].addresses[0].addr_spec == "a@post.example"
        assert max(map(len, reply.as_bytes().split(b"\r\n"))) <= 998
        assert reply.as_bytes().isascii() and b"\n" not in reply.as_bytes().replace(b"\r\n", b"")


ADDRESSES = {
    "a.b+c@post.example": "a.b+c@post.example",
    "a@почта.example": "a@xn--80a1acny.example",
    "аня@post.example": "",
    "a b@post.example": "",
    "a@b@post.example": "",
    ".a@post.example": "",
    "a@": "",
    "": "",
    "a@-x.example": "",
    f"a@{'x' * 70}.example": "",
}


@pytest.mark.parametrize(("given", "written"), ADDRESSES.items())
def test_only_what_mail_can_be_sent_to_is_an_address(given: str, written: str) -> None:
    assert mail_address(given) == written
