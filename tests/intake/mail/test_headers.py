"""Addresses, dates and ids as people and programs really write them."""

from datetime import UTC, datetime

import pytest

from llm_assets.domain.mail.document import Address
from llm_assets.intake.mail.addresses import addresses
from llm_assets.intake.mail.dates import date, first_date
from llm_assets.intake.mail.headers import message_ids


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("anna@post.example", [Address("", "anna@post.example")]),
        ("Anna <Anna@Post.example>", [Address("Anna", "anna@post.example")]),
        (
            '"Kim, Anna" <a@p.example>, b@p.example',
            [Address("Kim, Anna", "a@p.example"), Address("", "b@p.example")],
        ),
        ("a@p.example (Anna Kim)", [Address("Anna Kim", "a@p.example")]),
        ("=?utf-8?b?0JDQvdC90LA=?= <a@p.example>", [Address("Анна", "a@p.example")]),
        ("Team: a@p.example, b@p.example;", [Address("", "a@p.example"), Address("", "b@p.example")]),
        ("undisclosed-recipients:;", []),
        ("<a@p.example>; <b@p.example>", [Address("", "a@p.example"), Address("", "b@p.example")]),
        ("Anna <a@p.example", [Address("Anna", "a@p.example")]),
        ("Anna Kim", [Address("Anna Kim", "")]),
        ("'a@p.example' <a@p.example>", [Address("a@p.example", "a@p.example")]),
        ("<@relay.example:a@p.example>", [Address("", "a@p.example")]),
        ("Dana Kim, MD <d@p.example>", [Address("Dana Kim, MD", "d@p.example")]),
        ("Ким, Дана <d@p.example>", [Address("Ким, Дана", "d@p.example")]),
        ("Kim, Dana, MD, MBA <d@p.example>", [Address("Kim, Dana, MD, MBA", "d@p.example")]),
        (
            "Kim, Dana <d@p.example>; Desk <s@b.example>, Ли, Ян <l@p.example>",
            [
                Address("Kim, Dana", "d@p.example"),
                Address("Desk", "s@b.example"),
                Address("Ли, Ян", "l@p.example"),
            ],
        ),
        ("=?utf-8?Q?Kim,_Dana_=3A)?= <d@p.example>", [Address("Kim, Dana :)", "d@p.example")]),
        ('"Dana" <"kim, dana"@p.example>', [Address("Dana", '"kim, dana"@p.example')]),
        ('"kim@home"@p.example', [Address("", '"kim@home"@p.example')]),
        ("d@old.example via Desk <desk@b.example>", [Address("d@old.example via Desk", "desk@b.example")]),
        ("'Dana' via Desk <desk@b.example>", [Address("'Dana' via Desk", "desk@b.example")]),
        ("Dana <mailto:d@p.example>", [Address("Dana", "d@p.example")]),
        ("Dana [mailto:d@p.example]", [Address("Dana", "d@p.example")]),
        ("Dana Kim d@p.example", [Address("Dana Kim", "d@p.example")]),
        ("Dana <d at p.example>", [Address("Dana", "d@p.example")]),
        ("Dana <<d@p.example>>", [Address("Dana", "d@p.example")]),
        ('"Dana <d@p.example>"', [Address("Dana", "d@p.example")]),
        ('"Dana <d@p.example>', [Address("Dana", "d@p.example")]),
        ("Дана <дана＠почта.рф>", [Address("Дана", "дана@почта.рф")]),
        ("Dana (branch, night) <d@p.example>", [Address("Dana", "d@p.example")]),
        ("d@[192.0.2.7]", [Address("", "d@[192.0.2.7]")]),
        ("d@p.example.", [Address("", "d@p.example")]),
        ("d @ p . example", [Address("", "d@p.example")]),
        ("d@p.example, desk", [Address("", "d@p.example"), Address("desk", "")]),
        ("desk, d@p.example", [Address("desk", ""), Address("", "d@p.example")]),
        ("desk, <d@p.example>", [Address("desk", ""), Address("", "d@p.example")]),
    ],
)
def test_addresses_are_found_in_every_spelling(value: str, expected: list[Address]) -> None:
    assert list(addresses([value.encode()])) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Anna <@a.example,@b.example:a@p.example>", [Address("Anna", "a@p.example")]),
        ("Anna <anna..k.@p.example>", [Address("Anna", "anna..k.@p.example")]),
        ("a@p.example <>", [Address("", "a@p.example")]),
        ("Anna &lt;a@p.example&gt;", [Address("Anna", "a@p.example")]),
        ("Anna a@p.example>", [Address("Anna", "a@p.example")]),
        ("Anna <a@p.example\u200b>", [Address("Anna", "a@p.example")]),
        ("anna at p.example (Anna Kim)", [Address("Anna Kim", "anna@p.example")]),
        ("Anna at home", [Address("Anna at home", "")]),
        ("a@p.example b@p.example", [Address("", "a@p.example"), Address("", "b@p.example")]),
        ("<a@p.example> Ян <b@p.example>", [Address("", "a@p.example"), Address("Ян", "b@p.example")]),
        ("b@o.example via Shop <a@p.example>", [Address("b@o.example via Shop", "a@p.example")]),
    ],
)
def test_addresses_that_a_program_damaged_are_found(value: str, expected: list[Address]) -> None:
    assert list(addresses([value.encode()])) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Fri, 20 Nov 2026 08:00:00 +0500", datetime(2026, 11, 20, 3, tzinfo=UTC)),
        ("20 Nov 26 08:00 +0500 (ALMT)", datetime(2026, 11, 20, 3, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 03:00:00 GMT", datetime(2026, 11, 20, 3, tzinfo=UTC)),
        ("2026-11-20T08:00:00+05:00", datetime(2026, 11, 20, 3, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 03:00:00", datetime(2026, 11, 20, 3, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 08:00:00 +05:00", datetime(2026, 11, 20, 3, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 08:00:00 GMT+0500", datetime(2026, 11, 20, 3, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 08:00:00 MSK", datetime(2026, 11, 20, 5, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 8:00:00 PM +0500", datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ("Пт, 20 ноя 2026 08:00:00 +0500", datetime(2026, 11, 20, 3, tzinfo=UTC)),
        ("20 қараша 2026 ж., 08:00 GMT+5", datetime(2026, 11, 20, 3, tzinfo=UTC)),
        ("20.11.2026 08:00", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 08:00:broken <a@p.example>", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:30:00 CET", datetime(2026, 11, 16, 8, 30, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:30:00 (EEST)", datetime(2026, 11, 16, 6, 30, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:30:00 +0200 (CET)", datetime(2026, 11, 16, 7, 30, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:30:00 ALMT", datetime(2026, 11, 16, 4, 30, tzinfo=UTC)),
        ("Mon, 16 Nov 2020 09:30:00 ALMT", datetime(2020, 11, 16, 3, 30, tzinfo=UTC)),
        ("Mon Nov 16 09:30:00 CEST 2026", datetime(2026, 11, 16, 7, 30, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:30:00 EST", datetime(2026, 11, 16, 14, 30, tzinfo=UTC)),
        ("Mon, 16 Nov 26 09:30:00 JST", datetime(2026, 11, 16, 0, 30, tzinfo=UTC)),
        ("16 ноября 2026 г. 09:30 MSK", datetime(2026, 11, 16, 6, 30, tzinfo=UTC)),
        ("Mon, 16 Nov 126 09:30:00 +0500", datetime(2026, 11, 16, 4, 30, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:30:60 +0500", datetime(2026, 11, 16, 4, 30, 59, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:30:00.250 +0500", datetime(2026, 11, 16, 4, 30, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:30:00 +5", datetime(2026, 11, 16, 4, 30, tzinfo=UTC)),
        ("Nov 16, 2026 9:30 PM", datetime(2026, 11, 16, 21, 30, tzinfo=UTC)),
        ("November 16, 2026 at 9:30 p. m.", datetime(2026, 11, 16, 21, 30, tzinfo=UTC)),
        ("2026/11/16 09:30:00", datetime(2026, 11, 16, 9, 30, tzinfo=UTC)),
        ("16/11/2026 09:30", datetime(2026, 11, 16, 9, 30, tzinfo=UTC)),
        ("11/16/2026 09:30", datetime(2026, 11, 16, 9, 30, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:30:00 -03:30", datetime(2026, 11, 16, 13, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:30:00 GMT-02:30", datetime(2026, 11, 16, 12, tzinfo=UTC)),
        ("Monday, 16-Nov-26 09:30:00 GMT", datetime(2026, 11, 16, 9, 30, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:30:00 MSK+4", datetime(2026, 11, 16, 2, 30, tzinfo=UTC)),
        ("2026 ж. 16 қараша 09:30 +0500", datetime(2026, 11, 16, 4, 30, tzinfo=UTC)),
        ("2026 жылғы 16 қараша 09:30", datetime(2026, 11, 16, 9, 30, tzinfo=UTC)),
        ("Di, 6 Okt 2026 09:30:00 +0200", datetime(2026, 10, 6, 7, 30, tzinfo=UTC)),
        ("6 März 2026 09:30:00 +0100", datetime(2026, 3, 6, 8, 30, tzinfo=UTC)),
        ("6 août 2026 09:30:00 +0200", datetime(2026, 8, 6, 7, 30, tzinfo=UTC)),
        ("11/12/2026 09:30", None),
        ("Tue, 31 Nov 2026 09:30:00 CET", None),
        ("30 Feb 2026 09:30:00 +0500", None),
        ("Fri, 45 Nov 2026 99:00:00 +0500", None),
        ("9" * 100_000, None),
        ("yesterday", None),
    ],
)
def test_dates_are_understood_or_absent(value: str, expected: datetime | None) -> None:
    found = date(value.encode())
    assert (found.astimezone(UTC) if found is not None else None) == expected


def test_ids_lose_their_brackets_and_repetitions() -> None:
    assert message_ids([b"<a@x> <b@x>\r\n <a@x>"]) == ("a@x", "b@x")


def test_of_several_dates_the_first_that_says_a_moment_counts() -> None:
    found = first_date([b"soon", b"Fri, 20 Nov 2026 08:00:00 +0500", b"Sat, 21 Nov 2026 08:00:00 +0500"])
    assert found is not None and found.day == 20
