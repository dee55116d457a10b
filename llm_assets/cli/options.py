"""Options and exit codes that several commands share."""

import os
import pwd
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from llm_assets.domain.desk.night import Until
from llm_assets.domain.errors import ConfigurationError

EXIT_INCOMPLETE, EXIT_USAGE = 1, 2

DayOption = Annotated[
    datetime, typer.Option("--day", formats=["%Y-%m-%d"], help="Business day, e.g. 2026-11-20.")
]
MaybeDayOption = Annotated[
    datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Business day; default: today's.")
]
OnlyDayOption = Annotated[
    datetime | None,
    typer.Option("--day", formats=["%Y-%m-%d"], help="Business day; default: what is open of any day."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on the last line of stdout.")]

ReworkOption = Annotated[
    str,
    typer.Option(help="missing | stale; default: stale until the night's deadline, missing after it."),
]

UntilOption = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="HH:MM of the business time zone, or RFC 3339: the report is written before it with what exists.",
    ),
]


def until_of(word: str, zone: ZoneInfo, now: datetime) -> Until:
    """The moment of `--until`; HH:MM is the next such time. Raises ConfigurationError."""
    try:
        at = _clock_time(word, zone, now) if len(word) <= len("HH:MM") else datetime.fromisoformat(word)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ConfigurationError(
            f"--until {word!r} is no time; write HH:MM, or a date and time with its offset such as"
            " 2026-11-21T08:00:00+05:00"
        )
    if at <= now:
        raise ConfigurationError(f"--until {word} has passed; name a moment that is still to come")
    return Until(at, now)


def _clock_time(word: str, zone: ZoneInfo, now: datetime) -> datetime:
    clock = datetime.strptime(word, "%H:%M").time()  # noqa: DTZ007 - the zone is the next line's
    at = datetime.combine(now.astimezone(zone).date(), clock, zone)
    return at if at > now else at + timedelta(days=1)


def check_rework(word: str) -> None:
    """Raises ConfigurationError for an unknown `--rework`."""
    if word not in ("auto", "missing", "stale"):
        raise ConfigurationError(f"--rework {word} is not known; use missing or stale")


def date_of(day: datetime | None) -> date | None:
    return day.date() if day is not None else None


def existing(paths: list[Path] | None) -> list[Path]:
    """Raises ConfigurationError for the first `--inbox` that does not exist."""
    for path in paths or []:
        if not path.exists():
            raise ConfigurationError(f"--inbox {path} does not exist; name a folder, mbox, maildir or file")
    return paths or []


def who() -> str:
    """The account that gives a command, by the process's real user id: a variable such as LOGNAME may say anything."""
    number = os.getuid()
    try:
        return f"os:{pwd.getpwuid(number).pw_name}"
    except KeyError:  # a user without a name, as in a container
        return f"uid:{number}"
