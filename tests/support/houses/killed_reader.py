"""Reads the mailboxes of a home in a process of its own, which ends itself at a given moment as kill -9 would.

Arguments: home, config folder, moment as `<before|after>:<what>:<how many times>`, or `never`.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.receive import receive
from resources.ledger.transactions.register import SqlRegister
from resources.ledger.transactions.sources import SqlSources
from resources.mail.imap.session import Mailbox
from resources.mail.raw_store import RawStore
from resources.settings.environment import Settings

CALLS: dict[str, tuple[type, str]] = {
    "bodies": (Mailbox, "bodies"),
    "raw": (RawStore, "put"),
    "register": (SqlRegister, "receive"),
    "renumber": (SqlSources, "renumber"),
    "state": (SqlSources, "note_look"),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(moment: str) -> None:
    """The process dies right before or after the given call."""
    when, what, times = moment.split(":")
    kind, name = CALLS[what]
    called: Callable[..., Any] = getattr(kind, name)
    left = int(times)

    def dying(*args: Any, **more: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0 and when == "before":
            die()
        answer = called(*args, **more)
        if left == 0:
            die()
        return answer

    setattr(kind, name, dying)


def main() -> None:
    home, config, moment = sys.argv[1:]
    if moment != "never":
        arm(moment)
    settings = Settings(home=Path(home), provider="emulator", config=Path(config), _env_file=None)
    assembly = Assembly(settings, STEPS, lambda: datetime(2026, 11, 21, 1, 0, tzinfo=UTC))
    receive(assembly, insist=True)
    assembly.close()


if __name__ == "__main__":
    main()
