"""Mailboxes in the four dialects of mbox and the habits of programs, from their grammar. Says of each how many mails it holds."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

DATES = (
    "Fri Nov 20 10:15:00 2026",
    "Fri Nov  2 10:15:00 2026",
    "Fri Nov 20 10:15 2026",
    "Fri Nov 20 10:15:00 ALMT 2026",
    "Fri Nov 20 10:15:00 2026 +0500",
    "Fri Nov 20 10:15:00 +0500 2026",
    "Fri Nov 20 10:15:00 MET DST 2026",
    "Fri, 20 Nov 2026 10:15:00 +0500",
    "Fri Nov 20 10:15:00 2026 remote from relay",
    "2026-11-20 10:15:00",
    "20-Nov-2026 10:15:00 +0500",
)
SENDERS = (
    "dana@post.example",
    "-",
    "MAILER-DAEMON",
    "???@???",
    '"d k"@post.example',
    "1834567890@xxx",
    "dana",
    "relay!dana",
    "",
)
HEADERS = (
    "From: Dana <dana@post.example>\nSubject: n{0}\nMessage-ID: <{0}@post.example>\n",
    "Received: from relay\n\tby desk\nSubject: n{0}\n",
    "X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\nSubject: n{0}\n",
    "Subject: n{0}\nTo: desk@bank.example\n",
)
FROM = "From dana@post.example Fri Nov 20 10:15:00 2026\n"


class Mailbox(NamedTuple):
    name: str
    data: bytes


def boxes() -> Iterator[Mailbox]:
    """Three mails each: every From line with every separator, beginning of headers and line end."""
    for sender, date, headers, gap, end in product(SENDERS, DATES, HEADERS, ("\n\n", "\n"), ("\n", "\r\n")):
        line = f"From {sender} {date}\n" if sender else f"From {date}\n"
        text = "".join(f"{line}{headers.format(n)}\nwords {n}{gap}" for n in range(3))
        name = f"{sender}, {date}, {headers[:8]}, {len(gap)} gaps, {len(end)} at line ends"
        yield Mailbox(name, text.replace("\n", end).encode())


def mail(number: int, body: str = "words\n", headers: str = "") -> str:
    return f"From: dana@post.example\nSubject: n{number}\n{headers}\n{body}"


def counted(number: int, body: str, *, wrong_by: int = 0) -> str:
    """A mail of mboxcl2: its Content-Length says where it ends, and its `From ` lines are not escaped."""
    return mail(number, body, f"Content-Length: {len(body.encode()) + wrong_by}\n")
