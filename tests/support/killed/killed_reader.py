"""Reads the mailboxes of a home in a process of its own, which ends itself at a given moment as kill -9 would.

Arguments: home, config folder, moment as `<before|after>:<what>:<how many times>`, or `never`.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.receive import receive
from resources.ledger.transactions.register import SqlRegister
from resources.ledger.transactions.sources import SqlSources
from resources.mail.imap.session import Mailbox
from resources.mail.raw_store import RawStore
from resources.settings.environment import Settings
from tests.support.dying import arm

CALLS: dict[str, tuple[type, str]] = {
    "bodies": (Mailbox, "bodies"),
    "raw": (RawStore, "put"),
    "register": (SqlRegister, "receive"),
    "renumber": (SqlSources, "renumber"),
    "state": (SqlSources, "note_look"),
}


def main() -> None:
    home, config, moment = sys.argv[1:]
    if moment != "never":
        arm(moment, CALLS)
    settings = Settings(home=Path(home), provider="emulator", config=Path(config), _env_file=None)
    assembly = Assembly(settings, STEPS, lambda: datetime(2026, 11, 21, 1, 0, tzinfo=UTC))
    receive(assembly, insist=True)
    assembly.close()


if __name__ == "__main__":
    main()
