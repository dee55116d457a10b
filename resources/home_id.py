"""The identity of a home: a file in it whose text the ledger's audit trail knows as well.

So a ledger on a server is never used with the raw mail, the lake and the reports of another one. A copied or restored
home takes its file along and is the same home.
"""

import os
import re
from pathlib import Path
from uuid import uuid4

from llm_assets.domain.audit import Action, Event
from llm_assets.domain.errors import ConfigurationError
from llm_assets.intake.inside import open_named
from resources.ledger import SqlLedger
from resources.ledger.audit.entries import DESK

FILE = "home-id"
_SUBJECT = "home"
_ID = re.compile(r"[0-9a-f]{32}")


def adopt(home: Path, ledger: SqlLedger) -> None:
    """Checks that they belong together. A home and a ledger that know of none yet are joined from now on.

    The file is written first: a process that is killed in between leaves a home that the next one joins.
    Raises ConfigurationError for a home that is another one's.
    """
    known = _known(ledger)
    if known is None:
        ledger.trail.append_once(Event(DESK, Action.ADOPTED, _SUBJECT, {"home": _read(home) or _write(home)}))
    check(home, ledger)


def check(home: Path, ledger: SqlLedger) -> None:
    """The same without joining what is not joined yet."""
    known = _known(ledger)
    if known is None:
        return
    found = _read(home)
    if found != known:
        what = f"is another one, {found}" if found is not None else f"has no file {FILE}"
        raise ConfigurationError(
            f"LLM_ASSETS_HOME={home} is not the home of this ledger: the ledger belongs to home {known}, and this "
            f"folder {what}; name the right folder or database, or, if it was restored without that file, write "
            f"{known} into {home / FILE}"
        )


def _known(ledger: SqlLedger) -> str | None:
    entries = ledger.trail.of_subject(Action.ADOPTED, _SUBJECT)
    try:
        return str(entries[0].parsed_detail["home"]) if entries else None
    except (ValueError, LookupError, TypeError):  # a damaged entry, which `audit verify` reports
        return None


def _read(home: Path) -> str | None:
    path = home / FILE
    try:
        with open_named(path) as file:
            text = file.read(200).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    except OSError as err:
        raise ConfigurationError(f"{path} cannot be read ({err.strerror}): check who owns it") from err
    if _ID.fullmatch(text) is None:
        raise ConfigurationError(f"{path} holds no id of a home: restore it from a backup, or remove it")
    return text


def _write(home: Path) -> str:
    """Whole or not at all; where another process was first, its id counts."""
    built = home / f".{FILE}-{uuid4().hex}"
    try:
        with built.open("w", encoding="ascii") as file:
            file.write(f"{uuid4().hex}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            (home / FILE).hardlink_to(built)
        except FileExistsError:
            pass
        finally:
            built.unlink(missing_ok=True)
    except OSError as err:
        raise ConfigurationError(f"LLM_ASSETS_HOME={home} cannot be written: {err.strerror}") from err
    found = _read(home)
    assert found is not None
    return found
