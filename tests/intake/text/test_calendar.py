"""Invitations and answers to them become lines that a person can read."""

import time

import pytest

from llm_assets.intake.read import read_bytes
from llm_assets.intake.text import calendar


def entry(*lines: str, method: str = "REQUEST") -> str:
    return calendar.to_text(
        "\r\n".join(
            ["BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"]
        )
    )


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('DTSTART;TZID="(UTC+06:00) Almaty, Novosibirsk":20261201T093000', "DTSTART: 20261201T093000 (UTC+06:00) Almaty, Novosibirsk"),
        ("DTSTART;TZID=(UTC+06:00) Almaty:20261201T093000", "DTSTART: 20261201T093000 (UTC+06:00) Almaty"),
        ('DTEND;X-A="b;c:d";TZID=Asia/Almaty:20261201T103000', "DTEND: 20261201T103000 Asia/Almaty"),
        ("DTSTART:20261201T043000Z", "DTSTART: 20261201T043000Z"),
        ("DTSTART;VALUE=DATE:20261201", "DTSTART: 20261201"),
        ('SUMMARY;ALTREP="cid:part1@x":Loan: second talk', "SUMMARY: Loan: second talk"),
        ('DESCRIPTION;ALTREP="data:text/html,%3Cp%3Ea;b%3C/p%3E";LANGUAGE=ru:Возьмите паспорт\\nи договор\\; оба', "DESCRIPTION: Возьмите паспорт\nи договор; оба"),
        ('ATTENDEE;CN="Kim; Anna: loans";PARTSTAT=NEEDS-ACTION:MAILTO:anna@post.example', "ATTENDEE: Kim; Anna: loans <anna@post.example>"),
        ("ATTENDEE;CN=Office: Anna:mailto:anna@post.example", "ATTENDEE: Office: Anna <anna@post.example>"),
        ('ATTENDEE;X-RESPONSE-COMMENT="at 12:30, not before";CN=Anna;PARTSTAT=tentative:mailto:anna@post.example', "ATTENDEE: Anna <anna@post.example> TENTATIVE"),
        ("ATTENDEE;PARTSTAT=ACCEPTED;CN=Анна Ким:mailto:anna@post.example", "ATTENDEE: Анна Ким <anna@post.example> ACCEPTED"),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:anna@post.example", "ATTENDEE: anna@post.example DECLINED"),
        ("COMMENT;LANGUAGE=ru:Не смогу\\, перенесите на 15:00", "COMMENT: Не смогу, перенесите на 15:00"),
        ('ORGANIZER;CN="Anna ^\'Ann^\' Kim":mailto:anna@post.example', 'ORGANIZER: Anna "Ann" Kim <anna@post.example>'),
        ("RECURRENCE-ID;TZID=Asia/Almaty:20261201T093000", "RECURRENCE-ID: 20261201T093000 Asia/Almaty"),
        ("DESCRIPTION;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=D0=94=D0=B0=0D=0Aok", "DESCRIPTION: Да\nok"),
        ('LOCATION;ALTREP="open quote:Room 5', 'LOCATION: Room 5'),
        ("X-ALT-DESC;FMTTYPE=text/html:<p>Loan</p>", ""),
        ("DTSTAMP:20261130T000000Z", ""),
    ],
)  # fmt: skip
def test_a_line_shows_its_value(line: str, shown: str) -> None:
    assert entry(line) == f"METHOD: REQUEST\n{shown}".strip()


def test_an_answer_is_said() -> None:
    text = entry("SUMMARY:Loan", "ATTENDEE;PARTSTAT=DECLINED;CN=Anna:mailto:a@post.example", method="REPLY")
    assert text == "METHOD: REPLY\nSUMMARY: Loan\nATTENDEE: Anna <a@post.example> DECLINED"


def test_a_calendar_file_alone_is_a_document() -> None:
    data = b"BEGIN:VCALENDAR\r\nX-WR-CALNAME:Work\r\nBEGIN:VEVENT\r\nSUMMARY:Loan\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    (message,) = read_bytes(data, path="meeting.ics")
    assert message.kind == "document" and message.attachments[0].text == "SUMMARY: Loan"


def test_lines_made_for_slow_patterns_are_read_in_time() -> None:
    started = time.process_time()
    for piece in ('";', ';"', '":', ":20261201/", "^'", "\\n", " " * 30 + ":mailto:"):
        calendar.to_text("BEGIN:VCALENDAR\nDTSTART;X=" + piece * (1_000_000 // len(piece)))
    assert time.process_time() - started < 5
