"""Pushes drafts in a process of its own, which ends itself at a given moment as kill -9 would.

Arguments: folder of a DeskWithDrafts with its accounts as JSON, mailbox, moment as `<before|after>:<what>:<how many times>`.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llm_assets.usecases.drafts.push import push
from resources.ledger.transactions.handed_over import SqlHandedOver
from resources.mail.imap.drafts_folder import DraftsFolder
from tests.support.houses.desk_with_drafts import DeskWithDrafts
from tests.support.mail.invented_documents import DAY

CALLS: dict[str, tuple[type, str]] = {
    "begin": (SqlHandedOver, "begin"),
    "add": (DraftsFolder, "add"),
    "finish": (SqlHandedOver, "finish"),
}


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
            os.kill(os.getpid(), signal.SIGKILL)
        answer = called(*args, **more)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(kind, name, dying)


def main() -> None:
    folder, accounts, mailbox, moment = sys.argv[1:]
    arm(moment)
    desk = DeskWithDrafts(Path(folder), json.loads(accounts))
    push(desk.assembly, DAY, mailbox, "lena")
    desk.close()


if __name__ == "__main__":
    main()
