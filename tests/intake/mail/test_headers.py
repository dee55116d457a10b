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
    ],
)
def test_addresses_are_found_in_every_spelling(value: str, expected: list[Address]) -> None:
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
